"""Asking the model without Tokenline: with the customary client, and with the least that can read the stream."""

import asyncio
import re
import socket
import time

import openai
import uvloop

from tests.bench.streaming.load import Exchange, drive, pieces
from tests.bench.streaming.work import ANSWER_S, Answer, Judge, outcome, question

_CONTENT = re.compile(rb'"content":"(\d+)"')
_DONE = re.compile(rb"\[DONE\]")


def with_openai(users: int, port: int) -> Judge:
    """`openai` as its README shows it, on its faster transport; without retries, and patient on a busy machine."""
    answers = uvloop.run(_with_openai(users, port))
    return lambda: outcome(answers)


async def _with_openai(users: int, port: int) -> list[Answer]:
    transport = openai.DefaultAioHttpClient(timeout=60)
    async with openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{port}/v1", api_key="x", max_retries=0, http_client=transport
    ) as client:

        async def come(number: int) -> Answer:
            await asyncio.sleep(number * ANSWER_S / users)
            answer = Answer(time.monotonic())
            stream = await client.chat.completions.create(
                model="scripted", messages=[{"role": "user", "content": question()}], stream=True
            )
            async with stream:
                async for chunk in stream:
                    answer.take(time.monotonic(), chunk.choices[0].delta.content or "")
            return answer

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(come(number), name=f"user {number}") for number in range(users)]
        return [task.result() for task in tasks]


def with_sockets(users: int, port: int) -> Judge:
    """The floor: nothing between the socket and the digits."""
    body = b'{"model":"scripted","stream":true,"messages":[{"role":"user","content":%b}]}'
    body %= b'"%b"' % question().replace('"', '\\"').encode()
    request = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    exchanges = [Exchange(lambda: socket.create_connection(("127.0.0.1", port)), request, _DONE) for _ in range(users)]
    drive(exchanges, ANSWER_S)
    return lambda: outcome([_answer(exchange) for exchange in exchanges])


def _answer(exchange: Exchange) -> Answer:
    answer = Answer(exchange.asked_at)
    for at, digits in pieces(exchange.reads, _CONTENT):
        answer.take(at, digits.decode())
    return answer
