"""Held tickets: released in their order, in one operation, and noted as due by whatever ended the cause."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.drafts import a_conversation, an_answer, an_attachment, ask
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.chat import Message
from tokenline.contracts.tickets import HoldReason, Ticket, TicketState, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store, Written


async def end(store: Store, clock: ManualClock, ticket: Ticket, *answer: Message) -> Written:
    running = moves.claim(ticket, worker="w", incarnation="i", now=clock.now())
    begun = await store.replace_ticket(running)
    assert begun is not None
    assert not begun.release_due
    ended = await store.replace_ticket(moves.complete(running, usage=Usage(), now=clock.now()), *answer)
    assert ended is not None
    return ended


async def test_as_many_as_may_go_in_the_order_in_which_they_came(store: Store, clock: ManualClock):
    tickets = [(await ask(store, clock)).ticket for _ in range(5)]
    assert await store.release_held("ann", user_limit=2, now=clock.now()) == []

    await end(store, clock, tickets[1])
    clock.advance(5)
    [released] = await store.release_held("ann", user_limit=2, now=clock.now())

    assert released.id == tickets[2].id
    assert (released.state, released.hold_reason, released.queued_at) == (TicketState.QUEUED, None, clock.now())
    assert released.seq > tickets[4].seq
    assert (released.publish_no, released.version) == (1, tickets[2].version + 1)
    assert await store.get_ticket(released.id) == released
    assert await store.release_held("ann", user_limit=2, now=clock.now()) == []


async def test_a_higher_limit_releases_without_an_end(store: Store, clock: ManualClock):
    tickets = [(await ask(store, clock, user_limit=1)).ticket for _ in range(3)]
    assert await store.owners_to_release(clock.now() + 1, 10) == []
    released = await store.release_held("ann", user_limit=3, now=clock.now())
    assert [ticket.id for ticket in released] == [ticket.id for ticket in tickets[1:]]


async def test_a_conversation_stays_in_order_whatever_the_limit(store: Store, clock: ManualClock):
    conversation = a_conversation(clock)
    first, second, third = [(await ask(store, clock, conversation, user_limit=9)).ticket for _ in range(3)]
    await end(store, clock, first)
    [released] = await store.release_held("ann", user_limit=9, now=clock.now())
    assert released.id == second.id
    assert (await store.get_ticket(third.id)) == third


async def test_the_reason_follows_what_is_true(store: Store, clock: ManualClock):
    conversation = a_conversation(clock)
    first = (await ask(store, clock, conversation)).ticket
    behind = (await ask(store, clock, conversation)).ticket
    others = [(await ask(store, clock)).ticket for _ in range(2)]
    assert behind.hold_reason is HoldReason.EARLIER_MESSAGE
    await end(store, clock, first)
    # `behind` came before the last of the others, so it goes first although that one waits for the limit alone.
    [released] = await store.release_held("ann", user_limit=2, now=clock.now())
    assert (released.id, others[1].hold_reason) == (behind.id, HoldReason.USER_LIMIT)

    tight = (await ask(store, clock, conversation)).ticket
    await end(store, clock, released)
    [changed] = await store.release_held("ann", user_limit=1, now=clock.now())
    assert (changed.id, changed.state, changed.hold_reason) == (tight.id, TicketState.HELD, HoldReason.USER_LIMIT)


async def test_a_question_waits_for_its_files_and_blocks_nobody(store: Store, clock: ManualClock):
    file = an_attachment(clock, state=AttachmentState.EXTRACTING)
    await store.add_attachment(file)
    waiting = (await ask(store, clock, attachment_ids=(file.id,))).ticket
    assert (waiting.hold_reason, waiting.files) == (HoldReason.INDEXING, (file.id,))
    assert (await ask(store, clock)).ticket.state is TicketState.QUEUED
    assert await store.release_held("ann", user_limit=2, now=clock.now()) == []

    bound = await store.get_attachment(file.id)
    assert bound is not None
    assert await store.replace_attachment(replace(bound, state=AttachmentState.FAILED, version=bound.version + 1))
    assert await store.owners_to_release(clock.now() + 1, 10) == ["ann"]
    [released] = await store.release_held("ann", user_limit=2, now=clock.now())
    assert released.id == waiting.id


async def test_a_deleted_file_is_not_waited_for(store: Store, clock: ManualClock):
    file = an_attachment(clock, state=AttachmentState.QUEUED)
    await store.add_attachment(file)
    waiting = (await ask(store, clock, attachment_ids=(file.id,))).ticket
    await store.delete_attachment(file.id)
    assert await store.owners_to_release(clock.now() + 1, 10) == ["ann"]
    [released] = await store.release_held("ann", user_limit=2, now=clock.now())
    assert released.id == waiting.id


async def test_a_pausing_ticket_counts_and_is_not_released(store: Store, clock: ManualClock):
    ticket = (await ask(store, clock, user_limit=1)).ticket
    running = moves.claim(ticket, worker="w", incarnation="i", now=clock.now())
    paused = moves.pause(running, due_at=clock.now() + 5)
    await store.replace_ticket(running)
    await store.replace_ticket(paused)
    held = (await ask(store, clock, user_limit=1)).ticket
    assert held.hold_reason is HoldReason.USER_LIMIT
    assert await store.release_held("ann", user_limit=1, now=clock.now()) == []
    assert await store.get_ticket(ticket.id) == paused


async def test_many_at_once_never_pass_the_limit(store: Store, clock: ManualClock):
    tickets = [(await ask(store, clock, user_limit=3)).ticket for _ in range(12)]
    for ticket in tickets[:3]:
        await end(store, clock, ticket)

    async def release() -> list[Ticket]:
        return await store.release_held("ann", user_limit=3, now=clock.now())

    released = [ticket.id for some in await asyncio.gather(*(release() for _ in range(10))) for ticket in some]
    assert released == [ticket.id for ticket in tickets[3:6]]


async def test_a_release_is_due_from_the_end_of_a_ticket_until_it_was_judged(store: Store, clock: ManualClock):
    first = (await ask(store, clock, user_limit=1)).ticket
    await ask(store, clock, user_limit=1)
    alone = (await ask(store, clock, owner="bob")).ticket
    assert await store.owners_to_release(clock.now() + 1, 10) == []

    await end(store, clock, first)
    await end(store, clock, alone)
    assert await store.owners_to_release(clock.now(), 10) == []
    clock.advance(1)
    assert await store.owners_to_release(clock.now(), 10) == ["ann"]
    await store.release_held("ann", user_limit=1, now=clock.now())
    assert await store.owners_to_release(clock.now(), 10) == []


@pytest.mark.parametrize("answered", [True, False])
async def test_the_end_of_a_ticket_says_whether_somebody_is_held(store: Store, clock: ManualClock, answered: bool):
    def said(ticket: Ticket) -> list[Message]:
        return [an_answer(clock, ticket)] if answered else []

    first, behind = [(await ask(store, clock, user_limit=1)).ticket for _ in range(2)]
    alone = (await ask(store, clock, owner="bob")).ticket
    assert not (await end(store, clock, alone, *said(alone))).release_due
    assert (await end(store, clock, first, *said(first))).release_due

    clock.advance(1)
    assert await store.owners_to_release(clock.now(), 10) == ["ann"], "bob has nothing to release"
    [released] = await store.release_held("ann", user_limit=1, now=clock.now())
    assert released.id == behind.id
    assert not (await end(store, clock, released, *said(released))).release_due
    clock.advance(1)
    assert await store.owners_to_release(clock.now(), 10) == []


async def test_whoever_is_held_by_the_time_of_an_end_is_released(store: Store, clock: ManualClock):
    """Asked and ended at the same time, many times: nobody is left behind by an end that said that nobody is held."""
    for _ in range(20):
        conversation = a_conversation(clock)
        first = (await ask(store, clock, conversation)).ticket
        running = moves.claim(first, worker="w", incarnation="i", now=clock.now())
        assert await store.replace_ticket(running)
        over = moves.complete(running, usage=Usage(), now=clock.now())
        asked, ended = await asyncio.gather(
            ask(store, clock, conversation), store.replace_ticket(over, an_answer(clock, running))
        )
        assert ended is not None
        if ended.release_due:
            await store.release_held("ann", user_limit=2, now=clock.now())
        stored = await store.get_ticket(asked.ticket.id)
        assert stored is not None
        assert stored.state is TicketState.QUEUED
        assert await store.replace_ticket(moves.cancel(stored, now=clock.now()))
