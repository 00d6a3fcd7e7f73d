"""Processes killed in the middle: every accepted question still gets exactly one whole answer."""

import asyncio
import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import httpx2
import pytest

from deploy.local.rabbitmq import PrivateNode
from tests.support.chat import Seen, chat
from tests.support.system import System

LONG = '{"tokens": 120, "per_second": 30}'
WHOLE = "".join(f"w{number} " for number in range(120))


@pytest.fixture
def two_of_each(system: System) -> System:
    system.scripted_model()
    system.worker(1)
    system.gateway(1)
    system.gateway(2)
    return system


async def test_f20_worker_killed_mid_stream_runs_again(two_of_each: System) -> None:
    async with chat(two_of_each) as person:
        ticket = await person.ask(LONG, "m1")
        await person.until(lambda: len(person.tickets[ticket].text) > 40)
        two_of_each.kill("worker-1")
        killed = time.monotonic()
        await asyncio.to_thread(two_of_each.worker, 2)
        await person.until(lambda: "restarted" in person.tickets[ticket].kinds, within_s=15)
        took = time.monotonic() - killed
        await person.ended(ticket)
    print(f"F20: restarted after {took:.1f} s")
    assert took < 15
    seen = person.tickets[ticket]
    assert (seen.attempt, seen.text, seen.kinds[-1]) == (2, WHOLE, "complete")


async def test_f40_gateway_killed_mid_stream_is_resumed_at_another(two_of_each: System) -> None:
    async with chat(two_of_each) as person:
        ticket = await person.ask(LONG, "m1")
        await person.until(lambda: len(person.tickets[ticket].text) > 40)
        seen = person.tickets[ticket]
        two_of_each.kill("gateway-1")
    killed = time.monotonic()
    async with chat(two_of_each, gateway="gateway-2") as person:
        await person.resume(ticket, Seen(seen.attempt, seen.text))
        await person.until(lambda: len(person.tickets[ticket].text) > len(seen.text))
        took = time.monotonic() - killed
        await person.ended(ticket)
    print(f"F40: resumed after {took:.1f} s, signing in included")
    assert took < 2
    assert (person.tickets[ticket].text, person.tickets[ticket].attempt) == (WHOLE, 1)
    # What came after the resume began where the first gateway had stopped.
    [first, *_] = [frame for frame in person.tickets[ticket].frames if frame["type"] == "delta"]
    assert first["offset"] == len(seen.text)


async def test_finished_and_waiting_tickets_resume_too(two_of_each: System) -> None:
    async with chat(two_of_each) as person:
        ticket = await person.ask('{"say": "short answer"}', "m1")
        await person.ended(ticket)
    async with chat(two_of_each, gateway="gateway-2") as person:
        await person.resume(ticket, Seen(1, "short"))
        await person.ended(ticket)
        assert person.tickets[ticket].text == "short answer"
        assert person.tickets[ticket].kinds == ["delta", "complete"]


async def test_f3_broker_killed_while_an_answer_streams(
    tmp_path_factory: pytest.TempPathFactory, own_node: PrivateNode
) -> None:
    system = System(tmp_path_factory.mktemp("system"), own_node.amqp_url())
    try:
        system.scripted_model()
        system.worker(1)
        system.gateway(1)
        async with chat(system) as person:
            ticket = await person.ask('{"tokens": 400, "per_second": 30}', "m1")
            await person.until(lambda: len(person.tickets[ticket].text) > 40)
            await asyncio.to_thread(own_node.kill)
            # Accepted while there is no broker: the store has it.
            waiting = await person.ask('{"say": "after the storm"}', "m2")
            await asyncio.to_thread(own_node.start)
            await asyncio.to_thread(own_node.wait_ready)
            await person.ended(ticket, waiting, within_s=60)
        assert person.tickets[ticket].text == "".join(f"w{number} " for number in range(400))
        assert person.tickets[ticket].kinds.count("restarted") == 0
        assert person.tickets[waiting].text == "after the storm"
    finally:
        system.close()


async def test_f6_tickets_the_broker_lost_are_published_again_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, own_node: PrivateNode
) -> None:
    system = System(tmp_path_factory.mktemp("system"), own_node.amqp_url())
    try:
        system.scripted_model()
        system.gateway(1)
        async with AsyncExitStack() as stack:
            people = [await stack.enter_async_context(chat(system, f"p{n}@example.org")) for n in range(8)]
            tickets = [await person.ask('{"say": "found again"}', "m1") for person in people]
            await asyncio.to_thread(own_node.kill)
            await asyncio.to_thread(own_node.wipe)
            await asyncio.to_thread(own_node.start)
            await asyncio.to_thread(own_node.wait_ready)
            await asyncio.to_thread(system.worker, 1, slots=1)
            for person, ticket in zip(people, tickets, strict=True):
                await person.ended(ticket, within_s=60)
        with system.client("p0@example.org") as client:
            republished = re.findall(r'tokenline_republished_total\{cause="(\w+)"\} (\d+)', client.get("/metrics").text)
            assert sum(int(count) for _, count in republished) >= 8, republished
        started = [person.tickets[ticket].end for person, ticket in zip(people, tickets, strict=True)]
        order = [frame["message"]["created_at"] for frame in started if frame]
        assert order == sorted(order)
        assert [record["ended"] for record in system.model_stats()["records"]] == ["finished"] * 8
    finally:
        system.close()


async def test_f27_worker_told_to_stop_hands_its_ticket_on(system: System) -> None:
    system.scripted_model()
    system.worker(1, TOKENLINE_GRACEFUL_S="4")
    system.gateway(1)
    async with chat(system) as person:
        # 15 s: long enough for the start of the other worker and the whole grace, wherever the machine is busy.
        ticket = await person.ask('{"tokens": 300, "per_second": 20}', "m1")
        await person.until(lambda: len(person.tickets[ticket].text) > 40)
        await asyncio.to_thread(system.worker, 2)
        system.processes["worker-1"].terminate()
        await person.until(lambda: "restarted" in person.tickets[ticket].kinds, within_s=20)
        await person.ended(ticket, within_s=60)
    assert person.tickets[ticket].attempt == 2
    assert await asyncio.to_thread(system.processes["worker-1"].wait, 15) == 0


def test_f43_a_gateway_stops_in_time_whoever_still_waits(two_of_each: System) -> None:
    """Callers that wait for an answer, callers that left, and streams nobody reads do not hold it up."""
    two_of_each.kill("worker-1")
    with two_of_each.client() as client, ThreadPoolExecutor(24) as callers:
        ticket = client.post("/api/v1/chat/messages", json={"content": "x"}).json()["ticket"]["id"]

        def wait_a_little(number: int) -> None:
            with contextlib.suppress(httpx2.TransportError):
                client.post("/api/v1/chat/messages", json={"content": "x", "wait": True}, timeout=1 + number % 2 * 60)

        waits = [callers.submit(wait_a_little, number) for number in range(20)]
        with client.stream("GET", f"/api/v1/chat/tickets/{ticket}/stream"):
            time.sleep(2)
            started = time.monotonic()
            two_of_each.processes["gateway-1"].terminate()
            assert two_of_each.processes["gateway-1"].wait(30) == 0
            assert time.monotonic() - started < 13
        for wait in waits:
            wait.result(30)
