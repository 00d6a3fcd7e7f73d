"""Who users are at OpenID Connect providers."""

from msgspec.structs import replace

from tests.support.a_life import erasure_of
from tests.support.drafts import a_user
from tokenline.contracts.accounts import Identity
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


async def test_an_identity_is_found_by_issuer_and_subject_exactly(store: Store, clock: ManualClock):
    ann = Identity(issuer="https://id.example", subject="1", user_id="ann", created_at=clock.now())
    await store.put_identity(ann)
    await store.put_identity(replace(ann, subject="a b", user_id="bob"))
    assert await store.identity("https://id.example", "1") == ann
    for issuer, subject in (("https://id.example/", "1"), ("https://id.example", "2"), ("https://id.example a", "b")):
        assert await store.identity(issuer, subject) is None
    await store.put_identity(replace(ann, user_id="ann again"))
    again = await store.identity("https://id.example", "1")
    assert again is not None
    assert again.user_id == "ann again"


async def test_it_goes_with_the_account(store: Store, clock: ManualClock):
    user = a_user(clock)
    await store.create_user(user)
    await store.put_identity(Identity(issuer="https://i", subject="1", user_id=user.id, created_at=0.0))
    await store.put_identity(Identity(issuer="https://i", subject="2", user_id="bob", created_at=0.0))
    await store.begin_erasure(erasure_of(user, clock))
    assert await store.identity("https://i", "1") is None
    assert await store.identity("https://i", "2") is not None
