"""Asking the model without Tokenline: with the customary client, and with the least that can read the stream."""

import asyncio
import re
from typing import cast

import openai

from tests.bench.streaming.work import QUESTION, Answer, Outcome, crowd

_CONTENT = re.compile(rb'"content":"(\d+)"')


async def with_openai(users: int, port: int) -> Outcome:
    """`openai` as its README shows it, on its faster transport; without retries, and patient on a busy machine."""
    transport = openai.DefaultAioHttpClient(timeout=60)
    async with openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{port}/v1", api_key="x", max_retries=0, http_client=transport
    ) as client:

        async def ask(_: int, answer: Answer) -> None:
            answer.ask()
            stream = await client.chat.completions.create(
                model="scripted", messages=[{"role": "user", "content": QUESTION}], stream=True
            )
            async with stream:
                async for chunk in stream:
                    answer.take(chunk.choices[0].delta.content or "")

        return await crowd(users, ask)


async def with_sockets(users: int, port: int) -> Outcome:
    """The floor: nothing between the socket and the digits."""
    body = b'{"model":"scripted","stream":true,"messages":[{"role":"user","content":%b}]}'
    body %= b'"%b"' % QUESTION.replace('"', '\\"').encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(body)

    async def ask(_: int, answer: Answer) -> None:
        loop = asyncio.get_running_loop()
        answer.ask()
        _transport, reader = await loop.create_connection(lambda: _Reader(answer, head + body), "127.0.0.1", port)
        await reader.ended

    return await crowd(users, ask)


class _Reader(asyncio.Protocol):
    def __init__(self, answer: Answer, request: bytes) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._request = request
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        lines, _, self._rest = (self._rest + data).rpartition(b"\n\n")
        self._answer.take(b"".join(_CONTENT.findall(lines)).decode())
        if b"[DONE]" in lines:
            self._transport.close()
            self.ended.set_result(None)
