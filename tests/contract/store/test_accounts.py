"""Accounts, refresh tokens with reuse detection, API keys."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.support.drafts import a_user, an_id
from tokenline.contracts.accounts import ApiKey, RefreshToken, Role, User
from tokenline.contracts.errors import Conflict
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


def a_token(clock: ManualClock, token_hash: str, family: str = "f1", ttl_s: float = 100) -> RefreshToken:
    return RefreshToken(hash=token_hash, family=family, user_id="ann", expires_at=clock.now() + ttl_s)


def a_key(clock: ManualClock, name: str, user_id: str = "ann") -> ApiKey:
    return ApiKey(id=an_id(clock), user_id=user_id, name=name, hash=f"hash of {name}", created_at=clock.now())


async def test_a_user_is_found_by_id_and_address(store: Store, clock: ManualClock):
    ann, bob = a_user(clock, "ann@example.org"), a_user(clock, "bob@example.org", tier=7)
    await store.create_user(ann)
    await store.create_user(bob)

    assert await store.get_user(bob.id) == bob
    assert await store.user_by_email("ann@example.org") == ann
    assert await store.get_users([bob.id, "nobody", ann.id]) == [bob, ann]
    assert await store.get_users([]) == []
    assert await store.get_user("nobody") is None
    assert await store.user_by_email("nobody@example.org") is None


async def test_an_address_belongs_to_one_account(store: Store, clock: ManualClock):
    outcomes = await asyncio.gather(*(store.create_user(a_user(clock)) for _ in range(10)), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 9


async def test_a_user_changes_but_not_into_somebody_elses_address(store: Store, clock: ManualClock):
    ann, bob = a_user(clock, "ann@example.org"), a_user(clock, "bob@example.org")
    await store.create_user(ann)
    await store.create_user(bob)

    moved = replace(ann, email="ann@example.net", disabled=True)
    await store.update_user(moved)
    assert await store.user_by_email("ann@example.net") == moved
    assert await store.user_by_email("ann@example.org") is None
    with pytest.raises(Conflict):
        await store.update_user(replace(moved, email=bob.email))
    assert await store.get_user(ann.id) == moved


async def test_whether_there_is_an_admin(store: Store, clock: ManualClock):
    await store.create_user(a_user(clock))
    assert not await store.has_admin()
    await store.create_user(a_user(clock, "root@example.org", role=Role.ADMIN))
    assert await store.has_admin()


async def test_whether_there_is_another_admin(store: Store, clock: ManualClock):
    root = a_user(clock, "root@example.org", role=Role.ADMIN)
    other = a_user(clock, "other@example.org", role=Role.ADMIN, disabled=True)
    for user in (root, other, a_user(clock)):
        await store.create_user(user)
    assert not await store.has_admin(besides=root.id)
    await store.update_user(replace(other, disabled=False))
    assert await store.has_admin(besides=root.id)


async def test_of_changes_to_a_user_at_the_same_time_none_is_lost(engine: Engine, clock: ManualClock):
    one, other = await engine.open(), await engine.open()
    ann, bob = a_user(clock), a_user(clock, "bob@example.org")
    await one.create_user(ann)
    await one.create_user(bob)
    before = await one.revoked_since(0)

    def one_up(user: User) -> User:
        return replace(user, tier=user.tier + 1)

    changes = [store.change_user(ann.id, one_up) for store in (one, other, one, other)]
    await asyncio.gather(*changes, one.change_user(ann.id, lambda user: replace(user, role=Role.ADMIN)))
    changed = await other.get_user(ann.id)
    assert changed == replace(ann, tier=ann.tier + 4, role=Role.ADMIN)
    assert (await one.revoked_since(before.mark)).users == frozenset({ann.id})

    mark = (await one.revoked_since(0)).mark
    assert await one.change_user(ann.id, lambda user: user) == changed
    assert await one.change_user("nobody", lambda user: replace(user, tier=1)) is None
    assert (await one.revoked_since(0)).mark == mark
    with pytest.raises(Conflict):
        await one.change_user(ann.id, lambda user: replace(user, email=bob.email))
    assert await one.get_user(ann.id) == changed


async def test_a_refresh_token_is_spent_once_and_its_reuse_shows(store: Store, clock: ManualClock):
    token = a_token(clock, "h1")
    await store.add_refresh_token(token)

    assert await store.spend_refresh_token("h1", clock.now()) == token
    clock.advance(1)
    reused = await store.spend_refresh_token("h1", clock.now())
    assert reused == replace(token, spent_at=clock.now() - 1)
    assert await store.spend_refresh_token("unknown", clock.now()) is None


async def test_two_who_spend_one_token_at_once(store: Store, clock: ManualClock):
    await store.add_refresh_token(a_token(clock, "h1"))
    spent = await asyncio.gather(*(store.spend_refresh_token("h1", clock.now()) for _ in range(10)))
    assert sum(token is not None and token.spent_at is None for token in spent) == 1


async def test_revoking_a_family_ends_all_its_tokens_and_those_to_come(store: Store, clock: ManualClock):
    await store.add_refresh_token(a_token(clock, "h1"))
    await store.add_refresh_token(a_token(clock, "h2"))
    other = a_token(clock, "h3", family="f2")
    await store.add_refresh_token(other)

    await store.revoke_refresh_family("f1", "ann")
    await store.add_refresh_token(a_token(clock, "h4"))

    for gone in ("h1", "h2", "h4"):
        assert await store.spend_refresh_token(gone, clock.now()) is None
    assert await store.spend_refresh_token("h3", clock.now()) == other


async def test_a_family_lives_until_it_is_revoked_or_expired(store: Store, clock: ManualClock):
    await store.add_refresh_token(a_token(clock, "h1", "f1", ttl_s=10))
    await store.add_refresh_token(a_token(clock, "h2", "f2", ttl_s=20))
    await store.spend_refresh_token("h2", clock.now())
    assert await store.refresh_family_is_live("f1")
    assert await store.refresh_family_is_live("f2")
    assert not await store.refresh_family_is_live("unknown")

    clock.advance(10)
    assert not await store.refresh_family_is_live("f1")
    await store.revoke_refresh_family("f2", "ann")
    assert not await store.refresh_family_is_live("f2")


async def test_sign_ins_are_the_unspent_tokens_of_families_that_live(store: Store, clock: ManualClock):
    old, phone, laptop = a_token(clock, "h1", "f1"), a_token(clock, "h2", "f1"), a_token(clock, "h3", "f2")
    laptop = replace(laptop, issued_at=5.0)
    expired, foreign = a_token(clock, "h4", "f3", ttl_s=1), replace(a_token(clock, "h5", "f4"), user_id="bob")
    for token in (old, phone, laptop, expired, foreign, a_token(clock, "h6", "f5")):
        await store.add_refresh_token(token)
    await store.spend_refresh_token("h1", clock.now())
    await store.revoke_refresh_family("f5", "ann")
    clock.advance(2)
    assert await store.sign_ins("ann") == [laptop, phone]
    assert await store.sign_ins("bob") == [foreign]
    assert await store.sign_ins("nobody") == []


async def test_all_of_a_users_sign_ins_end_at_once_but_for_one(store: Store, clock: ManualClock):
    tokens = [a_token(clock, f"h{number}", f"f{number}") for number in range(3)]
    foreign = replace(a_token(clock, "h9", "f9"), user_id="bob")
    for token in (*tokens, foreign):
        await store.add_refresh_token(token)
    mark = (await store.revoked_since(0)).mark
    await store.revoke_refresh_families("ann", except_family="f1")
    assert [await store.refresh_family_is_live(family) for family in ("f0", "f1", "f2", "f9")] == [
        False,
        True,
        False,
        True,
    ]
    assert (await store.revoked_since(mark)).users == frozenset({"ann"})
    await store.revoke_refresh_families("ann")
    assert await store.sign_ins("ann") == []
    assert await store.spend_refresh_token("h1", clock.now()) is None
    assert await store.spend_refresh_token("h9", clock.now()) == foreign


async def test_when_keys_were_used_never_goes_back(store: Store, clock: ManualClock):
    first, second = a_key(clock, "first"), a_key(clock, "second")
    for key in (first, second):
        await store.add_api_key(key)
    await store.note_keys_used({first.id: 20.0, "unknown": 20.0})
    await store.note_keys_used({first.id: 10.0})
    assert {key.id: key.used_at for key in await store.api_keys("ann")} == {first.id: 20.0, second.id: None}
    assert await store.api_key_by_hash(first.hash) == replace(first, used_at=20.0)


async def test_api_keys_are_listed_found_and_revoked(store: Store, clock: ManualClock):
    first = a_key(clock, "first")
    clock.advance(1)
    second = a_key(clock, "second")
    for key in (second, first, a_key(clock, "bob's", "bob")):
        await store.add_api_key(key)

    assert await store.api_keys("ann") == [first, second]
    assert await store.api_key_by_hash(first.hash) == first
    assert await store.revoke_api_key(first.id, "ann", clock.now())
    assert not await store.revoke_api_key(first.id, "ann", clock.now())
    assert await store.api_keys("ann") == [second]
    assert await store.api_key_by_hash(first.hash) is None
    assert await store.api_key_by_hash("unknown") is None


async def test_somebody_elses_api_key_is_a_missing_one(store: Store, clock: ManualClock):
    key = a_key(clock, "mine")
    await store.add_api_key(key)
    assert not await store.revoke_api_key(key.id, "bob", clock.now())
    assert not await store.revoke_api_key("no-such-key", "ann", clock.now())
    assert await store.api_keys("ann") == [key]
