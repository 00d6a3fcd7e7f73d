"""Takes the messages of some consumers straight out of what the socket brings, before the library reads it.

Each tick of each worker is a message to a gateway, as are all events. The library reads one in three frames, six
awaits, two queues and three tasks, 90 µs in all; of what is said in these frames only the body is of interest where
nothing is acknowledged. All else the library gets as it came.
"""

import struct
import time
from collections.abc import Callable

from pamqp.heartbeat import Heartbeat

Take = Callable[[bytes], None]
"""Gets the body of each message; must not raise."""

_FRAME_HEAD = struct.Struct(">BHI")
_METHOD, _HEADER, _BODY = 1, 2, 3
_FRAME_BYTES = 8
"""Of a frame besides its payload: the head, and an end of one byte (AMQP 0-9-1, 2.3.5)."""
_DELIVER = struct.pack(">HH", 60, 60)
_SIZE = slice(4, 12)
"""Of the body, in a header's payload, behind class and weight."""
_ALIVE_S = 1.0
"""So often the library is told that the connection lives: it counts the frames it sees, and RabbitMQ sends heartbeats
only when it has nothing else to say."""
_ALIVE = Heartbeat().marshal()


class Message:
    """One that is arriving on a tapped channel. ``left`` bytes of its body are to come; ``None``: how many, too."""

    __slots__ = ("body", "left", "take")

    def __init__(self, take: Take) -> None:
        self.take = take
        self.left: int | None = None
        self.body: list[bytes] = []


class Tap:
    """Stands before one connection's reader. ``pass_on`` gets what is not taken, in its order."""

    def __init__(self, pass_on: Callable[[bytes], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._pass_on = pass_on
        self._clock = clock
        self._takers: dict[int, Take] = {}
        self._arriving: dict[int, Message] = {}
        self._rest = b""
        self._alive_at = 0.0
        self._framed = True

    def open(self, channel: int, take: Take) -> None:
        """From the next message on, on a channel on which one consumer needs no acknowledgements."""
        self._takers[channel] = take

    def close(self, channel: int, take: Take) -> None:
        """The channel is gone, and its number may be another's by now. Harmless when done."""
        if self._takers.get(channel) is take:
            del self._takers[channel]
            self._arriving.pop(channel, None)

    def feed(self, data: bytes) -> None:
        """What the socket brought."""
        if not self._framed:
            self._pass_on(data)
            return
        if self._rest:
            data, self._rest = self._rest + data, b""
        if data[:1] == b"A":
            # "AMQP": the server speaks another version and hangs up. The library tells it.
            self._framed = False
            self._pass_on(data)
            return
        at = passed = 0
        size = len(data)
        while size - at >= _FRAME_BYTES:
            kind, channel, length = _FRAME_HEAD.unpack_from(data, at)
            end = at + length + _FRAME_BYTES
            if end > size:
                break
            if channel in self._takers and self._took(kind, channel, data[at + 7 : end - 1]):
                if passed < at:
                    self._pass_on(data[passed:at])
                passed = end
            at = end
        if passed < at:
            self._pass_on(data[passed:at])
        elif at:
            self._say_alive()
        if at < size:
            self._rest = data[at:]

    def _took(self, kind: int, channel: int, payload: bytes) -> bool:
        message = self._arriving.get(channel)
        if message is None:
            if kind == _METHOD and payload[:4] == _DELIVER:
                self._arriving[channel] = Message(self._takers[channel])
                return True
            return False
        if kind == _HEADER:
            message.left = int.from_bytes(payload[_SIZE], "big")
        elif kind == _BODY and message.left is not None:
            message.body.append(payload)
            message.left -= len(payload)
        else:
            return False
        if message.left <= 0:
            del self._arriving[channel]
            message.take(message.body[0] if len(message.body) == 1 else b"".join(message.body))
        return True

    def _say_alive(self) -> None:
        now = self._clock()
        if now - self._alive_at > _ALIVE_S:
            self._alive_at = now
            self._pass_on(_ALIVE)
