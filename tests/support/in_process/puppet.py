"""A model whose every answer says whose it is, and goes as far as the test lets it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tokenline.contracts.errors import TokenlineError
from tokenline.contracts.tickets import Usage
from tokenline.core.ports.model import ModelEnd, ModelEvent, ModelRequest, ModelText

PIECES = 3


def whole(question: str, call: int) -> str:
    """The answer that call number ``call`` gives to this question: no text of another call could be part of it."""
    return f"{question}/{call} " * PIECES


class Call:
    """One answer under way. It waits before each piece, and before its end."""

    def __init__(self, question: str, number: int) -> None:
        self.question = question
        self.number = number
        self.failure: TokenlineError | None = None
        self._may = asyncio.Semaphore(0)

    def step(self) -> None:
        """Let one more piece out, or the end."""
        self._may.release()

    def finish(self) -> None:
        for _ in range(PIECES + 1):
            self.step()

    def fail(self, failure: TokenlineError) -> None:
        """Instead of the next piece."""
        self.failure = failure
        self.step()

    async def events(self) -> AsyncIterator[ModelEvent]:
        for _ in range(PIECES):
            await self._next()
            yield ModelText(text=f"{self.question}/{self.number} ")
        await self._next()
        yield ModelEnd(finish_reason="stop", usage=Usage(prompt_tokens=1, completion_tokens=PIECES))

    async def _next(self) -> None:
        await self._may.acquire()
        if self.failure is not None:
            raise self.failure


class Puppet:
    """``calls`` counts by question, ``under_way`` are those that wait. While ``free``, new ones run through.

    A question is known by its first word, whatever an edit makes of the others.
    """

    def __init__(self, *, free: bool = False) -> None:
        self.free = free
        self.calls: Counter[str] = Counter()
        self.under_way: list[Call] = []
        self.failures: dict[str, list[TokenlineError]] = {}
        """What the first calls for a question end in."""

    def let_go(self) -> None:
        """Everything runs through from here on."""
        self.free = True
        for call in self.under_way:
            call.finish()

    @asynccontextmanager
    async def stream(self, request: ModelRequest, _: object = None) -> AsyncIterator[AsyncIterator[ModelEvent]]:
        question = request.turns[-1].content.split()[0]
        self.calls[question] += 1
        call = Call(question, self.calls[question])
        if failures := self.failures.get(question):
            call.fail(failures.pop(0))
        elif self.free:
            call.finish()
        self.under_way.append(call)
        try:
            yield call.events()
        finally:
            self.under_way.remove(call)

    def expect(self) -> None:
        """Nothing to do ahead."""

    async def close(self) -> None:
        return
