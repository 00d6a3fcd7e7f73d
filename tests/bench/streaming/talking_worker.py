"""A real worker that talks without a model: the way back at any rate, without the cost of getting tokens.

``python -m tests.bench.streaming.talking_worker``. Each ticket's first token goes the ordinary way; all later ones are
handed to the publisher when they are due, `PER_S` a second, until the process ends.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.agent_worker.__main__ import build_deps
from services.agent_worker.app import create_app
from services.agent_worker.publisher import Publisher
from services.agent_worker.settings import WorkerSettings
from tests.bench.streaming.work import DIGITS
from tokenline.contracts.ids import GatewayId
from tokenline.contracts.replies import AnyReply, Delta
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.model import ModelEvent, ModelRequest, ModelText
from tokenline.runtime.logging import configure_logging
from tokenline.runtime.serve import run

PER_S = 50
_TICK_S = 0.005


@dataclass(eq=False)
class Stream:
    ticket_id: str
    attempt: int
    offset: int
    gateways: tuple[GatewayId, ...]
    due_at: float


class Talker(Publisher):
    """Goes on with every stream that says a first word."""

    def __init__(self, broker: Broker, settings: WorkerSettings) -> None:
        super().__init__(broker, settings.worker_id, settings.tick_s)
        self._streams: list[Stream] = []

    def send(self, reply: AnyReply, gateways: Iterable[GatewayId], *, urgent: bool = False) -> None:
        gateways = tuple(gateways)
        super().send(reply, gateways, urgent=urgent)
        if isinstance(reply, Delta):
            # Spread over the interval, as answers are that began when they liked.
            due_at = time.monotonic() + len(self._streams) * 0.618 % 1 / PER_S
            self._streams.append(Stream(reply.ticket_id, reply.attempt, len(reply.text), gateways, due_at))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run(), name="publisher")
            group.create_task(self._talk(), name="talk")

    async def _talk(self) -> None:
        at = time.monotonic()
        while True:
            at = max(at + _TICK_S, time.monotonic())
            await asyncio.sleep(at - time.monotonic())
            for stream in self._streams:
                while stream.due_at <= at:
                    text = f"{int(stream.due_at * 1e6):0{DIGITS}d}"
                    super().send(Delta(stream.ticket_id, stream.attempt, stream.offset, text), stream.gateways)
                    stream.offset += DIGITS
                    stream.due_at += 1 / PER_S


class SilentModel:
    """Says one word and never ends."""

    @asynccontextmanager
    async def stream(self, _: ModelRequest, __: object = None) -> AsyncIterator[AsyncIterator[ModelEvent]]:
        async def say() -> AsyncIterator[ModelEvent]:
            yield ModelText(text=f"{int(time.monotonic() * 1e6):0{DIGITS}d}", tokens=1)
            await asyncio.Event().wait()

        yield say()

    def expect(self) -> None:
        pass

    async def close(self) -> None:
        pass


def main() -> None:
    settings = WorkerSettings()
    configure_logging(settings.worker_id, settings.log_level)
    deps = build_deps(settings)
    deps.model = SilentModel()
    deps.publisher = Talker(deps.broker, settings)
    run(create_app(settings, deps), settings)


if __name__ == "__main__":
    main()
