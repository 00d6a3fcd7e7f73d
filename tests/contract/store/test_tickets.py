"""Tickets: compare-and-set, atomic endings, and the listings of the line keeper in their order."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.drafts import a_conversation, an_answer, ask
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.errors import BadRequest, ErrorInfo
from tokenline.contracts.tickets import Ticket, TicketOffer, TicketState, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import PATIENCE_S, Store, worker_lease


async def claimed(store: Store, clock: ManualClock, worker: str = "w", incarnation: str = "i1") -> Ticket:
    accepted = await ask(store, clock, user_limit=100)
    ticket = moves.claim(accepted.ticket, worker=worker, incarnation=incarnation, now=clock.now())
    assert await store.replace_ticket(ticket)
    return ticket


def offer_of(ticket: Ticket) -> TicketOffer:
    return TicketOffer(ticket_id=ticket.id, publish_no=ticket.publish_no)


def ids(tickets: list[Ticket]) -> list[str]:
    return [ticket.id for ticket in tickets]


async def test_every_field_comes_back_as_written(store: Store, clock: ManualClock):
    ticket = await claimed(store, clock)
    ticket = moves.follow(ticket, "gateway-1")
    assert await store.replace_ticket(ticket)
    ticket = moves.fail(ticket, ErrorInfo(code="x", message="Ünïcode ☂", detail={"n": 1}), now=clock.now())
    assert await store.replace_ticket(ticket)
    assert await store.get_ticket(ticket.id) == ticket


async def test_an_unknown_ticket_is_none_and_cannot_be_replaced(store: Store, clock: ManualClock):
    ticket = await claimed(store, clock)
    assert await store.get_ticket("no-such-ticket") is None
    assert await store.get_ticket(ticket.id.upper()) is None
    assert not await store.replace_ticket(replace(ticket, id="no-such-ticket", version=ticket.version + 1))


async def test_a_write_needs_the_version_it_was_made_from(store: Store, clock: ManualClock):
    ticket = (await ask(store, clock)).ticket
    cancelled = moves.cancel(ticket, now=clock.now())

    assert await store.replace_ticket(cancelled)
    assert not await store.replace_ticket(cancelled)
    assert not await store.replace_ticket(moves.fail(ticket, ErrorInfo(code="x", message=""), now=clock.now()))
    assert await store.get_ticket(ticket.id) == cancelled


async def test_fifty_claims_at_once_have_one_winner(store: Store, clock: ManualClock):
    ticket = (await ask(store, clock)).ticket
    claims = [moves.claim(ticket, worker=f"w{n}", incarnation="i", now=clock.now()) for n in range(50)]

    won = await asyncio.gather(*(store.replace_ticket(claim) for claim in claims))

    [winner] = [claim for claim, written in zip(claims, won, strict=True) if written]
    assert await store.get_ticket(ticket.id) == winner


async def test_finishing_writes_the_answer_with_the_ticket(store: Store, clock: ManualClock):
    ticket = await claimed(store, clock)
    done = moves.complete(ticket, usage=Usage(completion_tokens=5), now=clock.now())

    written = await store.replace_ticket(done, an_answer(clock, ticket))

    assert written is not None
    assert await store.get_ticket(ticket.id) == done
    question, answer = (await store.messages(ticket.conversation_id)).items
    place = {"seq": answer.seq, "depth": question.depth + 1, "branch_id": question.branch_id}
    assert answer == replace(an_answer(clock, ticket), **place)
    assert answer.seq > question.seq
    assert await store.get_message(ticket.answer_id) == answer
    assert written.messages == ((answer,) if isinstance(store, SqliteStore) else None)


async def test_what_is_written_anew_is_told_as_it_is_stored(store: Store, clock: ManualClock):
    """An answer that was kept when its attempt failed has its number and its place already."""
    ticket = await claimed(store, clock)
    failed = moves.fail(ticket, ErrorInfo(code="answer_incomplete", message="No."), now=clock.now())
    assert await store.replace_ticket(failed, an_answer(clock, ticket, content="Half"))
    half = await store.get_message(ticket.answer_id)
    assert half is not None

    anew = await store.replace_ticket(moves.bury(replace(failed, dead=True)), replace(half, content="Whole", seq=0))

    assert anew is not None
    assert await store.get_message(ticket.answer_id) == replace(half, content="Whole")
    assert anew.messages == ((replace(half, content="Whole"),) if isinstance(store, SqliteStore) else None)


async def test_a_dropped_answer_is_not_told(store: Store, clock: ManualClock):
    ticket = await claimed(store, clock)
    done = moves.complete(ticket, usage=Usage(), now=clock.now())
    elsewhere = replace(an_answer(clock, ticket), conversation_id="gone")

    written = await store.replace_ticket(done, elsewhere)

    assert written is not None
    assert not written.messages
    assert await store.get_message(ticket.answer_id) is None


async def test_a_patient_write_that_nobody_wants_any_more_is_not_done(store: Store, clock: ManualClock):
    ticket = await claimed(store, clock)
    begun = moves.begin_streaming(ticket, now=clock.now())

    writing = asyncio.create_task(store.replace_ticket(begun, patient=True), name="write")
    # Long enough for a write that does not wait.
    await asyncio.sleep(0.4 * PATIENCE_S)
    writing.cancel()
    await asyncio.wait([writing])
    await asyncio.sleep(1.5 * PATIENCE_S)

    assert await store.get_ticket(ticket.id) == ticket


async def test_a_fenced_writer_writes_no_answer(store: Store, clock: ManualClock):
    ticket = await claimed(store, clock, incarnation="i1")
    stolen = moves.claim(ticket, worker="w", incarnation="i2", now=clock.now())
    assert await store.replace_ticket(stolen)

    late = moves.complete(ticket, usage=Usage(), now=clock.now())
    assert not await store.replace_ticket(late, an_answer(clock, ticket))

    assert await store.get_message(ticket.answer_id) is None
    assert await store.get_ticket(ticket.id) == stolen


async def test_many_endings_at_once_leave_one_answer(store: Store, clock: ManualClock):
    ticket = await claimed(store, clock)
    done = moves.complete(ticket, usage=Usage(), now=clock.now())
    answers = [an_answer(clock, ticket, content=f"Answer {n}") for n in range(20)]

    won = await asyncio.gather(*(store.replace_ticket(done, answer) for answer in answers))

    [winner] = [answer for answer, written in zip(answers, won, strict=True) if written]
    kept = await store.get_message(ticket.answer_id)
    assert kept is not None
    assert kept.content == winner.content


async def test_a_ticket_may_end_without_an_answer(store: Store, clock: ManualClock):
    ticket = await claimed(store, clock)
    assert await store.replace_ticket(moves.cancel(ticket, now=clock.now()))
    assert await store.get_message(ticket.answer_id) is None


async def test_sequence_numbers_rise(store: Store, clock: ManualClock):
    before = (await ask(store, clock)).ticket.seq
    numbers = await asyncio.gather(*(store.next_seq() for _ in range(20)))
    after = (await ask(store, clock)).ticket.seq
    assert len({*numbers}) == 20
    assert before < min(numbers) < max(numbers) < after


async def test_live_tickets_come_oldest_first(store: Store, clock: ManualClock):
    tickets = []
    for owner in ("bob", "ann", "bob"):
        clock.advance(1)
        tickets.append((await ask(store, clock, owner=owner)).ticket)
    clock.advance(-10)
    tickets.insert(0, (await ask(store, clock, owner="ann")).ticket)
    ended = (await ask(store, clock, owner="ann")).ticket
    await store.replace_ticket(moves.cancel(ended, now=clock.now()))

    assert await store.live_tickets() == tickets
    assert await store.live_tickets("ann") == [tickets[0], tickets[2]]
    assert await store.live_tickets("nobody") == []


async def test_live_means_held_queued_or_running(store: Store, clock: ManualClock):
    running = await claimed(store, clock)
    conversation = a_conversation(clock, "bob")
    queued, held = [(await ask(store, clock, conversation)).ticket for _ in range(2)]
    streaming = moves.begin_streaming(running, now=clock.now())
    await store.replace_ticket(streaming)

    assert await store.live_tickets() == [streaming, queued, held]


async def test_unpublished_tickets_come_in_their_order_in_the_line(store: Store, clock: ManualClock):
    low, high, low_later, high_later = [
        (await ask(store, clock, user_limit=100, priority=priority)).ticket for priority in (1, 8, 1, 8)
    ]
    published = (await ask(store, clock, user_limit=100)).ticket
    await store.confirm_published([offer_of(published)])
    held = (await ask(store, clock, user_limit=0)).ticket
    clock.advance(5)
    young = (await ask(store, clock, user_limit=100)).ticket

    line = [high.id, high_later.id, low.id, low_later.id]
    assert held.state is TicketState.HELD
    assert ids(await store.unpublished_tickets(clock.now(), 10)) == line
    assert ids(await store.unpublished_tickets(clock.now(), 3)) == line[:3]
    assert young.id in ids(await store.unpublished_tickets(clock.now() + 1, 10))


async def test_a_ticket_that_returns_to_the_queue_is_unpublished_again(store: Store, clock: ManualClock):
    ticket = (await ask(store, clock)).ticket
    await store.confirm_published([offer_of(ticket)])
    assert await store.unpublished_tickets(clock.now() + 1, 10) == []
    assert await store.get_ticket(ticket.id) == ticket

    claim = moves.claim(ticket, worker="w", incarnation="i", now=clock.now())
    await store.replace_ticket(claim)
    returned = moves.hand_back(claim, seq=await store.next_seq(), now=clock.now())
    await store.replace_ticket(returned)
    assert await store.unpublished_tickets(clock.now() + 1, 10) == [returned]
    # The confirm of the former publication comes late.
    await store.confirm_published([offer_of(ticket)])
    assert await store.unpublished_tickets(clock.now() + 1, 10) == [returned]


async def test_overdue_are_those_that_still_wait_after_their_deadline(store: Store, clock: ManualClock):
    conversation = a_conversation(clock)
    late = (await ask(store, clock, conversation, deadline_at=clock.now() + 20)).ticket
    held = (await ask(store, clock, conversation, deadline_at=clock.now() + 10)).ticket
    running = await claimed(store, clock)
    await store.replace_ticket(replace(running, deadline_at=clock.now() + 5, version=running.version + 1))
    await ask(store, clock, owner="bob", deadline_at=clock.now() + 100)

    assert await store.overdue_tickets(clock.now() + 10, 10) == []
    assert await store.overdue_tickets(clock.now() + 21, 10) == [held, late]
    assert await store.overdue_tickets(clock.now() + 21, 1) == [held]


async def test_orphans_are_running_tickets_whose_incarnation_holds_no_lease(store: Store, clock: ManualClock):
    await store.renew_lease(worker_lease("w", "i2"), "i2", 15)
    orphan = await claimed(store, clock, incarnation="i1")
    kept = await claimed(store, clock, incarnation="i2")
    await ask(store, clock, owner="bob")
    assert await store.orphaned_tickets(10) == [orphan]

    clock.advance(16)
    assert await store.orphaned_tickets(10) == [orphan, kept]
    assert await store.orphaned_tickets(1) == [orphan]

    await store.renew_lease(worker_lease("w", "i2"), "i2", 15)
    await store.replace_ticket(moves.cancel(orphan, now=clock.now()))
    assert await store.orphaned_tickets(10) == []


async def test_a_dropped_lease_orphans_at_once(store: Store, clock: ManualClock):
    await store.renew_lease(worker_lease("w", "i1"), "i1", 15)
    ticket = await claimed(store, clock, incarnation="i1")
    assert await store.orphaned_tickets(10) == []
    await store.drop_lease(worker_lease("w", "i1"), "i1")
    assert await store.orphaned_tickets(10) == [ticket]


async def test_starving_tickets_are_found_by_pool_and_level(store: Store, clock: ManualClock):
    first = (await ask(store, clock, user_limit=100, priority=2)).ticket
    clock.advance(10)
    second = (await ask(store, clock, user_limit=100, priority=2)).ticket
    await ask(store, clock, user_limit=100, priority=3)
    await ask(store, clock, user_limit=100, priority=2, pool="other")
    await ask(store, clock, user_limit=0, priority=2)

    assert await store.starving_tickets("default", 2, clock.now(), 10) == [first]
    assert await store.starving_tickets("default", 2, clock.now() + 1, 10) == [first, second]
    assert await store.starving_tickets("default", 2, clock.now() + 1, 1) == [first]

    aged = moves.reposition(first, priority=3, seq=await store.next_seq(), now=clock.now())
    await store.replace_ticket(aged)
    assert await store.starving_tickets("default", 2, clock.now() + 1, 10) == [second]
    assert (await store.starving_tickets("default", 3, clock.now() + 1, 10))[-1] == aged


async def test_paused_tickets_come_back_when_their_pause_is_over(store: Store, clock: ManualClock):
    long, short = [moves.pause(await claimed(store, clock), due_at=clock.now() + pause) for pause in (20, 10)]
    for paused in (long, short):
        await store.replace_ticket(paused)

    assert await store.paused_tickets(clock.now() + 10, 10) == []
    assert await store.paused_tickets(clock.now() + 21, 10) == [short, long]
    await store.replace_ticket(moves.cancel(short, now=clock.now()))
    await store.replace_ticket(moves.hand_back(long, seq=await store.next_seq(), now=clock.now()))
    assert await store.paused_tickets(clock.now() + 21, 10) == []


async def test_an_edit_takes_the_place_of_the_question_if_the_ticket_still_waits(store: Store, clock: ManualClock):
    accepted = await ask(store, clock)
    edited = replace(accepted.question, content="Another text")
    touched = moves.touch(accepted.ticket)
    assert await store.replace_ticket(touched, edited)
    assert (await store.messages(edited.conversation_id)).items == (edited,)

    claim = moves.claim(touched, worker="w", incarnation="i", now=clock.now())
    assert await store.replace_ticket(claim)
    assert not await store.replace_ticket(moves.touch(touched), replace(edited, content="Too late"))
    assert await store.get_message(edited.id) == edited


async def test_dead_letters_are_paged_latest_first_until_they_are_buried(store: Store, clock: ManualClock):
    error = ErrorInfo(code="incomplete", message="It broke off.")
    dead: list[Ticket] = []
    for _ in range(3):
        clock.advance(1)
        ended = moves.fail(await claimed(store, clock), error, now=clock.now(), dead=True)
        await store.replace_ticket(ended)
        dead.insert(0, ended)
    await store.replace_ticket(moves.fail(await claimed(store, clock), error, now=clock.now()))

    page = await store.dead_tickets(limit=2)
    assert list(page.items) == dead[:2]
    last = await store.dead_tickets(cursor=page.next, limit=2)
    assert (list(last.items), last.next) == (dead[2:], None)
    with pytest.raises(BadRequest):
        await store.dead_tickets(cursor="nonsense")

    await store.replace_ticket(moves.bury(dead[1]))
    assert list((await store.dead_tickets()).items) == [dead[0], dead[2]]


async def test_pools_are_paused_and_resumed_once(store: Store):
    assert await store.pause_pool("default", paused=True)
    assert not await store.pause_pool("default", paused=True)
    assert await store.pause_pool("other", paused=True)
    assert await store.paused_pools() == {"default", "other"}
    assert await store.pause_pool("default", paused=False)
    assert not await store.pause_pool("default", paused=False)
    assert await store.paused_pools() == {"other"}
