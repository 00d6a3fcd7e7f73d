"""The work all contenders do, and what is noted of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

from tests.support.scripted_model import Script

SCRIPT = Script(tokens=200, per_second=50, first_ms=200, times=True)
QUESTION = msgspec.json.encode(SCRIPT).decode()
"""Every token of the answer is the instant at which the model owed it, in µs of the machine's monotonic clock."""
ANSWER_S = SCRIPT.first_ms / 1000 + SCRIPT.tokens / SCRIPT.per_second
DIGITS = 16


class BrokenRun(Exception):
    """Something failed, so there are no figures. On a machine that is busy otherwise, deadlines pass."""


class Answer:
    """One user's answer as it arrives. Times in seconds."""

    def __init__(self) -> None:
        self.asked_at = 0.0
        self.lags: list[float] = []
        self.first_s = 0.0
        """From the question to the first token, beyond the model's own time."""
        self._rest = ""

    def ask(self) -> None:
        self.asked_at = time.monotonic()

    def take(self, text: str) -> None:
        """Some more of the answer has arrived just now."""
        now = time.monotonic()
        if not self.lags and text:
            self.first_s = now - self.asked_at - SCRIPT.first_ms / 1000
        self._rest += text
        whole = len(self._rest) // DIGITS * DIGITS
        for start in range(0, whole, DIGITS):
            self.lags.append(now - int(self._rest[start : start + DIGITS]) / 1e6)
        self._rest = self._rest[whole:]

    def check(self) -> None:
        """Raises `BrokenRun` when the answer is not whole."""
        if len(self.lags) != SCRIPT.tokens or self._rest:
            raise BrokenRun(f"an answer has {len(self.lags)} of {SCRIPT.tokens} tokens")


class Outcome(msgspec.Struct, frozen=True):
    """Of all users of one run; milliseconds."""

    first_ms: list[float]
    lag_ms: list[float]
    answer_ms: list[float]


async def crowd(users: int, ask: Callable[[int, Answer], Awaitable[None]]) -> Outcome:
    """Users come evenly spread over the length of one answer, so that in the end all stream at once."""
    answers = [Answer() for _ in range(users)]
    ended = [0.0] * users

    async def come(number: int) -> None:
        await asyncio.sleep(number * ANSWER_S / users)
        await ask(number, answers[number])
        ended[number] = time.monotonic()

    async with asyncio.TaskGroup() as group:
        for number in range(users):
            group.create_task(come(number), name=f"user {number}")
    for answer in answers:
        answer.check()
    return Outcome(
        first_ms=[answer.first_s * 1e3 for answer in answers],
        lag_ms=[lag * 1e3 for answer in answers for lag in answer.lags],
        answer_ms=[(end - answer.asked_at) * 1e3 for answer, end in zip(answers, ended, strict=True)],
    )
