"""Stop works at every moment, ends the upstream call, and is another verb than leaving (S6)."""

import asyncio
import time

from tests.faults.evidence import Call, calls, stored
from tests.faults.streams.conftest import House
from tests.support.broker import eventually
from tests.support.chat import Chat
from tests.support.people import as_holder, enrol
from tests.support.system import System
from tokenline.contracts.tickets import TicketState
from tokenline.core import ticket as moves
from tokenline.core.ports.store import Store
from tokenline.runtime.amend import amend


def long(name: int) -> str:
    """Questions that tell apart what the model was asked."""
    return f'{{"tokens": {400 + name}, "per_second": 20}}'


async def test_s6_stop_at_every_moment(system: System, store: Store) -> None:
    [key] = await enrol(store, 1)
    slow_start = '{"tokens": 10, "first_ms": 20000}'
    brief = '{"tokens": 10, "per_second": 200}'
    async with as_holder(system, key) as chat:
        running = await chat.ask(long(0), "running", agent_id="narrow")
        await chat.until(lambda: chat.tickets[running].text)
        conversation = chat.tickets[running].frames[0]["conversation_id"]
        held = await chat.ask(long(1), "held", conversation_id=conversation)
        queued = await chat.ask(long(2), "queued", agent_id="narrow")
        await chat.until(lambda: "held" in chat.tickets[held].kinds and "queued" in chat.tickets[queued].kinds)
        for ticket in (held, queued):
            await _stop(chat, ticket)
            assert not chat.tickets[ticket].text

        await _stop(chat, running)
        view = await stored(store, running)
        answer = await store.get_message(view.answer_id)
        assert answer is not None
        assert answer.content.startswith(chat.tickets[running].text)
        [call] = await _ended_calls(system, long(0))
        assert call["ended"] == "client"
        assert call["tokens"] < 400
        assert view.usage is not None
        assert 0 < view.usage.completion_tokens <= call["tokens"]
        # What waited was never asked.
        assert not await calls(system, long(1)) + await calls(system, long(2))

        early = await chat.ask(slow_start, "early", agent_id="narrow")
        await chat.until(lambda: "processing" in chat.tickets[early].kinds)
        await _stop(chat, early)
        [call] = await _ended_calls(system, slow_start)
        assert (call["ended"], call["tokens"]) == ("client", 0)

        for number in range(8):
            # Around the very end: stopped or complete, but one of them, and all of its text.
            late = await chat.ask(brief, f"late {number}", agent_id="narrow")
            await chat.until(lambda late=late: chat.tickets[late].text)
            await asyncio.sleep(0.04 + number * 0.003)
            await chat.send(type="cancel", ticket_id=late)
            await chat.ended(late)
            assert (await stored(store, late)).state in (TicketState.COMPLETE, TicketState.CANCELLED)


async def test_s6_leaving_is_not_stopping(system: System, store: Store) -> None:
    [key] = await enrol(store, 1)
    async with as_holder(system, key) as chat:
        ticket = await chat.ask('{"tokens": 21, "per_second": 30}', "m1", agent_id="wide")
        await chat.until(lambda: chat.tickets[ticket].text)

    async def complete() -> bool:
        return (await stored(store, ticket)).state is TicketState.COMPLETE

    await eventually(complete)


async def test_s6_a_stop_survives_the_loss_of_its_command_and_of_the_worker(house: House, store: Store) -> None:
    """The wish is in the store before the command is sent: as if the gateway had died in between."""
    system = house.system
    keys = await enrol(store, 2)
    async with as_holder(system, keys[0]) as one, as_holder(system, keys[1]) as two:
        kept = await one.ask(long(10), "m1", agent_id="wide")
        lost = await two.ask(long(11), "m1", agent_id="narrow")
        await asyncio.gather(
            one.until(lambda: len(one.tickets[kept].text) > 20), two.until(lambda: two.tickets[lost].text)
        )
        asked_at = time.monotonic()
        for ticket in (kept, lost):
            assert await amend(store, ticket, moves.request_cancel) is not None
        system.kill("worker-3")
        await one.ended(kept)
        print(f"S6: stopped {time.monotonic() - asked_at:.1f} s after a command that was lost")
        assert time.monotonic() - asked_at < 10
        assert one.tickets[kept].kinds[-1] == "cancelled"
        assert [call["ended"] for call in await _ended_calls(system, long(10))] == ["client"]

        await asyncio.to_thread(system.worker, 3, slots=1, TOKENLINE_POOL="narrow")
        await two.ended(lost)
        assert two.tickets[lost].kinds[-1] == "cancelled"
        assert len(await calls(system, long(11))) == 1, "the model was asked again for what nobody wants"


async def test_s6_what_fails_after_it_was_stopped_is_not_tried_again(system: System, store: Store) -> None:
    [key] = await enrol(store, 1)
    question = '{"tokens": 5, "per_second": 5, "then": "cut"}'
    async with as_holder(system, key) as chat:
        ticket = await chat.ask(question, "m1", agent_id="wide")
        await chat.until(lambda: chat.tickets[ticket].text)
        assert await amend(store, ticket, moves.request_cancel) is not None
        await chat.ended(ticket)
    assert chat.tickets[ticket].kinds[-1] == "cancelled"
    assert chat.tickets[ticket].text.startswith("w0 ")
    answer = await store.get_message((await stored(store, ticket)).answer_id)
    assert answer is not None
    assert (answer.content, answer.status) == (chat.tickets[ticket].text, "cancelled")
    assert len(await calls(system, question)) == 1


async def _stop(chat: Chat, ticket: str) -> None:
    await chat.send(type="cancel", ticket_id=ticket)
    await chat.ended(ticket)
    assert chat.tickets[ticket].kinds[-1] == "cancelled"


async def _ended_calls(system: System, text: str) -> list[Call]:
    found: list[Call] = []

    async def over() -> bool:
        found[:] = await calls(system, text)
        return bool(found) and all(call["ended"] for call in found)

    await eventually(over)
    return found
