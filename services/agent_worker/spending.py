"""What an answer has cost so far, summed over the calls of its model."""

from tokenline.contracts.tickets import Usage


class Spending:
    """Counts by itself what the endpoint does not report, and says so."""

    def __init__(self) -> None:
        self._over = Usage()
        self._counted = 0
        self._open = True

    def begin(self) -> None:
        """The model is asked."""
        self._counted, self._open = 0, True

    def count(self, tokens: int) -> None:
        """It said something."""
        self._counted += tokens

    def end(self, reported: Usage | None) -> None:
        """It is done; ``None``: without saying what that was."""
        self._over = self._plus(reported or self._estimate())
        self._open = False

    @property
    def so_far(self) -> Usage:
        return self._plus(self._estimate()) if self._open else self._over

    def _estimate(self) -> Usage:
        return Usage(completion_tokens=self._counted, estimated=True)

    def _plus(self, more: Usage) -> Usage:
        return Usage(
            prompt_tokens=self._over.prompt_tokens + more.prompt_tokens,
            completion_tokens=self._over.completion_tokens + more.completion_tokens,
            estimated=self._over.estimated or more.estimated,
        )
