"""F15: no room. The pool's limit refuses at once and stores nothing; a queue that an operator bounded loses nothing."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import httpx2

from deploy.local.rabbitmq import PrivateNode
from tests.faults.broker.levers import LINE, logged, messages, until_settled
from tests.support.broker import eventually
from tests.support.chat import Frame, chat
from tests.support.law import the_law_holds
from tests.support.system import TLS, System

POOL_LIMIT = 3
SLOTS = 2
SERVICE_S = 2.0
REFUSED_WITHIN_S = 1.0


def question(name: str) -> str:
    """Takes `SERVICE_S`, from its first word to its fourth."""
    return f'{{"say": "an answer for {name}", "per_second": {3 / SERVICE_S:g}}}'


def is_honest(retry_after_s: float) -> bool:
    """Two slots, both taken, and one waits already: the next begins after one service, or two at the most."""
    return 0.5 * SERVICE_S <= retry_after_s <= 2 * SERVICE_S


async def asked_in_all(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    """The messages of all conversations of this user."""
    conversations = (await client.get("/api/v1/chat/conversations")).json()["items"]
    pages = [await client.get(f"/api/v1/chat/conversations/{c['id']}/messages") for c in conversations]
    return [message for page in pages for message in page.json()["items"]]


async def test_f15_over_the_pools_limit_nothing_is_stored(node: PrivateNode, vhost: str, system: System) -> None:
    system.for_all(TOKENLINE_POOL_LIMIT=str(POOL_LIMIT))
    await asyncio.to_thread(system.worker, slots=SLOTS)
    await asyncio.to_thread(system.gateway)
    async with AsyncExitStack() as stack:
        person, other = [await stack.enter_async_context(chat(system, f"{name}@example.org")) for name in "ab"]
        rest = await stack.enter_async_context(signed_in(system, "rest@example.org"))
        asked = {}
        for round_ in range(2):  # so that there is a service time to reckon from
            for number in range(SLOTS):
                text = question(f"warm-up-{round_}-{number}")
                asked[await person.ask(text, text)] = text
            await person.ended(*person.tickets)

        filling = {}
        for somebody, number in ((person, 0), (person, 1), (other, 2)):
            text = question(f"filling-{number}")
            filling[await somebody.ask(text, text)] = text
        # In service, as far as the gateway has heard: its wait is reckoned from there.
        await person.until(lambda: all("processing" in seen.kinds for seen in person.tickets.values()))
        began = time.monotonic()
        late = {"content": question("rest"), "client_message_id": "late"}
        refused = await rest.post("/api/v1/chat/messages", json=late)
        await other.send(type="send", content=question("socket"), client_message_id="late")
        await other.until(lambda: refusals(other.other))
        assert time.monotonic() - began < REFUSED_WITHIN_S

        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "queue_full")
        [frame] = refusals(other.other)
        assert (frame["ticket_id"], frame["client_message_id"]) == (None, "late")
        waits = refused.json()["error"]["detail"]["retry_after_s"], frame["error"]["detail"]["retry_after_s"]
        print(f"F15: refused with Retry-After: {refused.headers['retry-after']}, reckoned {waits[0]:.1f} s")
        assert all(map(is_honest, waits))
        assert waits[0] <= int(refused.headers["retry-after"]) < waits[0] + 1
        assert await asked_in_all(rest) == []

        await asyncio.gather(person.ended(*person.tickets), other.ended(*other.tickets))
        accepted = await rest.post("/api/v1/chat/messages", json=late | {"wait": True})
        assert accepted.status_code == 200
        assert [message["role"] for message in await asked_in_all(rest)] == ["user", "assistant"]
        again = await other.ask(question("socket"), "late")
        await other.ended(again)
        asked |= filling | {again: question("socket"), accepted.json()["ticket"]["id"]: late["content"]}
        await until_settled(node, vhost)
        await the_law_holds(system, asked, person, other)


def refusals(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame["type"] == "error" and frame["error"]["code"] == "queue_full"]


def signed_in(system: System, email: str) -> httpx2.AsyncClient:
    token = system.sign_in(email)["access_token"]
    return httpx2.AsyncClient(
        base_url=system.url(), headers={"authorization": f"Bearer {token}"}, timeout=30, verify=TLS
    )


async def test_f15_a_queue_that_an_operator_bounded_loses_nothing(
    node: PrivateNode, vhost: str, system: System
) -> None:
    """RabbitMQ refuses what is over its policy; the store has it, and the line goes on as there is room."""
    bound = '{"max-length": 1, "overflow": "reject-publish"}'
    await asyncio.to_thread(node.ctl, "set_policy", "-p", vhost, "bound", f"^{LINE.name}$", bound)
    await asyncio.to_thread(system.gateway)
    async with AsyncExitStack() as stack:
        people = [await stack.enter_async_context(chat(system, f"{name}@example.org")) for name in "abcd"]
        asked = {await person.ask(question(f"{n}"), "m1"): question(f"{n}") for n, person in enumerate(people)}

        async def refused() -> bool:
            return len(list(logged(system, "gateway-1", "ticket.unpublished"))) >= len(people) - 1

        await eventually(refused)
        assert await messages(node, vhost) == 1
        assert {entry["reason"] for _, entry in logged(system, "gateway-1", "ticket.unpublished")} == {"queue_full"}
        await asyncio.to_thread(system.worker)
        began = time.monotonic()
        await asyncio.gather(*(person.ended(*person.tickets) for person in people))
        print(f"F15: {len(people)} tickets through a queue for one in {time.monotonic() - began:.1f} s")
        await until_settled(node, vhost)
        await the_law_holds(system, asked, *people)
