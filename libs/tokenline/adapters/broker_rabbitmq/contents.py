"""Messages as they arrive on a channel: a method, a header, and as many body frames as it takes."""

from collections.abc import Callable

from tokenline.adapters.broker_rabbitmq.wire import BODY, HEADER, METHOD

Take = Callable[[bytes, bytes, bytes], None]
"""Gets the payloads of method and header, and the body. What it raises, hangs up."""

_SIZE = slice(4, 12)
"""Of the body, in a header's payload, behind class and weight."""


class Contents:
    """The messages that begin with one method. Other frames of the channel may come between theirs."""

    def __init__(self, begins: bytes, take: Take) -> None:
        self._begins = begins
        self._take = take
        self._method = self._header = b""
        self._body: list[bytes] = []
        self._left = 0

    def read(self, kind: int, payload: bytes) -> bool:
        """As `tap.Reader` says."""
        if not self._method:
            if kind != METHOD or payload[:4] != self._begins:
                return False
            self._method = payload
            return True
        if kind == HEADER:
            self._header = payload
            self._left = int.from_bytes(payload[_SIZE], "big")
        elif kind == BODY and self._header:
            self._body.append(payload)
            self._left -= len(payload)
        else:
            return False
        if self._left <= 0:
            method, header, body = self._method, self._header, self._body
            self._method = self._header = b""
            self._body = []
            self._take(method, header, body[0] if len(body) == 1 else b"".join(body))
        return True
