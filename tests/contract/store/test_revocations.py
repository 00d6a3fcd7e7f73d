"""The mark that tells, in one read, whether somebody's rights have changed (B4)."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.contract.store.test_accounts import a_key, a_token
from tests.support.drafts import a_user
from tokenline.contracts.accounts import Role
from tokenline.contracts.errors import Conflict
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Revoked, Store


async def test_whatever_takes_rights_back_moves_the_mark_and_names_whom(store: Store, clock: ManualClock):
    bob, cid = a_user(clock, "bob@example.org"), a_user(clock, "cid@example.org")
    key = a_key(clock, "ann's")
    for user in (bob, cid):
        await store.create_user(user)
    await store.add_api_key(key)
    await store.add_refresh_token(a_token(clock, "h1"))
    await store.spend_refresh_token("h1", clock.now())
    assert await store.revoked_since(0) == Revoked(mark=0, users=frozenset())

    mark = 0
    for change, concerned in (
        (store.update_user(replace(bob, role=Role.ADMIN)), bob.id),
        (store.revoke_refresh_family("f1", "ann"), "ann"),
        (store.update_user(replace(cid, disabled=True)), cid.id),
        (store.revoke_api_key(key.id, "ann", clock.now()), "ann"),
    ):
        await change
        revoked = await store.revoked_since(mark)
        assert revoked.mark > mark
        assert revoked.users == frozenset({concerned})
        mark = revoked.mark
    assert await store.revoked_since(mark) == Revoked(mark=mark, users=frozenset())
    assert (await store.revoked_since(0)).users == frozenset({"ann", bob.id, cid.id})


async def test_what_takes_nothing_back_does_not_move_it(store: Store, clock: ManualClock):
    ann, bob = a_user(clock, "ann@example.org"), a_user(clock, "bob@example.org")
    await store.create_user(ann)
    await store.create_user(bob)
    assert not await store.revoke_api_key("no-such-key", ann.id, clock.now())
    with pytest.raises(Conflict):
        await store.update_user(replace(ann, email=bob.email))
    assert await store.revoked_since(0) == Revoked(mark=0, users=frozenset())


async def test_a_mark_from_before_the_store_was_put_back_concerns_everybody(store: Store):
    await store.revoke_refresh_family("f1", "ann")
    assert (await store.revoked_since(1_000_000)).users is None


async def test_whoever_reads_along_hears_of_everybody(engine: Engine):
    """Many at once, from two processes: none is named before a mark that was read already."""
    one, other = await engine.open(), await engine.open()
    users = {f"u{number}" for number in range(60)}
    reader = await engine.open()
    mark, named = 0, set[str]()

    async def look() -> None:
        nonlocal mark
        revoked = await reader.revoked_since(mark)
        mark = revoked.mark
        named.update(users if revoked.users is None else revoked.users)

    stores = zip(sorted(users), [one, other] * 30, strict=True)
    writing = asyncio.gather(*(store.revoke_refresh_family(f"f{user}", user) for user, store in stores))
    while not writing.done():
        await look()
    await writing
    await look()
    assert named == users
