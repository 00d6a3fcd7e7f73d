"""The work all contenders do, and what is noted of it."""

from collections.abc import Callable, Sequence

import msgspec

from tests.support.scripted_model import Script

SCRIPT = Script(tokens=200, per_second=50, first_ms=200, times=True)
"""Every token of the answer is the instant at which the model owed it, in µs of the machine's monotonic clock."""
ANSWER_S = SCRIPT.first_ms / 1000 + SCRIPT.tokens / SCRIPT.per_second
DIGITS = 16


def question(script: Script = SCRIPT) -> str:
    """What to ask the scripted model for such an answer."""
    return msgspec.json.encode(script).decode()


class BrokenRun(Exception):
    """Something failed, so there are no figures. On a machine that is busy otherwise, deadlines pass."""


class Answer:
    """One user's answer as it arrived. Times in seconds of the machine's monotonic clock."""

    def __init__(self, asked_at: float, script: Script = SCRIPT) -> None:
        self.lags: list[float] = []
        self.first_s = 0.0
        """From the question to the first token, beyond the model's own time."""
        self.whole_s = 0.0
        """From the question to the last token."""
        self._asked_at = asked_at
        self._script = script
        self._rest = ""

    def take(self, at: float, text: str) -> None:
        """Some more of the answer arrived then."""
        if not self.lags and text:
            self.first_s = at - self._asked_at - self._script.first_ms / 1000
        self.whole_s = at - self._asked_at
        self._rest += text
        whole = len(self._rest) // DIGITS * DIGITS
        for start in range(0, whole, DIGITS):
            self.lags.append(at - int(self._rest[start : start + DIGITS]) / 1e6)
        self._rest = self._rest[whole:]

    def check(self) -> None:
        """Raises `BrokenRun` when the answer is not whole."""
        if len(self.lags) != self._script.tokens or self._rest:
            raise BrokenRun(f"an answer has {len(self.lags)} of {self._script.tokens} tokens")


class Outcome(msgspec.Struct, frozen=True):
    """Of all users of one run; milliseconds."""

    first_ms: list[float]
    lag_ms: list[float]
    answer_ms: list[float]


Judge = Callable[[], Outcome]
"""Makes the figures of a run that is over, when its CPU time has been read."""


def outcome(answers: Sequence[Answer]) -> Outcome:
    """Raises `BrokenRun` when one is not whole."""
    for answer in answers:
        answer.check()
    return Outcome(
        first_ms=[answer.first_s * 1e3 for answer in answers],
        lag_ms=[lag * 1e3 for answer in answers for lag in answer.lags],
        answer_ms=[answer.whole_s * 1e3 for answer in answers],
    )


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
