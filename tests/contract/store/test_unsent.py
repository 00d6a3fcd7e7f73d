"""Files that no message took expire; one that is taken in that very moment stays."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.support.drafts import a_conversation, a_question, a_ticket, an_attachment, ask
from tokenline.adapters.store_mongo import attachments as in_mongo
from tokenline.adapters.store_mongo.database import Collections
from tokenline.adapters.store_mongo.store import MongoStore
from tokenline.adapters.store_mongo.upgrade import note_unsent_files
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import FileGone
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


async def unsent(store: Store, clock: ManualClock, **changes: Any) -> Attachment:
    """Each is made a second after the one before."""
    clock.advance(1)
    file = an_attachment(clock, **changes)
    await store.add_attachment(file)
    return file


async def test_the_oldest_without_a_conversation_are_marked_and_then_found(store: Store, clock: ManualClock) -> None:
    old, older = await unsent(store, clock), await unsent(store, clock, state=AttachmentState.UPLOADING)
    taken = await unsent(store, clock)
    await unsent(store, clock, conversation_id="c1")
    await ask(store, clock, attachment_ids=(taken.id,))
    edge = clock.now() + 1
    young = await unsent(store, clock)
    now = clock.now()
    assert await store.expired_unsent(now, 10) == []
    assert await store.expire_unsent(edge, now, 1) == 1
    assert await store.expired_unsent(now, 10) == [old]
    assert await store.expire_unsent(edge, now + 5, 10) == 1
    assert await store.expire_unsent(edge, now + 9, 10) == 0
    assert await store.expired_unsent(now - 1, 10) == []
    assert await store.expired_unsent(now, 10) == [old]
    assert await store.expired_unsent(now + 5, 10) == [old, older]
    assert await store.expired_unsent(now + 5, 1) == [old]
    # Being read on changes nothing; deleted it is gone.
    read = replace(older, state=AttachmentState.QUEUED, version=1)
    assert await store.replace_attachment(read)
    await store.delete_attachment(old.id)
    assert await store.expired_unsent(now + 5, 10) == [read]
    assert await store.get_attachment(young.id) == young


async def test_no_message_takes_one_that_is_marked_missing_or_foreign(store: Store, clock: ManualClock) -> None:
    """And it says which, the same for all three."""
    marked, foreign = await unsent(store, clock), await unsent(store, clock, owner="bob")
    await store.expire_unsent(clock.now() + 1, clock.now(), 10)
    good = await unsent(store, clock)
    with pytest.raises(FileGone) as refused:
        await ask(store, clock, attachment_ids=(good.id, marked.id, "no-such-file", foreign.id))
    assert refused.value.detail == {"attachment_ids": [marked.id, "no-such-file", foreign.id]}
    left = await store.get_attachment(good.id)
    assert left is not None
    assert left.conversation_id is None


async def test_one_that_belongs_to_a_conversation_goes_on_being_asked_about(store: Store, clock: ManualClock) -> None:
    file = await unsent(store, clock)
    first = await ask(store, clock, attachment_ids=(file.id,))
    assert await store.expire_unsent(clock.now() + 1, clock.now(), 10) == 0
    await ask(store, clock, first.conversation, attachment_ids=(file.id,))


async def test_of_a_sweep_and_a_message_at_once_the_message_wins_or_is_told(engine: Engine, clock: ManualClock) -> None:
    stores = [await engine.open() for _ in range(2)]
    for _ in range(8):
        file = await unsent(stores[0], clock)
        accepted, marked = await asyncio.gather(
            ask(stores[0], clock, attachment_ids=(file.id,)),
            stores[1].expire_unsent(clock.now() + 1, clock.now(), 10),
            return_exceptions=True,
        )
        found = await stores[1].expired_unsent(clock.now() + 1, 10)
        if isinstance(accepted, FileGone):
            assert marked == 1
            assert found == [file]
        else:
            assert not isinstance(accepted, BaseException)
            assert found == []
            taken = await stores[0].get_attachment(file.id)
            assert taken is not None
            assert taken.conversation_id == accepted.conversation.id
        await stores[0].delete_attachment(file.id)


@pytest.mark.parametrize("address", ["mongo"], indirect=True)
async def test_a_message_that_looked_before_takes_it_after_the_mark(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where acceptance is several steps. In SQLite it is one, so nothing comes between."""
    store = await engine.open()
    file = await unsent(store, clock)
    check = in_mongo.check

    async def and_then_it_expires(db: Collections, question: Message) -> None:
        await check(db, question)
        assert await store.expire_unsent(clock.now() + 1, clock.now(), 10) == 1

    monkeypatch.setattr(in_mongo, "check", and_then_it_expires)
    draft = a_conversation(clock)
    ticket = a_ticket(clock, draft)
    question = a_question(clock, ticket, attachment_ids=(file.id,))
    await store.accept(ticket, question, draft, user_limit=2, pool_limit=10, now=clock.now())
    assert await store.expired_unsent(clock.now() + 1, 10) == []
    assert [one.id for one in await store.attachments_of(draft.id)] == [file.id]
    monkeypatch.setattr(in_mongo, "check", check)
    await ask(store, clock, draft, attachment_ids=(file.id,))


@pytest.mark.parametrize("address", ["mongo"], indirect=True)
async def test_files_from_before_this_version_expire_too(engine: Engine, clock: ManualClock) -> None:
    """In SQLite their table has said it all along."""
    store = await engine.open()
    file, taken = await unsent(store, clock), await unsent(store, clock, conversation_id="c1")
    assert isinstance(store, MongoStore)
    async with store._database.writing() as db:
        await db.attachments.update_many({}, {"$unset": {"unsent_since": ""}})
        assert await store.expire_unsent(clock.now() + 1, clock.now(), 10) == 0
        for _ in range(2):
            await note_unsent_files(db)
    assert await store.expire_unsent(clock.now() + 1, clock.now(), 10) == 1
    assert await store.expired_unsent(clock.now(), 10) == [file]
    assert await store.get_attachment(taken.id) == taken
