"""How far a conversation is answered and read, kept with it so that nobody has to count."""

import asyncio

from tests.contract.store.conftest import Engine
from tests.contract.store.test_chat import dialogue
from tests.support.drafts import an_answer, ask
from tokenline.contracts.chat import Conversation
from tokenline.contracts.errors import BadRequest
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.conversation import read
from tokenline.core.ports.store import Store


async def stored(store: Store, conversation_id: str) -> Conversation:
    found = await store.get_conversation(conversation_id)
    assert found is not None
    return found


async def test_an_answer_is_unread_from_when_it_is_written(store: Store, clock: ManualClock):
    asked = await ask(store, clock)
    fresh = await stored(store, asked.conversation.id)
    assert (fresh.answer_seq, fresh.read_seq) == (0, 0)
    conversation, said = await dialogue(store, clock, 2)
    [listed, _] = (await store.list_conversations("ann")).items
    assert listed == await stored(store, conversation.id)
    assert (listed.answer_seq, listed.read_seq) == (said[-1].seq, 0)
    again = await ask(store, clock, listed)
    assert again.conversation.answer_seq == said[-1].seq


async def test_reading_never_goes_back_nor_beyond_what_is_there(engine: Engine, clock: ManualClock):
    stores = [await engine.open(), await engine.open()]
    conversation, said = await dialogue(stores[0], clock, 3)
    marks = [said[1].seq, said[5].seq, 0, said[3].seq, -5, said[0].seq]
    await asyncio.gather(
        *(stores[n % 2].change_conversation(conversation.id, _to(mark)) for n, mark in enumerate(marks))
    )
    assert (await stored(stores[1], conversation.id)).read_seq == said[5].seq
    await stores[0].change_conversation(conversation.id, _to(2**53))
    after = await stored(stores[1], conversation.id)
    assert after.read_seq == after.answer_seq == said[5].seq
    # Read, it stays where it was in the list.
    assert after.updated_at - conversation.updated_at < 1e-3


def _to(seq: int):
    return lambda conversation: read(conversation, seq)


async def test_an_answer_written_anew_keeps_its_place_and_its_mark(store: Store, clock: ManualClock):
    asked = await ask(store, clock)
    running = moves.claim(asked.ticket, worker="w", incarnation="i", now=clock.now())
    await store.replace_ticket(running)
    ended = moves.fail(running, BadRequest("No.").info(), now=clock.now(), dead=True)
    await store.replace_ticket(ended, an_answer(clock, running, content="Half of"))
    before = await stored(store, asked.conversation.id)
    await store.next_seq()
    await store.replace_ticket(moves.bury(ended), an_answer(clock, running, content="All of it"))
    assert (await stored(store, asked.conversation.id)).answer_seq == before.answer_seq > 0
    written = await store.get_message(running.answer_id)
    assert written is not None
    assert written.seq == before.answer_seq
