"""Acceptance: once per client message, in order per conversation, bounded per user and per pool, owners only."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.drafts import a_conversation, a_question, a_ticket, an_attachment, ask
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.errors import Conflict, NotFound, QueueFull
from tokenline.contracts.tickets import HoldReason, TicketState
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


async def test_a_question_is_stored_with_its_ticket_and_conversation(store: Store, clock: ManualClock):
    accepted = await ask(store, clock, a_conversation(clock, title="First"))

    assert accepted.created
    assert accepted.ticket.state is TicketState.QUEUED
    assert accepted.ticket.seq > 0
    assert (accepted.ticket.publish_no, accepted.ticket.level_at) == (1, clock.now())
    assert accepted.ticket.queued_at == clock.now()
    assert await store.get_ticket(accepted.ticket.id) == accepted.ticket
    assert accepted.question.ticket_id == accepted.ticket.id
    assert await store.get_message(accepted.question.id) == accepted.question
    assert accepted.conversation.title == "First"
    assert await store.get_conversation(accepted.conversation.id) == accepted.conversation


async def test_a_later_question_brings_its_conversation_to_the_top(store: Store, clock: ManualClock):
    first = await ask(store, clock, a_conversation(clock, title="Kept"))
    clock.advance(10)
    again = await ask(store, clock, replace(first.conversation, title="Ignored"))

    leaf_id = again.ticket.answer_id
    assert again.conversation == replace(first.conversation, updated_at=clock.now(), leaf_id=leaf_id)
    assert await store.get_conversation(first.conversation.id) == again.conversation


async def test_messages_of_a_conversation_are_numbered_in_their_order(store: Store, clock: ManualClock):
    conversation = a_conversation(clock)
    accepted = [await ask(store, clock, conversation) for _ in range(3)]
    seqs = [one.question.seq for one in accepted]
    assert seqs == sorted(set(seqs))


async def test_the_same_client_message_gets_the_same_ticket(store: Store, clock: ManualClock):
    first = await ask(store, clock, client_message_id="m1")
    again = await ask(store, clock, client_message_id="m1")

    assert not again.created
    assert again == replace(first, created=False)
    assert len(await store.live_tickets("ann")) == 1


async def test_the_same_client_message_sent_many_times_at_once_is_one(store: Store, clock: ManualClock):
    conversation = a_conversation(clock)
    accepted = await asyncio.gather(*(ask(store, clock, conversation, client_message_id="m1") for _ in range(20)))
    assert len({one.ticket.id for one in accepted}) == 1
    assert sum(one.created for one in accepted) == 1
    assert len((await store.messages(conversation.id)).items) == 1


async def test_a_resend_finds_the_ticket_as_it_is_by_now(store: Store, clock: ManualClock):
    first = await ask(store, clock, client_message_id="m1")
    ended = moves.cancel(first.ticket, now=clock.now())
    await store.replace_ticket(ended)

    assert (await ask(store, clock, client_message_id="m1")).ticket == ended


async def test_the_same_draft_twice_is_one_ticket(store: Store, clock: ManualClock):
    conversation = a_conversation(clock)
    ticket = a_ticket(clock, conversation)
    question = a_question(clock, ticket)
    first, again = [
        await store.accept(ticket, question, conversation, user_limit=2, pool_limit=10, now=clock.now())
        for _ in range(2)
    ]
    assert (first.created, again.created) == (True, False)
    assert first.ticket == again.ticket


async def test_client_message_ids_of_different_users_are_strangers(store: Store, clock: ManualClock):
    assert (await ask(store, clock, owner="ann", client_message_id="m1")).created
    assert (await ask(store, clock, owner="bob", client_message_id="m1")).created


async def test_a_resend_is_answered_though_the_pool_is_full(store: Store, clock: ManualClock):
    first = await ask(store, clock, client_message_id="m1", pool_limit=1)
    assert (await ask(store, clock, client_message_id="m1", pool_limit=1)).ticket == first.ticket


async def test_a_conversation_is_answered_in_order(store: Store, clock: ManualClock):
    conversation = a_conversation(clock)
    first, second = [await ask(store, clock, conversation, user_limit=5) for _ in range(2)]

    assert first.ticket.state is TicketState.QUEUED
    assert (second.ticket.state, second.ticket.hold_reason) == (TicketState.HELD, HoldReason.EARLIER_MESSAGE)

    await store.replace_ticket(moves.cancel(second.ticket, now=clock.now()))
    await store.replace_ticket(moves.cancel(first.ticket, now=clock.now()))
    assert (await ask(store, clock, conversation)).ticket.state is TicketState.QUEUED


async def test_a_user_has_so_many_in_the_queue_and_no_more(store: Store, clock: ManualClock):
    accepted = [await ask(store, clock, user_limit=2) for _ in range(4)]
    assert [one.ticket.hold_reason for one in accepted] == [None, None] + [HoldReason.USER_LIMIT] * 2
    assert (await ask(store, clock, owner="bob", user_limit=2)).ticket.state is TicketState.QUEUED


async def test_running_tickets_count_and_ended_ones_do_not(store: Store, clock: ManualClock):
    first = await ask(store, clock, user_limit=1)
    running = moves.claim(first.ticket, worker="w", incarnation="i", now=clock.now())
    await store.replace_ticket(running)
    assert (await ask(store, clock, user_limit=1)).ticket.hold_reason is HoldReason.USER_LIMIT

    await store.replace_ticket(moves.cancel(running, now=clock.now()))
    # Who waits for the limit already goes first.
    assert (await ask(store, clock, user_limit=1)).ticket.hold_reason is HoldReason.USER_LIMIT
    assert len(await store.release_held("ann", user_limit=2, now=clock.now())) == 2


async def test_many_at_once_never_pass_the_user_limit(store: Store, clock: ManualClock):
    accepted = await asyncio.gather(*(ask(store, clock, user_limit=3) for _ in range(20)))
    assert sum(one.ticket.state is TicketState.QUEUED for one in accepted) == 3
    assert len({one.ticket.seq for one in accepted}) == 20


async def test_a_full_pool_refuses_and_stores_nothing(store: Store, clock: ManualClock):
    for owner in ("ann", "bob"):
        await ask(store, clock, owner=owner, pool="small", pool_limit=2)
    conversation = a_conversation(clock, "cid")

    with pytest.raises(QueueFull) as refused:
        await ask(store, clock, conversation, pool="small", pool_limit=2)

    assert refused.value.detail["retry_after_s"] > 0
    assert await store.get_conversation(conversation.id) is None
    assert await store.live_tickets("cid") == []
    assert (await ask(store, clock, conversation, pool="other", pool_limit=2)).created


async def test_room_in_a_pool_comes_back_when_a_ticket_ends_or_moves(store: Store, clock: ManualClock):
    first = await ask(store, clock, pool_limit=1)
    await store.replace_ticket(moves.cancel(first.ticket, now=clock.now()))
    second = await ask(store, clock, pool_limit=1)
    await store.replace_ticket(replace(second.ticket, pool="other", version=second.ticket.version + 1))
    await ask(store, clock, pool_limit=1)

    with pytest.raises(QueueFull):
        await ask(store, clock, pool="other", pool_limit=1)


async def test_held_tickets_count_for_the_pool(store: Store, clock: ManualClock):
    for _ in range(3):
        await ask(store, clock, user_limit=1, pool_limit=3)
    with pytest.raises(QueueFull):
        await ask(store, clock, owner="bob", pool_limit=3)


async def test_somebody_elses_conversation_is_a_missing_one(store: Store, clock: ManualClock):
    theirs = await ask(store, clock, owner="bob")

    with pytest.raises(NotFound):
        await ask(store, clock, a_conversation(clock, "ann", id=theirs.conversation.id))

    assert await store.get_conversation(theirs.conversation.id) == theirs.conversation
    assert await store.live_tickets("ann") == []


async def test_attachments_are_bound_to_the_conversation(store: Store, clock: ManualClock):
    attachment = an_attachment(clock)
    await store.add_attachment(attachment)

    accepted = await ask(store, clock, attachment_ids=(attachment.id,))

    assert accepted.ticket.state is TicketState.QUEUED
    bound = await store.get_attachment(attachment.id)
    assert bound == replace(attachment, conversation_id=accepted.conversation.id, version=1)
    assert await store.attachments_of(accepted.conversation.id) == [bound]
    again = await ask(store, clock, accepted.conversation, attachment_ids=(attachment.id,))
    assert again.created


@pytest.mark.parametrize(
    ("state", "held"),
    [(state, state not in ("indexed", "failed")) for state in AttachmentState],
)
async def test_a_question_waits_for_its_files(store: Store, clock: ManualClock, state: AttachmentState, held: bool):
    attachment = an_attachment(clock, state=state)
    await store.add_attachment(attachment)
    accepted = await ask(store, clock, attachment_ids=(attachment.id,))
    assert accepted.ticket.hold_reason is (HoldReason.INDEXING if held else None)


async def test_somebody_elses_attachment_is_a_missing_one(store: Store, clock: ManualClock):
    theirs = an_attachment(clock, "bob")
    mine = an_attachment(clock, "ann")
    await store.add_attachment(theirs)
    await store.add_attachment(mine)

    for wrong in (theirs.id, "no-such-file"):
        with pytest.raises(NotFound):
            await ask(store, clock, attachment_ids=(mine.id, wrong))

    assert await store.live_tickets() == []
    assert await store.attachments([mine.id, theirs.id]) == [mine, theirs]


async def test_a_file_stays_in_its_conversation(store: Store, clock: ManualClock):
    attachment = an_attachment(clock)
    await store.add_attachment(attachment)
    await ask(store, clock, attachment_ids=(attachment.id,))
    with pytest.raises(Conflict):
        await ask(store, clock, attachment_ids=(attachment.id,))
