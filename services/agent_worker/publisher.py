"""Sends what all streams of this worker produced, one broker message per gateway and tick."""

import asyncio
from collections.abc import Iterable

from tokenline.contracts.base import pack
from tokenline.contracts.ids import ReplyKey, WorkerId
from tokenline.contracts.replies import AnyReply, ReplyBatch
from tokenline.contracts.topology import REPLIES
from tokenline.core.ports.broker import Broker


class Publisher:
    """Sends at once, but when something was sent within the tick, collects until its end or until a reply is urgent.

    The buffer holds one tick's worth. While the broker is away it is thrown away tick by tick: a gateway sees the gap
    by its offset and asks for a snapshot.
    """

    def __init__(self, broker: Broker, worker_id: WorkerId, tick_s: float) -> None:
        self._broker = broker
        self._worker_id = worker_id
        self._tick_s = tick_s
        self._outgoing: dict[ReplyKey, list[AnyReply]] = {}
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._sent_at = 0.0

    def send(self, reply: AnyReply, gateways: Iterable[ReplyKey], *, urgent: bool = False) -> None:
        for gateway in gateways:
            self._outgoing.setdefault(gateway, []).append(reply)
        if urgent:
            self._due.set()
        elif self._timer is None:
            # Not before what else has come by now is collected, too.
            self._timer = asyncio.get_running_loop().call_at(self._sent_at + self._tick_s, self._due.set)

    async def run(self) -> None:
        """Send for ever; cancelling it drops nothing that `flush` cannot still send."""
        while True:
            await self._due.wait()
            await self.flush()

    async def flush(self) -> None:
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._sent_at = asyncio.get_running_loop().time()
        outgoing, self._outgoing = self._outgoing, {}
        for gateway, items in outgoing.items():
            await self._broker.tell(REPLIES.name, gateway, pack(ReplyBatch(self._worker_id, items)))
