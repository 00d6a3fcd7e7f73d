"""The line as users see it: positions are pushed, true, and tell the order in which tickets are served."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack, closing
from itertools import pairwise

import httpx2
import pytest

from tests.support.chat import chat
from tests.support.system import ADMIN, System

SLOW = '{"say": "one two three four five six", "per_second": 40}'


@pytest.fixture
def one_slot(system: System) -> System:
    system.scripted_model()
    system.worker(slots=1)
    system.gateway()
    return system


async def test_twenty_people_wait_in_a_true_line(one_slot: System) -> None:
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(chat(one_slot, f"person{number}@example.org")) for number in range(20)
        ]
        tickets = [await person.ask(SLOW, "m1") for person in people]
        served: list[int] = []

        async def wait(number: int) -> None:
            await people[number].until(lambda: "processing" in people[number].tickets[tickets[number]].kinds)
            served.append(number)
            await people[number].ended(tickets[number])

        await asyncio.gather(*(wait(number) for number in range(20)))
    assert served == list(range(20))
    last = people[19].tickets[tickets[19]].positions
    assert last == sorted(last, reverse=True), "a position went up without a reason"
    # On a busy machine some are served before the last one has asked.
    assert last[0] >= 8
    # A service is shorter than two looks at the line, so the last place told may be the second.
    assert last[-1] <= 1
    # Told as it moves, not all at once at the end; two services between two scans are one move.
    assert len(set(last)) > 4


async def test_the_line_told_is_the_line_served_whatever_goes_ahead(one_slot: System) -> None:
    """Tiers, a withdrawal and a bump: what everybody is told at rest is how they are served, and nobody falls back
    without a reason."""
    one_slot.admin()
    tiers = [4, 4, 9, 2, 4, 9, 2, 4, 7, 4]
    for number, tier in enumerate(tiers):
        one_slot.sign_in(f"p{number}@example.org")
        set_tier(one_slot, f"p{number}@example.org", tier)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(chat(one_slot, "first@example.org"))
        blocker = await first.ask('{"tokens": 2000, "per_second": 50}', "m1")
        await first.until(lambda: "processing" in first.tickets[blocker].kinds)
        people = [await stack.enter_async_context(chat(one_slot, f"p{n}@example.org")) for n in range(len(tiers))]
        tickets = [await person.ask(SLOW, "m1") for person in people]
        await people[4].send(type="cancel", ticket_id=tickets[4])
        bumped = 6
        token = one_slot.sign_in(*ADMIN)["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        url = f"{one_slot.url('admin')}/api/v1/admin/tickets/{tickets[bumped]}/bump"
        (await asyncio.to_thread(httpx2.post, url, json={"priority": 8}, headers=headers)).raise_for_status()
        level = {n: 8 if n == bumped else tier for n, tier in enumerate(tiers) if n != 4}
        expected = sorted(level, key=lambda n: (-level[n], n))
        for place, number in enumerate(expected):
            seen = people[number].tickets[tickets[number]]
            await people[number].until(lambda seen=seen, place=place: seen.positions[-1:] == [place])
        served: list[int] = []

        async def wait(number: int) -> None:
            await people[number].until(lambda: "processing" in people[number].tickets[tickets[number]].kinds)
            served.append(number)
            await people[number].ended(tickets[number])

        await first.send(type="cancel", ticket_id=blocker)
        await asyncio.gather(*(wait(number) for number in expected))
    assert served == expected
    for person, ticket in zip(people, tickets, strict=True):
        told = [frame for frame in person.tickets[ticket].frames if frame["type"] in ("queued", "position")]
        for before, after in pairwise(told):
            assert after["position"] <= before["position"] or after["note"], (before, after)


def set_tier(system: System, email: str, tier: int) -> None:
    """There is no page for it yet: write it where it is kept."""
    with closing(sqlite3.connect(system.folder / "tokenline.db")) as store, store:
        store.execute("UPDATE users SET doc = json_set(doc, '$.tier', ?) WHERE email = ?", (tier, email))


async def test_position_is_the_same_everywhere(one_slot: System) -> None:
    async with chat(one_slot, "a@example.org") as first, chat(one_slot, "b@example.org") as second:
        stalled = '{"say": "wait for it", "per_second": 1}'
        running = await first.ask(stalled, "m1")
        await first.until(lambda: "processing" in first.tickets[running].kinds)
        behind = await first.ask(stalled, "m2")
        last = await second.ask(stalled, "m1")
        await second.until(lambda: second.tickets[last].positions[-1:] == [1])
        with one_slot.client("b@example.org") as client:
            seen = client.get(f"/api/v1/chat/tickets/{last}").json()
            assert (seen["state"], seen["position"]) == ("queued", 1)
            [status] = client.get("/api/v1/queue/status").json()["items"]
            assert (status["waiting"], status["running"], status["workers"], status["slots"]) == (2, 1, 1, 1)
            # Somebody else's ticket is as a missing one.
            assert client.get(f"/api/v1/chat/tickets/{behind}").status_code == 404
        await first.send(type="cancel", ticket_id=behind)
        await second.until(lambda: second.tickets[last].positions[-1:] == [0])
        await first.ended(behind)
        assert first.tickets[behind].kinds[-1] == "cancelled"


async def test_one_conversation_is_answered_in_order_and_says_why_it_waits(one_slot: System) -> None:
    async with chat(one_slot) as person:
        first = await person.ask(SLOW, "m1")
        conversation = person.tickets[first].frames[0]["conversation_id"]
        second = await person.ask(SLOW, "m2", conversation_id=conversation)
        await person.until(lambda: "held" in person.tickets[second].kinds)
        [held] = [frame for frame in person.tickets[second].frames if frame["type"] == "held"][:1]
        assert held["reason"] == "earlier_message"
        await person.ended(first, second)
        assert person.tickets[second].text


async def test_stop_ends_the_model_call_and_keeps_the_text(one_slot: System) -> None:
    async with chat(one_slot) as person:
        ticket = await person.ask('{"tokens": 400, "per_second": 20}', "m1")
        await person.until(lambda: len(person.tickets[ticket].text) > 10)
        await person.send(type="cancel", ticket_id=ticket)
        await person.ended(ticket)
    assert person.tickets[ticket].kinds[-1] == "cancelled"
    with one_slot.client() as client:
        view = client.get(f"/api/v1/chat/tickets/{ticket}").json()
    assert view["state"] == "cancelled"
    assert view["answer"]["content"].startswith(person.tickets[ticket].text)
    assert view["answer"]["status"] == "cancelled"
    assert [record["ended"] for record in one_slot.model_stats()["records"]] == ["client"]


async def test_a_second_tab_sees_the_question_and_the_stream(one_slot: System) -> None:
    async with chat(one_slot) as tab, chat(one_slot) as other:
        ticket = await tab.ask(SLOW, "m1")
        await other.until(lambda: ticket in other.tickets)
        await asyncio.gather(tab.ended(ticket), other.ended(ticket))
    assert tab.tickets[ticket].text == other.tickets[ticket].text == "one two three four five six"


async def test_the_same_message_twice_is_one_ticket(one_slot: System) -> None:
    async with chat(one_slot) as person:
        ticket = await person.ask(SLOW, "m1")
        await person.send(type="send", content=SLOW, client_message_id="m1")
        await person.until(lambda: person.tickets[ticket].kinds.count("accepted") == 2)
        await person.ended(ticket)
    with one_slot.client() as client:
        assert len(client.get("/api/v1/chat/conversations").json()["items"]) == 1
    assert one_slot.model_stats()["requests"] == 1


async def test_without_a_worker_the_reason_is_told(system: System) -> None:
    system.gateway()
    async with chat(system) as person:
        ticket = await person.ask("Anybody there?", "m1")
        await person.until(
            lambda: any(frame.get("note") == "no worker for this agent" for frame in person.tickets[ticket].frames)
        )


async def test_frames_that_are_none_are_answered_and_harm_nothing(one_slot: System) -> None:
    async with chat(one_slot) as person:
        for text, code in (
            ("no json", "malformed_frame"),
            ('{"type": "dance"}', "unknown_frame"),
            ('{"type": "send", "content": 7}', "malformed_frame"),
            ('{"type": "cancel", "ticket_id": "nobody"}', "not_found"),
            ('{"type": "send", "client_message_id": "x", "content": ""}', "bad_request"),
            ("x" * 70_000, "too_large"),
        ):
            person.other.clear()
            await person.socket.send(text)
            await person.until(lambda: person.other)
            assert person.other[0]["error"]["code"] == code
        await person.ended(await person.ask(SLOW, "m1"))
