"""How long temporary conversations stay, by the store's time."""

from tests.support.drafts import a_conversation
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store
from tokenline.core.ports.store.temporary import UNKEPT_S


async def expired(store: Store) -> list[str]:
    return [conversation.id for conversation in await store.expired_conversations(10)]


async def test_they_expire_when_they_were_kept_for_so_long(store: Store, clock: ManualClock):
    fleeting, other = a_conversation(clock, temporary=True), a_conversation(clock)
    for conversation in (fleeting, other):
        await store.create_conversation(conversation)
        await store.keep_temporary(conversation.id, 60)
    clock.advance(59)
    assert await expired(store) == []
    await store.keep_temporary(fleeting.id, 60)
    clock.advance(59)
    assert await expired(store) == []
    clock.advance(2)
    assert await expired(store) == [fleeting.id]
    # Somebody came back in time, or only just.
    await store.keep_temporary(fleeting.id, 10)
    assert await expired(store) == []
    clock.advance(11)
    await store.delete_conversation(fleeting.id)
    assert await expired(store) == []
    await store.keep_temporary(fleeting.id, -1)
    assert await expired(store) == []
    assert await store.get_conversation(other.id) is not None


async def test_one_that_nobody_kept_goes_by_itself(store: Store, clock: ManualClock):
    fleeting = a_conversation(clock, temporary=True)
    await store.create_conversation(fleeting)
    await store.create_conversation(a_conversation(clock))
    clock.advance(UNKEPT_S - 1)
    assert await expired(store) == []
    clock.advance(2)
    assert await expired(store) == [fleeting.id]
