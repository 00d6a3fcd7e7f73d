"""Links to conversations: found by token, listed for their owner, gone with their conversation."""

from tests.support.drafts import a_conversation, an_id
from tokenline.contracts.chat import Conversation
from tokenline.contracts.shares import Share
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


def a_share(clock: ManualClock, conversation: Conversation, message_id: str = "m1") -> Share:
    return Share(
        id=an_id(clock),
        token=f"token of {an_id(clock)}",
        owner_id=conversation.owner_id,
        conversation_id=conversation.id,
        message_id=message_id,
        title="As it was called",
        created_at=clock.now(),
    )


async def test_links_are_found_listed_and_taken_back(store: Store, clock: ManualClock):
    home, other, foreign = a_conversation(clock), a_conversation(clock), a_conversation(clock, "eve")
    made = []
    for conversation in (home, other, foreign):
        await store.create_conversation(conversation)
        made.append(await store.add_share(a_share(clock, conversation)))
    first, second, third = made
    assert first is not None
    assert second is not None
    assert third is not None
    # To the same message: the same link. To another one: another.
    assert await store.add_share(a_share(clock, home)) == first
    later = await store.add_share(a_share(clock, home, "m2"))
    assert later is not None
    assert later != first
    assert await store.shares("ann") == [later, second, first]
    assert await store.shares("ann", home.id) == [later, first]
    assert await store.shares("ann", foreign.id) == []
    assert await store.share_by_token(first.token) == first
    assert await store.get_share(first.id) == first
    await store.delete_share(first.id)
    await store.delete_share(first.id)
    assert await store.share_by_token(first.token) is None
    assert await store.get_share(first.id) is None
    assert await store.shares("ann", home.id) == [later]


async def test_links_go_with_their_conversation(store: Store, clock: ManualClock):
    home = a_conversation(clock)
    assert await store.add_share(a_share(clock, home)) is None
    assert await store.shares("ann") == []
    await store.create_conversation(home)
    made = await store.add_share(a_share(clock, home))
    assert made is not None
    await store.delete_conversation(home.id)
    assert await store.share_by_token(made.token) is None
    assert await store.shares("ann") == []
