"""Questions asked while an earlier one is not answered, and questions asked again."""

import pytest
from msgspec.structs import replace

from tests.support.drafts import a_conversation, a_ticket, an_id, ask
from tokenline.contracts.chat import FollowUp
from tokenline.contracts.errors import Busy, ErrorInfo
from tokenline.contracts.tickets import TicketState
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


async def test_a_conversation_may_reject_what_comes_too_early(store: Store, clock: ManualClock):
    conversation = a_conversation(clock, follow_up=FollowUp.REJECT)
    first = await ask(store, clock, conversation)
    with pytest.raises(Busy):
        await ask(store, clock, conversation, client_message_id="m2")
    assert len((await store.messages(conversation.id)).items) == 1
    assert await store.live_tickets() == [first.ticket]

    await store.replace_ticket(moves.cancel(first.ticket, now=clock.now()))
    assert (await ask(store, clock, conversation, client_message_id="m2")).created


async def test_what_is_stored_decides_not_what_the_asker_read(store: Store, clock: ManualClock):
    conversation = a_conversation(clock, follow_up=FollowUp.REJECT)
    await ask(store, clock, conversation)
    with pytest.raises(Busy):
        await ask(store, clock, replace(conversation, follow_up=FollowUp.QUEUE))


async def test_a_question_can_be_asked_again_as_another_ticket_once(store: Store, clock: ManualClock):
    first = await ask(store, clock, client_message_id="m1")
    failed = moves.fail(first.ticket, ErrorInfo(code="x", message=""), now=clock.now(), dead=True)
    await store.replace_ticket(failed)
    again = a_ticket(clock, first.conversation, question_id=first.question.id, answer_id=an_id(clock))

    for created in (True, False):
        accepted = await store.accept(
            again, first.question, first.conversation, user_limit=2, pool_limit=10, now=clock.now(), again=True
        )
        assert (accepted.created, accepted.ticket.id, accepted.ticket.state) == (created, again.id, TicketState.QUEUED)
    assert await store.get_message(first.question.id) == replace(first.question, ticket_id=again.id)
    assert len((await store.messages(first.conversation.id)).items) == 1
