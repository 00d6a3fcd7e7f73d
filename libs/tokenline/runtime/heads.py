"""uvicorn's HTTP connection with bounds on the head of a request, of which its parser has none (B9).

A head that is too large is answered 431, an address that is too long 414, one that does not come to its end in `HEAD_S`
408. What still comes is read and dropped for a moment: closing at once would take the answer back.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tokenline.contracts.base import to_json
from tokenline.contracts.errors import HeadersTooLarge, RequestTimeout, TokenlineError, UriTooLong

URL_BYTES = 8 * 1024
HEAD_BYTES = 32 * 1024
HEAD_S = 10.0
DISCARD_S = 1.0

_REASONS = {408: "Request Timeout", 414: "URI Too Long", 431: "Request Header Fields Too Large"}


class HeadGuard(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._in_head = True
        self._head_bytes = 0
        self._refused = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_done()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head or self._refused or self.transport.is_closing():
            return
        # Only what goes on over several reads is watched by the clock: most heads come whole.
        self._watch_head()
        if self._head_bytes > HEAD_BYTES:
            self._refuse(HeadersTooLarge() if self.headers else UriTooLong())

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_done()
        if self._refused:
            return
        if len(self.url) > URL_BYTES:
            self._refuse(UriTooLong())
        elif sum(len(name) + len(value) for name, value in self.headers) + len(self.url) > HEAD_BYTES:
            self._refuse(HeadersTooLarge())
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refused:
            super().on_message_complete()

    def _watch_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_S, self._head_late)

    def _head_done(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_late(self) -> None:
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self._head_bytes:
            self._refuse(RequestTimeout())
        else:
            # A connection that was opened in advance, and is not used.
            self.transport.close()

    def _refuse(self, error: TokenlineError) -> None:
        self._refused = True
        body = to_json({"error": error.info()})
        head = (
            f"HTTP/1.1 {error.status} {_REASONS[error.status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.loop.call_later(DISCARD_S, self.transport.close)
