"""Claims: read, judged and written in one operation, and what was asked comes with them."""

import asyncio

from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.support.drafts import a_conversation, an_attachment, ask
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Asked, Offered, Store, TicketChange


def claim_of(name: str) -> TicketChange:
    """By this worker, of a ticket that nobody has."""

    def claim(ticket: Ticket) -> Ticket | None:
        if ticket.state is not TicketState.QUEUED:
            return None
        return moves.claim(ticket, worker=name, incarnation=name, now=101.0)

    return claim


def is_won(offered: Offered | None) -> bool:
    return offered is not None and offered.asked is not None


async def test_a_claim_comes_with_the_question_and_the_files_of_its_conversation(store: Store, clock: ManualClock):
    conversation = a_conversation(clock)
    older, other, own = an_attachment(clock), an_attachment(clock, "bob"), an_attachment(clock)
    for file in (older, other, own):
        clock.advance(1)
        await store.add_attachment(replace(file, created_at=clock.now()))
    first = await ask(store, clock, conversation, attachment_ids=(older.id,))
    assert await store.replace_ticket(moves.cancel(first.ticket, now=clock.now()))
    accepted = await ask(store, clock, conversation, attachment_ids=(own.id,))
    files = await store.attachments_of(conversation.id)
    assert [file.id for file in files] == [older.id, own.id]
    ready = replace(accepted.ticket, state=TicketState.QUEUED, version=accepted.ticket.version + 1)
    assert await store.replace_ticket(ready)

    offered = await store.claim_ticket(ready.id, claim_of("w"))

    claimed = moves.claim(ready, worker="w", incarnation="w", now=101.0)
    assert offered == Offered(ticket=claimed, asked=Asked(question=accepted.question, attachments=tuple(files)))
    assert await store.get_ticket(ready.id) == claimed


async def test_what_is_judged_and_left_is_told_as_it_is(store: Store, clock: ManualClock):
    ticket = (await ask(store, clock)).ticket
    assert await store.claim_ticket(ticket.id, lambda _: None) == Offered(ticket=ticket)
    assert await store.get_ticket(ticket.id) == ticket
    ended = moves.cancel(ticket, now=clock.now())
    assert await store.replace_ticket(ended)
    assert await store.claim_ticket(ticket.id, claim_of("w")) == Offered(ticket=ended)
    assert await store.claim_ticket("no-such-ticket", claim_of("w")) is None


async def test_a_claim_of_a_ticket_whose_question_was_deleted(store: Store, clock: ManualClock):
    accepted = await ask(store, clock)
    await store.delete_conversation(accepted.conversation.id)
    offered = await store.claim_ticket(accepted.ticket.id, claim_of("w"))
    assert offered is not None
    assert offered.asked == Asked(question=None, attachments=())


async def test_many_claims_at_once_have_one_winner(engine: Engine, clock: ManualClock):
    stores = [await engine.open(), await engine.open()]
    for _ in range(engine.many(20)):
        ticket = (await ask(stores[0], clock, user_limit=99)).ticket
        offers = await asyncio.gather(
            *(stores[number % 2].claim_ticket(ticket.id, claim_of(f"w{number}")) for number in range(10))
        )
        [winner] = [offered for offered in offers if is_won(offered)]
        assert winner is not None
        # Whoever lost sees who won.
        assert {offered.ticket.worker_id for offered in offers if offered} == {winner.ticket.worker_id}
        assert await stores[1].get_ticket(ticket.id) == winner.ticket


async def test_an_edit_comes_before_a_claim_or_not_at_all(engine: Engine, clock: ManualClock):
    """What a claim brings is what is stored: no edit is written that its answer does not know of."""
    here, there = await engine.open(), await engine.open()
    edits = 0
    for number in range(engine.many(40)):
        accepted = await ask(here, clock, user_limit=99)
        edited = replace(accepted.question, content=f"Edited {number}")
        offered, written = await asyncio.gather(
            here.claim_ticket(accepted.ticket.id, claim_of("w")),
            there.replace_ticket(moves.touch(accepted.ticket), edited),
        )
        assert offered is not None
        assert offered.asked is not None
        assert offered.asked.question == await here.get_message(edited.id)
        assert offered.asked.question == (edited if written else accepted.question)
        edits += written is not None
    print(f"{edits} edits came first")
