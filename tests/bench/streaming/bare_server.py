"""The floor: a WebSocket server that sends tokens to whoever says anything, and nothing else; served as ours are.

``python -m tests.bench.streaming.bare_server``
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from tests.bench.streaming.talking_worker import PER_S
from tests.bench.streaming.work import DIGITS

_TICK_S = 0.005
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class Bare:
    def __init__(self) -> None:
        self._streams: list[tuple[Send, list[float]]] = []
        self._talking: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ready"})
            return
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": '{"type":"ready"}'})
        while (await receive())["type"] == "websocket.receive":
            if self._talking is None:
                self._talking = asyncio.create_task(self._talk(), name="talk")
            self._streams.append((send, [time.monotonic() + len(self._streams) * 0.618 % 1 / PER_S]))

    async def _talk(self) -> None:
        at = time.monotonic()
        while True:
            at = max(at + _TICK_S, time.monotonic())
            await asyncio.sleep(at - time.monotonic())
            for send, due in self._streams:
                text = ""
                while due[0] <= at:
                    text += f"{int(due[0] * 1e6):0{DIGITS}d}"
                    due[0] += 1 / PER_S
                if text:
                    frame = f'{{"type":"delta","ticket_id":"{"0" * 36}","attempt":1,"offset":0,"text":"{text}"}}'
                    await send({"type": "websocket.send", "text": frame})


def main() -> None:
    config = uvicorn.Config(
        Bare(),
        host="127.0.0.1",
        port=int(os.environ["TOKENLINE_PORT"]),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=15,
        ws_ping_timeout=10,
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
