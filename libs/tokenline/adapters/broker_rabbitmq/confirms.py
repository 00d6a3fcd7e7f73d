"""Messages sent on one channel, each until RabbitMQ has answered for it."""

import asyncio
from itertools import takewhile

from aiormq import AMQPError, spec
from pamqp.header import ContentHeader

from tokenline.adapters.broker_rabbitmq.contents import Contents
from tokenline.adapters.broker_rabbitmq.lane import Lane
from tokenline.adapters.broker_rabbitmq.outgoing import Outgoing, persistent
from tokenline.adapters.broker_rabbitmq.wire import METHOD, beginning

_ACK, _NACK, _RETURN = beginning(spec.Basic.Ack), beginning(spec.Basic.Nack), beginning(spec.Basic.Return)
_MULTIPLE = 1


class Refused(Exception):
    """No queue that the message was for has taken it: one is full."""


class Returned(Exception):
    """There is no queue that the message was for."""


class Confirms:
    """RabbitMQ counts the messages of a channel that confirms, and answers by number: for one, or for all up to it.

    What comes back says no number, but has the properties that it was sent with; its confirm follows all the same.
    """

    def __init__(self, lane: Lane) -> None:
        self._outgoing = Outgoing(lane, mandatory=True)
        self._sent = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._returned = Contents(_RETURN, self._take_back)
        lane.reader = self._read
        lane.channel.closing.add_done_callback(self._lost)

    async def publish(self, exchange: str, routing_key: str, body: bytes, priority: int) -> None:
        """Returns when RabbitMQ has taken it. Raises `Refused`, `Returned`, and when the outcome is unknown what the
        library says of a channel or connection that is lost.

        Cancel-safe: it is written before the first await, and its answer then means nothing.
        """
        number = self._sent + 1
        if not self._outgoing.send(exchange, routing_key, persistent(priority, number), body):
            # The library has yet to learn of it: a caller that tries again at once must not starve it.
            await asyncio.sleep(0)
            raise ConnectionResetError("the channel is closed")
        self._sent = number
        self._waiting[number] = answer = asyncio.get_running_loop().create_future()
        try:
            await answer
        finally:
            self._waiting.pop(number, None)

    def _read(self, kind: int, payload: bytes) -> bool:
        if kind == METHOD and payload[:4] in (_ACK, _NACK):
            self._answered(
                int.from_bytes(payload[4:12], "big"),
                multiple=bool(payload[12] & _MULTIPLE),
                refused=payload[:4] == _NACK,
            )
            return True
        return self._returned.read(kind, payload)

    def _answered(self, number: int, *, multiple: bool, refused: bool) -> None:
        for one in list(takewhile(number.__ge__, self._waiting)) if multiple else [number]:
            self._end(one, Refused() if refused else None)

    def _take_back(self, _method: bytes, header: bytes, _body: bytes) -> None:
        returned = ContentHeader()
        returned.unmarshal(header)
        self._end(int(returned.properties.message_id or "0", 16), Returned())

    def _lost(self, closing: asyncio.Future[None]) -> None:
        reason = None if closing.cancelled() else closing.exception()
        for number in list(self._waiting):
            # Not the library's cancellation, which would look like our own.
            self._end(number, reason if isinstance(reason, AMQPError) else ConnectionResetError(repr(reason)))

    def _end(self, number: int, error: Exception | None) -> None:
        answer = self._waiting.pop(number, None)
        if answer is None or answer.done():
            return
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(error)
