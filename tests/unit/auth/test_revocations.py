"""Who is asked again, and who is ended, when rights change (B4)."""

from collections import Counter

import pytest
from msgspec.structs import replace

from tokenline.contracts.accounts import Role
from tokenline.contracts.errors import NotAllowed, NotSignedIn, StoreUnavailable, TokenExpired, TokenlineError
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Revoked
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.revocations import RECHECK_S, Revocations


def principal_of(user: str, expires_at: float | None = None) -> Principal:
    return Principal(
        user_id=user,
        email=f"{user}@example.org",
        role=Role.USER,
        tier=4,
        via="password",
        credential_id=f"sign-in of {user}",
        expires_at=expires_at,
    )


class Open:
    def __init__(self, user: str, expires_at: float | None = None) -> None:
        self.principal = principal_of(user, expires_at)
        self.ended_by: Exception | None = None

    def go_on_as(self, principal: Principal) -> None:
        if principal.tier == 0:
            raise NotAllowed
        self.principal = principal

    def end(self, error: Exception) -> None:
        self.ended_by = error


class House:
    """Store and accounts at once; counts what it is asked."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.revoked = Revoked(mark=0, users=frozenset())
        self.asked = Counter[str]()
        self.gone: dict[str, TokenlineError] = {}
        self.tiers: dict[str, int] = {}
        self.down: TokenlineError | None = None
        self.revocations = Revocations(self, self, self.clock, uniform=lambda: 0.0)

    async def revoked_since(self, mark: int) -> Revoked:
        self.asked["mark"] += 1
        if self.down:
            raise self.down
        news = mark < self.revoked.mark
        return self.revoked if news else Revoked(mark=mark, users=frozenset())

    async def recheck(self, principal: Principal) -> Principal:
        self.asked[principal.user_id] += 1
        if principal.user_id in self.gone:
            raise self.gone[principal.user_id]
        return replace(principal, tier=self.tiers.get(principal.user_id, principal.tier))

    def change(self, *users: str) -> None:
        self.revoked = Revoked(mark=self.revoked.mark + 1, users=frozenset(users))

    async def opened(self, *users: str) -> list[Open]:
        """Open, and past their first look."""
        opened = [Open(user) for user in users]
        for one in opened:
            self.revocations.watch(one)
        await self.revocations.look()
        self.asked.clear()
        return opened


@pytest.fixture
def house() -> House:
    return House()


async def test_idle_sockets_cost_one_read_a_look_however_many(house: House):
    await house.opened(*(f"u{number}" for number in range(500)))
    for _ in range(50):
        await house.revocations.look()
    assert house.asked == {"mark": 50}


async def test_only_those_concerned_are_asked_and_ended(house: House):
    ann, bob, anns_other = await house.opened("ann", "bob", "ann")
    house.gone["ann"] = NotSignedIn()
    house.change("ann")
    await house.revocations.look()
    assert isinstance(ann.ended_by, NotSignedIn)
    assert isinstance(anns_other.ended_by, NotSignedIn)
    assert bob.ended_by is None
    assert house.asked == {"mark": 1, "ann": 2}


async def test_when_nobody_is_named_everybody_is_asked(house: House):
    opened = await house.opened(*(f"u{number}" for number in range(100)))
    house.gone["u99"] = NotSignedIn()
    house.revoked = Revoked(mark=1, users=None)
    await house.revocations.look()
    assert [one.principal.user_id for one in opened if one.ended_by] == ["u99"]
    assert house.asked.total() == 101


async def test_changed_rights_are_taken_over_or_end_it(house: House):
    ann, bob = await house.opened("ann", "bob")
    house.tiers = {"ann": 9, "bob": 0}
    house.change("ann", "bob")
    await house.revocations.look()
    assert (ann.principal.tier, ann.ended_by) == (9, None)
    assert isinstance(bob.ended_by, NotAllowed)


async def test_expiry_is_told_by_the_clock(house: House):
    ann, bob = await house.opened("ann", "bob")
    ann.principal = principal_of("ann", expires_at=house.clock.now() + 10)
    bob.principal = principal_of("bob", expires_at=house.clock.now() + 11)
    house.clock.advance(10)
    await house.revocations.look()
    assert isinstance(ann.ended_by, TokenExpired)
    assert bob.ended_by is None
    assert house.asked == {"mark": 1}


async def test_a_sign_in_that_rests_on_memory_is_asked_once(house: House):
    """Signed out a moment before it was opened, and looked for already: the mark will not move for it again."""
    late = Open("ann")
    house.gone["ann"] = NotSignedIn()
    house.revocations.watch(late)
    await house.revocations.look()
    assert isinstance(late.ended_by, NotSignedIn)


async def test_one_that_got_another_principal_meanwhile_is_judged_by_that(house: House, monkeypatch):
    (ann,) = await house.opened("ann")
    fresh = principal_of("ann")

    async def renewed_meanwhile(_: Principal) -> Principal:
        ann.principal = fresh
        house.revocations.watch(ann)
        raise NotSignedIn

    with monkeypatch.context() as patch:
        patch.setattr(house, "recheck", renewed_meanwhile)
        house.change("ann")
        await house.revocations.look()
    assert ann.ended_by is None
    assert ann.principal is fresh
    await house.revocations.look()
    assert house.asked["ann"] == 1


async def test_each_is_asked_again_after_minutes_whatever_the_mark(house: House):
    (ann,) = await house.opened("ann")
    house.gone["ann"] = NotSignedIn()
    house.clock.advance(RECHECK_S / 2)
    await house.revocations.look()
    assert isinstance(ann.ended_by, NotSignedIn)


async def test_while_the_store_is_away_only_expiry_ends_anything(house: House):
    ann, bob = await house.opened("ann", "bob")
    bob.principal = principal_of("bob", expires_at=house.clock.now())
    house.down = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await house.revocations.look()
    assert ann.ended_by is None
    assert isinstance(bob.ended_by, TokenExpired)


async def test_who_could_not_be_asked_is_asked_by_the_next_look(house: House):
    (ann,) = await house.opened("ann")
    house.gone["ann"] = StoreUnavailable()
    house.change("ann")
    await house.revocations.look()
    assert ann.ended_by is None
    house.gone["ann"] = NotSignedIn()
    await house.revocations.look()
    assert isinstance(ann.ended_by, NotSignedIn)


async def test_who_left_is_asked_no_more(house: House):
    (ann,) = await house.opened("ann")
    house.revocations.leave(ann)
    house.change("ann")
    await house.revocations.look()
    assert house.asked == {"mark": 1}
