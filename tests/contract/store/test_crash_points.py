"""MongoDB without transactions: before whatever write a process dies, the keeper's next sweep leaves all consistent.

Each operation is done again and again, with death before its first write, before its second, and so on until it gets
through. After each death another process does what the keeper does.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace
from pymongo import MongoClient

from tests.contract.store.fuse import Crash, Fuse, attach
from tests.support.drafts import a_conversation, an_answer, an_attachment, ask
from tests.support.stores import open_store
from tokenline.adapters.store_mongo import MongoStore
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.chat import Conversation
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.tickets import HoldReason, Ticket, TicketState, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock

K = 2

Act = Callable[[MongoStore], Awaitable[object]]
Doomed = Callable[[Act], Awaitable[bool]]


class World:
    """One database and a healthy process; `at_every_write` sends others to their deaths."""

    def __init__(self, url: str, clock: ManualClock, store: MongoStore) -> None:
        self._url = url
        self.clock = clock
        self.store = store

    async def at_every_write(self, scenario: Callable[[str, Doomed], Awaitable[None]], *, writes: int) -> None:
        """``scenario(owner, doomed)``: ``await doomed(act)`` does ``act(store)`` in a process that dies, then sweeps,
        and is True once it got through. It takes ``writes`` of them.
        """
        for last in count():
            through = False

            async def doomed(act: Act, last: int = last) -> bool:
                nonlocal through
                through = await self._dies(act, last)
                await self._sweep()
                return through

            await scenario(f"owner-{last}", doomed)
            if through:
                assert last == writes
                return

    async def _dies(self, act: Act, last: int) -> bool:
        store = await open_mongo(self._url, self.clock)
        attach(store, Fuse(last))
        try:
            await act(store)
        except Crash:
            return False
        finally:
            await store.close()
        return True

    async def _sweep(self) -> None:
        self.clock.advance(10)
        for owner in await self.store.owners_to_release(self.clock.now() - 2, 100):
            await self.store.release_held(owner, user_limit=K, now=self.clock.now())
        assert await self.store.owners_to_release(self.clock.now(), 100) == []
        with MongoClient[dict[str, Any]](self._url) as client:
            tickets = client.get_default_database()["tickets"]
            assert tickets.count_documents({"unsettled": {"$exists": True}}) == 0
            assert tickets.count_documents({"due": {"$exists": True}}) == 0

    async def line(self, owner: str) -> list[Ticket]:
        """The owner's live tickets: as many in the queue as may be, each in its turn, each with its question."""
        live = await self.store.live_tickets(owner)
        admitted = [ticket for ticket in live if ticket.state is not TicketState.HELD]
        assert len(admitted) <= K
        assert len({ticket.conversation_id for ticket in admitted}) == len(admitted)
        if any(ticket.hold_reason is HoldReason.USER_LIMIT for ticket in live):
            assert len(admitted) == K
        for ticket in live:
            question = await self.store.get_message(ticket.question_id)
            assert question is not None
            assert question.ticket_id == ticket.id
            assert question in (await self.store.messages(ticket.conversation_id)).items
            assert await self.store.get_conversation(ticket.conversation_id) is not None
        return live

    async def running(self, owner: str, conversation: Conversation | None = None) -> Ticket:
        accepted = await ask(self.store, self.clock, conversation, owner=owner, user_limit=K)
        claimed = moves.claim(accepted.ticket, worker="w", incarnation="i", now=self.clock.now())
        assert await self.store.replace_ticket(claimed)
        return claimed


async def open_mongo(url: str, clock: ManualClock) -> MongoStore:
    store = await open_store(f"mongo:{url}", clock)
    assert isinstance(store, MongoStore)
    return store


@pytest.fixture
async def world(mongo_url: str, clock: ManualClock) -> AsyncIterator[World]:
    store = await open_mongo(mongo_url, clock)
    yield World(mongo_url, clock, store)
    await store.close()


async def test_acceptance_of_a_question_with_a_file_in_a_new_conversation(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        conversation = a_conversation(world.clock, owner)
        file = an_attachment(world.clock, owner)
        await world.store.add_attachment(file)

        async def act(store: MongoStore) -> None:
            await ask(store, world.clock, conversation, client_message_id="m1", attachment_ids=(file.id,))

        through = await doomed(act)
        live = await world.line(owner)
        assert len(live) == 1 or not (live or through)
        assert all(ticket.state is TicketState.QUEUED for ticket in live)
        stored, bound = await world.store.get_conversation(conversation.id), await world.store.get_attachment(file.id)
        assert (stored is not None) == bool(live)
        assert bound is not None
        assert bound.conversation_id == (conversation.id if live else None)

        again = await ask(world.store, world.clock, conversation, client_message_id="m1", attachment_ids=(file.id,))
        assert again.created != bool(live)
        assert len(await world.line(owner)) == 1

    await world.at_every_write(scenario, writes=8)


async def test_acceptance_of_a_question_beyond_the_limit(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        before = [(await ask(world.store, world.clock, owner=owner)).ticket for _ in range(K)]
        through = await doomed(lambda store: ask(store, world.clock, owner=owner, user_limit=K))
        live = await world.line(owner)
        assert live[:K] == before
        assert len(live) == K + 1 or not through

    await world.at_every_write(scenario, writes=6)


async def test_the_end_of_a_ticket(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        ticket = await world.running(owner)
        for _ in range(K):
            await ask(world.store, world.clock, owner=owner, user_limit=K)
        done = replace(moves.complete(ticket, usage=Usage(), now=world.clock.now()), webhook_id="w")
        answer = an_answer(world.clock, ticket)
        await doomed(lambda store: store.replace_ticket(done, answer))

        stored, said = await world.store.get_ticket(ticket.id), await world.store.get_message(answer.id)
        assert stored in (ticket, done)
        assert (said is not None) == (stored == done)
        assert (await world.store.get_delivery(ticket.id) is not None) == (stored == done)
        conversation = await world.store.get_conversation(ticket.conversation_id)
        assert conversation is not None
        assert conversation.answer_seq == (said.seq if said else 0)
        live = await world.line(owner)
        assert len(live) == (K if stored == done else K + 1)

    await world.at_every_write(scenario, writes=5)


async def test_an_edit(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        accepted = await ask(world.store, world.clock, owner=owner)
        touched, edited = moves.touch(accepted.ticket), replace(accepted.question, content="Another text")
        await doomed(lambda store: store.replace_ticket(touched, edited))

        stored = await world.store.get_ticket(touched.id)
        assert stored in (accepted.ticket, touched)
        assert await world.store.get_message(edited.id) == (edited if stored == touched else accepted.question)
        assert await world.line(owner) == [stored]

    await world.at_every_write(scenario, writes=5)


@pytest.mark.parametrize("answered", [True, False])
async def test_an_end_that_nobody_waited_for_leaves_nothing_to_tidy_up(world: World, answered: bool):
    ticket = await world.running("ann")
    done = moves.complete(ticket, usage=Usage(), now=world.clock.now())
    written = await world.store.replace_ticket(done, *([an_answer(world.clock, ticket)] if answered else []))
    assert written is not None
    assert not written.release_due
    world.clock.advance(10)
    # It would have to write.
    attach(world.store, Fuse(0))
    assert await world.store.owners_to_release(world.clock.now(), 100) == []


async def test_a_release(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        running = [await world.running(owner) for _ in range(K)]
        held = [(await ask(world.store, world.clock, owner=owner, user_limit=K)).ticket for _ in range(K + 1)]
        for ticket in running:
            await world.store.replace_ticket(moves.cancel(ticket, now=world.clock.now()))
        await doomed(lambda store: store.release_held(owner, user_limit=K, now=world.clock.now()))

        live = await world.line(owner)
        assert [ticket.id for ticket in live] == [ticket.id for ticket in held]
        assert [ticket.state for ticket in live] == [TicketState.QUEUED] * K + [TicketState.HELD]
        assert live[0].seq < live[1].seq

    await world.at_every_write(scenario, writes=6)


async def test_the_deletion_of_a_conversation_with_an_end_that_nobody_acted_on(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        conversation = a_conversation(world.clock, owner)
        ticket = await world.running(owner, conversation)
        others = [(await ask(world.store, world.clock, owner=owner, user_limit=K)).ticket for _ in range(K)]
        failed = moves.fail(ticket, ErrorInfo(code="x", message=""), now=world.clock.now())
        await world.store.replace_ticket(failed, an_answer(world.clock, ticket))
        await doomed(lambda store: store.delete_conversation(conversation.id))

        assert [one.id for one in await world.line(owner)] == [one.id for one in others]
        await world.store.delete_conversation(conversation.id)
        assert await world.store.get_ticket(ticket.id) is None
        assert await world.store.get_message(ticket.answer_id) is None
        assert (await world.store.messages(conversation.id)).items == ()
        assert await world.store.get_conversation(conversation.id) is None

    await world.at_every_write(scenario, writes=7)


async def test_the_deletion_of_a_file_that_a_question_waits_for(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        file = an_attachment(world.clock, owner, state=AttachmentState.EXTRACTING)
        await world.store.add_attachment(file)
        waiting = (await ask(world.store, world.clock, owner=owner, attachment_ids=(file.id,))).ticket
        assert waiting.hold_reason is HoldReason.INDEXING
        through = await doomed(lambda store: store.delete_attachment(file.id))

        [live] = await world.line(owner)
        assert (live.state is TicketState.QUEUED) == through
        assert (await world.store.get_attachment(file.id) is None) == through

    await world.at_every_write(scenario, writes=1)
