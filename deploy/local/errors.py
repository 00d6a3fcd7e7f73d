"""The one error of set-up and local running."""


class LocalError(Exception):
    """Something a person has to put right.

    Its text is one clear sentence that says what happened and what to do; it is printed as it is, without
    a traceback.
    """
