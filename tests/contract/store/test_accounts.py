"""Accounts, refresh tokens with reuse detection, API keys."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support.drafts import a_user, an_id
from tokenline.contracts.accounts import ApiKey, RefreshToken, Role
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
