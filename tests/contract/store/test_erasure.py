"""Deleting an account: at once nobody gets in, and at the end nothing is left of it in any table or collection."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.support.a_life import EMAIL, an_admin, erasure_of, lived
from tests.support.drafts import a_user
from tests.support.raw import all_of
from tokenline.contracts.accounts import Role
from tokenline.contracts.errors import LastAdministrator, StoreUnavailable
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store
from tokenline.runtime.auth.accounts import Accounts


async def test_from_the_beginning_on_nobody_gets_in_and_the_address_is_free(store: Store, clock: ManualClock):
    user, _ = await lived(store, clock)
    [key] = await store.api_keys(user.id)
    mark = (await store.revoked_since(0)).mark
    erasure = erasure_of(user, clock)
    assert await store.begin_erasure(erasure)
    assert await store.get_user(user.id) is None
    assert await store.user_by_email(EMAIL) is None
    assert (await store.sign_ins(user.id), await store.api_keys(user.id)) == ([], [])
    assert await store.api_key_by_hash(key.hash) is None
    assert (await store.revoked_since(mark)).users == frozenset({user.id})
    assert await store.erasures(10) == [erasure]
    assert not await store.begin_erasure(erasure)
    await store.create_user(a_user(clock, EMAIL))
    assert await store.erasures(10) == [erasure]


async def test_the_last_administrator_stays(store: Store, clock: ManualClock):
    admin = await an_admin(store, clock)
    asleep = a_user(clock, "asleep@example.org", role=Role.ADMIN, disabled=True)
    for user in (asleep, a_user(clock)):
        await store.create_user(user)
    with pytest.raises(LastAdministrator):
        await store.begin_erasure(erasure_of(admin, clock))
    assert await store.get_user(admin.id) == admin
    assert await store.erasures(10) == []
    await store.update_user(replace(asleep, disabled=False))
    assert await store.begin_erasure(erasure_of(admin, clock))


async def test_of_two_administrators_who_leave_at_once_at_two_gateways_one_stays(engine: Engine, clock: ManualClock):
    """The store alone cannot see to it everywhere: whoever leaves holds a lease."""
    gateways = [Accounts(await engine.open(), clock, "x" * 32) for _ in range(2)]
    leaving = []
    for number, gateway in enumerate(gateways):
        user = await gateway.create(f"{number}@example.org", "correct horse", Role.ADMIN)
        pair = await gateway.sign_ins.begin(user, "")
        leaving.append(gateway.delete(await gateway.authenticate(pair.access_token), "correct horse"))
    outcomes = await asyncio.gather(*leaving, return_exceptions=True)
    assert outcomes.count(None) == 1
    assert {type(outcome) for outcome in outcomes} <= {type(None), LastAdministrator, StoreUnavailable}
    assert await (await engine.open()).has_admin()


async def test_nothing_is_left_of_it_and_nothing_else_is_touched(
    engine: Engine, store: Store, clock: ManualClock, address: str
):
    user, files = await lived(store, clock)
    bob, bobs = await lived(store, clock, "joann.of.the.many.things@example.org")
    admin = await an_admin(store, clock)
    erasure = erasure_of(user, clock)
    await store.begin_erasure(erasure)
    assert {file.id for file in await store.owned_attachments(user.id, 10)} == {file.id for file in files}
    assert len(await store.owned_attachments(user.id, 2)) == 2
    for ticket in await store.live_tickets(user.id):
        assert await store.replace_ticket(moves.cancel(ticket, now=clock.now()))
    for file in await store.owned_attachments(user.id, 10):
        await store.delete_attachment(file.id)
    conversations = await store.owned_conversations(user.id, 10)
    assert len(conversations) == 5
    assert len(await store.owned_conversations(user.id, 3)) == 3
    for conversation_id in conversations:
        await store.delete_conversation(conversation_id)
    await store.close_account(user.id)
    marked = await store.revoked_since(0)
    await store.finish_erasure(erasure)
    await store.finish_erasure(erasure)

    left = await all_of(address)
    assert user.id not in left
    assert EMAIL not in left.replace(bob.email, "")
    assert (await store.revoked_since(0)).mark >= marked.mark, "a mark that falls concerns everybody"
    assert await store.erasures(10) == []

    assert await store.get_user(bob.id) == bob
    assert await store.get_user(admin.id) == admin
    assert len(await store.live_tickets(bob.id)) == 2
    assert len(await store.owned_conversations(bob.id, 10)) == 5
    assert (len(await store.shares(bob.id)), len((await store.feedback()).items)) == (1, 1)
    assert len(await store.owned_attachments(bob.id, 10)) == len(bobs)
    assert len(await store.webhooks(bob.id)) == 1
    assert len((await store.audit()).items) == 4
    assert left.count(bob.email) >= 3


async def test_many_at_once_are_listed_oldest_first(store: Store, clock: ManualClock):
    users = [a_user(clock, f"{number}@example.org") for number in range(4)]
    for user in users:
        await store.create_user(user)
        clock.advance(1)
        await store.begin_erasure(erasure_of(user, clock))
    assert [erasure.user_id for erasure in await store.erasures(3)] == [user.id for user in users[:3]]
    await asyncio.gather(*(store.finish_erasure(erasure) for erasure in await store.erasures(10)))
    assert await store.erasures(3) == []
