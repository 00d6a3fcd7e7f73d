"""What is decided once however many ask at the same time, and what a change leaves as it was."""

import asyncio

from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.support.drafts import a_conversation, an_attachment, ask
from tokenline.contracts.chat import FollowUp
from tokenline.contracts.errors import Busy
from tokenline.contracts.tickets import TicketOffer, TicketState
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Accepted, Store


async def test_a_conversation_that_rejects_takes_one_of_many(engine: Engine, clock: ManualClock):
    stores = [await engine.open(), await engine.open()]
    conversation = a_conversation(clock, follow_up=FollowUp.REJECT)
    await stores[0].create_conversation(conversation)
    asked = [ask(stores[n % 2], clock, conversation, client_message_id=f"m{n}") for n in range(12)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)

    [taken] = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]
    assert sum(isinstance(outcome, Busy) for outcome in outcomes) == 11
    assert taken.ticket.state is TicketState.QUEUED
    assert await stores[0].live_tickets() == [taken.ticket]
    assert (await stores[0].messages(conversation.id)).items == (taken.question,)


async def test_a_confirmed_publication_stays_confirmed_while_it_is_the_same(store: Store, clock: ManualClock):
    ticket = (await ask(store, clock)).ticket
    await store.confirm_published([TicketOffer(ticket_id=ticket.id, publish_no=ticket.publish_no)])
    followed = moves.follow(ticket, "gateway-2")
    assert await store.replace_ticket(followed)
    assert await store.unpublished_tickets(clock.now() + 1, 10) == []

    moved = moves.reposition(followed, priority=5, seq=await store.next_seq(), now=clock.now())
    assert await store.replace_ticket(moved)
    assert await store.unpublished_tickets(clock.now() + 1, 10) == [moved]


async def test_a_file_given_to_two_conversations_at_once_ends_up_in_one(engine: Engine, clock: ManualClock):
    stores = [await engine.open(), await engine.open()]
    file = an_attachment(clock)
    await stores[0].add_attachment(file)
    asked = [ask(store, clock, attachment_ids=(file.id,)) for store in stores]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)

    takers = {outcome.conversation.id for outcome in outcomes if isinstance(outcome, Accepted)}
    bound = await stores[0].get_attachment(file.id)
    assert bound is not None
    assert bound.conversation_id in takers
    assert bound == replace(file, conversation_id=bound.conversation_id, version=1)
