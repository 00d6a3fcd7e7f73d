"""What must hold whatever was killed, frozen or cut: each accepted question ended once, with one unmixed answer."""

import asyncio
from collections import Counter
from collections.abc import Mapping

from tests.support.chat import TERMINAL, Chat
from tests.support.stores import open_store
from tests.support.system import System
from tokenline.contracts.chat import Message
from tokenline.contracts.ids import ConversationId, TicketId
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.clock import SystemClock
from tokenline.core.ports.store import Store


async def the_law_holds(
    system: System, questions: Mapping[TicketId, str], *people: Chat, state: TicketState = TicketState.COMPLETE
) -> dict[TicketId, Ticket]:
    """Check every accepted ticket against the store, the model's own count and what ``people`` were sent.

    ``questions`` are the accepted tickets with their texts; all must have ended in ``state``. Two tickets may share a
    text: then their calls of the model are counted together. Nothing else may be left in the line. Returns the tickets.
    """
    store = await open_store(f"sqlite:{system.folder / 'tokenline.db'}", SystemClock())
    try:
        left = [ticket.id for ticket in await store.live_tickets()]
        assert not left, f"still in the line: {left}"
        tickets = {ticket_id: await _ended_in(store, ticket_id, state) for ticket_id in questions}
        answers = {ticket.id: await _only_answer(store, ticket) for ticket in tickets.values()}
    finally:
        await store.close()
    await _no_call_too_many(system, questions, tickets)
    for person in people:
        _was_told_the_same(person, answers)
    return tickets


async def _ended_in(store: Store, ticket_id: TicketId, state: TicketState) -> Ticket:
    ticket = await store.get_ticket(ticket_id)
    assert ticket is not None, f"{ticket_id} was accepted and is lost"
    assert ticket.state is state, f"{ticket_id} is {ticket.state}: {ticket.error}"
    return ticket


async def _only_answer(store: Store, ticket: Ticket) -> Message | None:
    """The one answer of a ticket; ``None`` when it ended without any text."""
    answers = [message for message in await _answers(store, ticket.conversation_id) if message.ticket_id == ticket.id]
    assert len(answers) <= 1, f"{ticket.id} was answered {len(answers)} times"
    if ticket.state is not TicketState.COMPLETE and not answers:
        return None
    [answer] = answers
    assert answer.id == ticket.answer_id
    return answer


async def _answers(store: Store, conversation_id: ConversationId) -> list[Message]:
    page = await store.messages(conversation_id, limit=200)
    assert page.next is None, "a conversation too long for this check"
    return [message for message in page.items if message.role == "assistant"]


async def _no_call_too_many(
    system: System, questions: Mapping[TicketId, str], tickets: Mapping[TicketId, Ticket]
) -> None:
    stats = await asyncio.to_thread(system.model_stats)
    calls = Counter(record["text"] for record in stats["records"])
    attempts = Counter[str]()
    for ticket_id, text in questions.items():
        attempts[text] += tickets[ticket_id].attempt
    for text, allowed in attempts.items():
        assert calls[text] <= allowed, f"{calls[text]} calls of the model in {allowed} attempts: {text}"


def _was_told_the_same(person: Chat, answers: Mapping[TicketId, Message | None]) -> None:
    """`Chat` itself refuses gaps, repeats, mixed texts and frames after the end."""
    for ticket_id, seen in person.tickets.items():
        if ticket_id not in answers:
            continue
        assert sum(kind in TERMINAL for kind in seen.kinds) == 1, f"{ticket_id} has not ended for its user"
        answer = answers[ticket_id]
        assert seen.text == (answer.content if answer is not None else "")
