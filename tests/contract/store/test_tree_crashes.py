"""MongoDB: before whatever write a process dies, a conversation's tree and its current path are what they were, or what
was asked for. See `test_crash_points`."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from tests.contract.store.test_crash_points import Doomed, K, World, open_mongo
from tests.support.drafts import a_conversation, a_question, a_ticket, an_answer
from tokenline.adapters.store_mongo import MongoStore
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.tickets import Ticket, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock


@pytest.fixture
async def world(mongo_url: str, clock: ManualClock) -> AsyncIterator[World]:
    store = await open_mongo(mongo_url, clock)
    yield World(mongo_url, clock, store)
    await store.close()


async def turn(world: World, conversation: Conversation, text: str) -> tuple[Message, Message]:
    world.clock.advance(1)
    ticket = a_ticket(world.clock, conversation)
    question = a_question(world.clock, ticket, content=text)
    accepted = await world.store.accept(
        ticket, question, conversation, user_limit=K, pool_limit=1000, now=world.clock.now()
    )
    await finish(world, accepted.ticket, f"{text}!")
    answer = await world.store.get_message(ticket.answer_id)
    assert answer is not None
    return accepted.question, answer


async def finish(world: World, ticket: Ticket, text: str) -> None:
    running = moves.claim(ticket, worker="w", incarnation="i", now=world.clock.now())
    assert await world.store.replace_ticket(running)
    done = moves.complete(running, usage=Usage(), now=world.clock.now())
    assert await world.store.replace_ticket(done, an_answer(world.clock, running, content=text))


async def path(world: World, conversation: Conversation) -> list[str]:
    return [message.content for message in (await world.store.path(conversation.id)).items]


async def test_a_question_in_the_place_of_another(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        conversation = a_conversation(world.clock, owner)
        q1, _ = await turn(world, conversation, "1")
        ticket = a_ticket(world.clock, conversation)

        async def act(store: MongoStore) -> None:
            question = a_question(world.clock, ticket, content="1b")
            now = world.clock.now()
            await store.accept(ticket, question, conversation, user_limit=K, pool_limit=1000, now=now, instead_of=q1.id)

        through = await doomed(act)
        asked = await world.store.get_ticket(ticket.id)
        assert asked is not None or not through
        assert await path(world, conversation) == (["1", "1!"] if asked is None else ["1b"])
        if asked is not None:
            await finish(world, asked, "1b!")
            assert await path(world, conversation) == ["1b", "1b!"]
        assert await world.store.switch_path(conversation.id, q1.id) is not None
        assert await path(world, conversation) == ["1", "1!"]

    await world.at_every_write(scenario, writes=7)


async def test_another_answer_and_the_end_of_its_ticket_without_it(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        conversation = a_conversation(world.clock, owner)
        q1, a1 = await turn(world, conversation, "1")
        await turn(world, conversation, "2")
        ticket = replace(a_ticket(world.clock, conversation, question_id=q1.id), instead_of=a1.id)

        async def act(store: MongoStore) -> None:
            now = world.clock.now()
            await store.accept(ticket, q1, conversation, user_limit=K, pool_limit=1000, now=now, again=True)

        await doomed(act)
        asked = await world.store.get_ticket(ticket.id)
        whole = ["1", "1!", "2", "2!"]
        assert await path(world, conversation) == (whole if asked is None else ["1"])
        if asked is not None:
            assert await world.store.replace_ticket(moves.cancel(asked, now=world.clock.now()))
            assert await path(world, conversation) == whole

    await world.at_every_write(scenario, writes=8)


async def test_giving_the_path_back(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        conversation = a_conversation(world.clock, owner)
        q1, a1 = await turn(world, conversation, "1")
        ticket = replace(a_ticket(world.clock, conversation, question_id=q1.id), instead_of=a1.id)
        now = world.clock.now()
        accepted = await world.store.accept(
            ticket, q1, conversation, user_limit=K, pool_limit=1000, now=now, again=True
        )
        ended = moves.cancel(accepted.ticket, now=world.clock.now())
        await doomed(lambda store: store.replace_ticket(ended))
        stored = await world.store.get_ticket(ticket.id)
        assert await path(world, conversation) == (["1", "1!"] if stored == ended else ["1"])

    await world.at_every_write(scenario, writes=3)


async def test_messages_from_elsewhere(world: World):
    async def scenario(owner: str, doomed: Doomed) -> None:
        conversation = a_conversation(world.clock, owner)
        await world.store.create_conversation(conversation)
        said: list[Message] = []
        for n, draft in enumerate((a_question, an_answer, a_question)):
            message = draft(world.clock, a_ticket(world.clock, conversation), content=f"{n}", ticket_id=None)
            said.append(replace(message, parent_id=said[-1].id if said else None))
        await doomed(lambda store: store.add_messages(conversation.id, said))
        # Done again it is whole, whatever was there.
        assert await world.store.add_messages(conversation.id, said)
        assert await world.store.switch_path(conversation.id, said[-1].id) is not None
        assert await path(world, conversation) == ["0", "1", "2"]

    await world.at_every_write(scenario, writes=6)
