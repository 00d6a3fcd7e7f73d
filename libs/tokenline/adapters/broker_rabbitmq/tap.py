"""Takes frames of some channels straight out of what the socket brings, before the library reads it.

Each tick of each worker is a message to a gateway, as are all events; each question is an offer, a confirm, a delivery
and an acknowledgement. The library reads a message in three frames, six awaits, two queues and three tasks, 90 µs in
all, and decodes properties that nobody uses. What is not taken it gets as it came.
"""

import time
from collections.abc import Callable

from pamqp.heartbeat import Heartbeat

from tokenline.adapters.broker_rabbitmq.wire import AROUND_BYTES, END, HEAD

Reader = Callable[[int, bytes], bool]
"""Gets kind and payload of each frame of its channel; whether it took it. What it raises, hangs up."""

_ALIVE_S = 1.0
"""So often the library is told that the connection lives: it counts the frames it sees, and RabbitMQ sends heartbeats
only when it has nothing else to say."""
_ALIVE = Heartbeat().marshal()


class Tap:
    """Stands before one connection's reader. ``pass_on`` gets what is not taken, in its order."""

    def __init__(self, pass_on: Callable[[bytes], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._pass_on = pass_on
        self._clock = clock
        self._readers: dict[int, Reader] = {}
        self._rest = b""
        self._alive_at = 0.0
        self._framed = True

    def open(self, channel: int, reader: Reader) -> None:
        """From the next frame on."""
        self._readers[channel] = reader

    def close(self, channel: int, reader: Reader) -> None:
        """The channel is gone, and its number may be another's by now. Harmless when done."""
        if self._readers.get(channel) == reader:
            del self._readers[channel]

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
        while size - at >= AROUND_BYTES:
            kind, channel, length = HEAD.unpack_from(data, at)
            end = at + length + AROUND_BYTES
            if end > size:
                break
            if data[end - 1] != END:
                # Nobody knows where the next one begins. The library says so and hangs up.
                self._framed = False
                self._pass_on(data[passed:])
                return
            reader = self._readers.get(channel)
            if reader is not None and reader(kind, data[at + HEAD.size : end - 1]):
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

    def _say_alive(self) -> None:
        now = self._clock()
        if now - self._alive_at > _ALIVE_S:
            self._alive_at = now
            self._pass_on(_ALIVE)
