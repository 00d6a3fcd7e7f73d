"""Set-up for `make`: `python3 deploy/local/bootstrap.py --for run|test`. Standard library only.

This file must be readable for the Python that is too old, so that it can say so: no newer syntax here.
"""

import os
import subprocess
import sys

_LEAST = (3, 11)
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _newer_python() -> str:
    """A sufficient Python on PATH, or nothing. Each is tried: version managers leave names that do not run."""
    for minor in range(20, _LEAST[1] - 1, -1):
        name = "python3.%d" % minor  # noqa: UP031 - for old Pythons
        try:
            code = subprocess.call([name, "-c", "pass"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            continue
        if code == 0:
            return name
    return ""


def _main() -> None:
    if sys.version_info < _LEAST:
        newer = _newer_python()
        if not newer:
            said = "Tokenline needs Python 3.11 or newer and found %s: install one, or name it: make PYTHON=..."
            sys.exit(said % sys.version.split()[0])
        os.execvp(newer, [newer, *sys.argv])  # noqa: S606
    # In place of this file's own folder, whose modules are not meant to be found by their bare names.
    sys.path[0] = _ROOT
    from deploy.local.setup import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    _main()
