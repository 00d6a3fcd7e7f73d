"""The line as OpenAI clients meet it: what they are told, hanging up, coming back, being refused, running out."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam

from tests.support.broker import eventually
from tests.support.system import System

ENDLESS = {"tokens": 100_000, "per_second": 50}
QUEUE_EVENTS = {"x-tokenline-events": "queue"}


def asking(script: dict[str, Any]) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": json.dumps(script)}]


def with_key(house: System, key: str, gateway: str = "gateway-1") -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{house.url(gateway)}/v1", api_key=key, max_retries=0, timeout=30)


async def ends_of(house: System, question: dict[str, Any]) -> list[str | None]:
    """How the model's answers to this question ended: ``None`` while it runs, ``client`` when it was hung up on."""
    stats = await asyncio.to_thread(house.model_stats)
    return [record["ended"] for record in stats["records"] if record["text"] == json.dumps(question)]


@asynccontextmanager
async def slot_taken(client: AsyncOpenAI) -> AsyncIterator[str]:
    """Somebody is being answered on the only slot; the id of their ticket."""
    stream = await client.chat.completions.create(model="alone", messages=asking(ENDLESS), stream=True)
    async with stream:
        async for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        yield stream.response.headers["x-tokenline-ticket"]


async def test_curl_sees_the_place_move_and_then_the_answer(house: System, key: str, keys: Any) -> None:
    async with with_key(house, key) as first, with_key(house, keys()) as second:
        async with slot_taken(first):
            long_enough = asking({"tokens": 40, "per_second": 20})
            waiting = await second.chat.completions.create(model="alone", messages=long_enough, stream=True)
            body = {"model": "alone", "stream": True, "messages": asking({"say": "At last."})}
            curl = await asyncio.create_subprocess_exec(
                "curl", "-sNi", "--max-time", "30", f"{house.url()}/v1/chat/completions",
                "-H", f"authorization: Bearer {keys()}", "-H", "content-type: application/json",
                "-d", json.dumps(body), stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert curl.stdout is not None
            begin = await curl.stdout.readuntil(b": position 1")
        rest = await curl.stdout.read()
        await curl.wait()
        await waiting.close()
    assert b"200 OK" in begin
    assert b"x-tokenline-ticket: " in begin
    assert b"x-tokenline-position: 1" in begin
    told = [line for line in (begin + rest).splitlines() if line.startswith(b": ")]
    assert b": position 0" in [line[:12] for line in told]
    assert told[-1] == b": processing"
    said = [json.loads(line[6:]) for line in rest.splitlines() if line.startswith(b"data: {")]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in said) == "At last."
    assert rest.endswith(b"data: [DONE]\n\n")


async def test_who_asks_for_events_gets_them_as_chunks_and_others_none(house: System, key: str, keys: Any) -> None:
    async with with_key(house, key) as first, with_key(house, keys()) as second, with_key(house, keys()) as third:
        async with slot_taken(first):
            curious, plain = [
                await client.chat.completions.create(
                    model="alone", messages=asking({"tokens": 2}), stream=True, extra_headers=headers
                )
                for client, headers in ((second, QUEUE_EVENTS), (third, {}))
            ]
            seen = [await anext(curious), await anext(curious)]
        seen += [chunk async for chunk in curious]
        others = [chunk async for chunk in plain]
    assert all(isinstance(chunk.choices, list) for chunk in seen), "what every client goes through"
    told = [(chunk.model_extra or {})["tokenline"] for chunk in seen if not chunk.choices]
    assert told[0] | {"eta": None} == {
        "ticket_id": curious.response.headers["x-tokenline-ticket"],
        "state": "queued",
        "position": 0,
        "eta": None,
        "reason": None,
    }
    assert told[-1]["state"] == "processing"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in seen if chunk.choices)
    assert text == "w0 w1 "
    assert all(chunk.choices for chunk in others)


async def test_headers_forecast_once_there_is_something_to_forecast_from(
    house: System, key: str, async_client: AsyncOpenAI
) -> None:
    for _ in range(3):
        await async_client.chat.completions.create(model="alone", messages=asking({"tokens": 2}))

    async def forecast() -> bool:
        raw = await async_client.chat.completions.with_raw_response.create(
            model="alone", messages=asking({"tokens": 1})
        )
        if "x-tokenline-eta-likely-s" not in raw.headers:
            return False
        likely_s, worst_s = (float(raw.headers[f"x-tokenline-eta-{which}-s"]) for which in ("likely", "worst"))
        assert 0 <= likely_s <= worst_s
        return True

    await eventually(forecast, 20)


@pytest.mark.parametrize("stream", [False, True])
async def test_hanging_up_stops_the_model(house: System, async_client: AsyncOpenAI, stream: bool) -> None:
    question = ENDLESS | {"tokens": 90_000 + stream}

    async def ask() -> None:
        answer: Any = await async_client.chat.completions.create(
            model="assistant", messages=asking(question), stream=stream
        )
        async with answer:
            async for _ in answer:
                pass

    asked = asyncio.create_task(ask())
    await eventually(lambda: _are(ends_of(house, question), [None]), 20)
    asked.cancel()
    with suppress(asyncio.CancelledError):
        await asked
    await eventually(lambda: _are(ends_of(house, question), ["client"]), 20)


async def _has_begun(found: Any) -> bool:
    return bool(await found)


async def _are(found: Any, expected: list[str | None]) -> bool:
    return bool(await found == expected)


async def test_hanging_up_while_waiting_leaves_the_line(house: System, async_client: AsyncOpenAI) -> None:
    async def waiting() -> int:
        async with httpx2.AsyncClient() as http:
            headers = {"authorization": f"Bearer {async_client.api_key}"}
            status = (await http.get(f"{house.url()}/api/v1/queue/status", headers=headers)).json()
        [pool] = [pool for pool in status["items"] if pool["pool"] == "unserved"]
        return int(pool["waiting"])

    async def one_waits() -> bool:
        return await waiting() == 1

    async def none_waits() -> bool:
        return await waiting() == 0

    asked = asyncio.create_task(async_client.chat.completions.create(model="unserved", messages=asking({"tokens": 1})))
    await eventually(one_waits, 20)
    asked.cancel()
    with suppress(asyncio.CancelledError):
        await asked
    await eventually(none_waits, 20)


async def test_a_named_request_that_is_repeated_is_answered_once(house: System, key: str) -> None:
    question = {"tokens": 61, "per_second": 30}
    named = {"Idempotency-Key": "once"}
    async with with_key(house, key) as client, with_key(house, key, "gateway-2") as elsewhere:
        broken = asyncio.create_task(
            client.chat.completions.create(model="assistant", messages=asking(question), extra_headers=named)
        )
        await eventually(lambda: _has_begun(ends_of(house, question)), 20)
        broken.cancel()
        with suppress(asyncio.CancelledError):
            await broken
        answers = [
            await one.chat.completions.create(model="assistant", messages=asking(question), extra_headers=named)
            for one in (elsewhere, client)
        ]
        assert answers[0] == answers[1]
        assert len((answers[0].choices[0].message.content or "").split()) == 61
        assert await ends_of(house, question) == ["finished"]
        streamed = await client.chat.completions.create(
            model="assistant", messages=asking(question), extra_headers=named, stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in streamed])
        assert text == answers[0].choices[0].message.content
        with pytest.raises(openai.BadRequestError, match="another request"):
            await client.chat.completions.create(model="assistant", messages=asking({"tokens": 1}), extra_headers=named)


async def test_a_full_queue_and_a_wait_too_long_are_said_as_such(house: System, key: str, keys: Any) -> None:
    """The second gateway takes one question a pool, and lets it wait for a second."""
    named = {"Idempotency-Key": "patience"}
    async with with_key(house, key, "gateway-2") as client, with_key(house, keys(), "gateway-2") as late:
        waiting = await client.chat.completions.create(
            model="unserved", messages=asking({"tokens": 1}), extra_headers=named, stream=True
        )
        with pytest.raises(openai.InternalServerError) as refused:
            await late.chat.completions.create(model="unserved", messages=asking({"tokens": 2}))
        with pytest.raises(openai.InternalServerError) as timed_out:
            await client.chat.completions.create(model="unserved", messages=asking({"tokens": 1}), extra_headers=named)
        with pytest.raises(openai.APIError) as told:
            async for _ in waiting:
                pass
    assert told.value.code == "queue_timeout"
    assert (refused.value.status_code, refused.value.code, refused.value.type) == (503, "queue_full", "server_error")
    assert int(refused.value.response.headers["retry-after"]) > 0
    assert (timed_out.value.status_code, timed_out.value.code) == (504, "queue_timeout")
    assert timed_out.value.response.headers["x-should-retry"] == "false"
    assert timed_out.value.response.headers["x-tokenline-ticket"]


async def test_what_somebody_else_stops_is_no_answer(house: System, async_client: AsyncOpenAI) -> None:
    stream = await async_client.chat.completions.create(model="assistant", messages=asking(ENDLESS), stream=True)
    ticket = stream.response.headers["x-tokenline-ticket"]
    headers = {"authorization": f"Bearer {async_client.api_key}"}
    await anext(stream)
    async with httpx2.AsyncClient() as http:
        (await http.post(f"{house.url()}/api/v1/chat/tickets/{ticket}/cancel", headers=headers)).raise_for_status()
    with pytest.raises(openai.APIError) as stopped:
        async for _ in stream:
            pass
    assert stopped.value.code == "cancelled"
