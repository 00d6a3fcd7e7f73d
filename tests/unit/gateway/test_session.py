"""Which tickets a socket follows unasked, and that it follows none after its end."""

from types import SimpleNamespace
from typing import cast

import pytest

from services.gateway.deps import Deps
from services.gateway.live import Cursor, Follower
from services.gateway.ws.outbox import Outbox
from services.gateway.ws.session import Session
from tests.support.in_process.processes import principal
from tests.unit.test_core_ledger import entry
from tests.unit.test_core_ticket import ticket
from tokenline.contracts import frames as f
from tokenline.contracts.events import LineEntry
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.clock import ManualClock


class Gateway:
    """Knows the tickets ``known`` and who follows."""

    def __init__(self, *known: LineEntry) -> None:
        self.known = list(known)
        self.followers: list[Follower] = []

    def of_owner(self, _: str) -> list[LineEntry]:
        return self.known

    async def get_ticket(self, ticket_id: str) -> Ticket:
        return ticket(TicketState.QUEUED, id=ticket_id)

    async def get(self, _: object, ticket_id: str) -> Ticket:
        return await self.get_ticket(ticket_id)

    async def get_message(self, _: str) -> SimpleNamespace:
        return SimpleNamespace(ticket_id="t2", conversation_id="c", client_message_id=None)

    async def join(self, _: Ticket, follower: Follower) -> None:
        self.followers.append(follower)

    def leave(self, follower: Follower) -> None:
        self.followers.remove(follower)


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(entry(1))


@pytest.fixture
def session(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Session:
    deps = SimpleNamespace(
        feed=SimpleNamespace(ledger=gateway), store=gateway, tickets=gateway, streams=gateway, clock=ManualClock()
    )
    outbox = cast(Outbox, SimpleNamespace(notice=lambda _: None, wake=lambda _: None))
    session = Session(cast(Deps, deps), principal("u"), outbox, None, lambda _: None)
    monkeypatch.setattr(session, "_tell_accepted", lambda *_: None)
    session.start(10.0)
    return session


async def test_what_was_listed_waits_for_its_client_who_knows_how_much_it_has(
    gateway: Gateway, session: Session
) -> None:
    assert not session.wants(entry(1))
    assert session.wants(entry(2))
    await session.take(f.Resume(ticket_id="t1", attempt=1, offset=40))
    [follower] = gateway.followers
    assert (follower.cursor.attempt, follower.cursor.offset) == (1, 40)
    await session.take(f.Resume(ticket_id="t1", attempt=1, offset=50))
    [again] = gateway.followers
    assert again.cursor.offset == 50


async def test_nobody_is_followed_for_a_socket_that_is_gone(gateway: Gateway, session: Session) -> None:
    await session.follow_new("t2")
    assert [follower.ticket_id for follower in gateway.followers] == ["t2"]
    session.stop()
    assert gateway.followers == []
    await session.follow_new("t3")
    await session.take(f.Resume(ticket_id="t1"))
    assert gateway.followers == []


async def test_a_replaced_follower_that_ends_takes_nothing_with_it(gateway: Gateway, session: Session) -> None:
    await session.take(f.Resume(ticket_id="t1"))
    [former] = gateway.followers
    await session.take(f.Resume(ticket_id="t1", attempt=1, offset=3))
    gateway.followers.append(former)
    session.ended(former)
    await session.take(f.Resume(ticket_id="t1", attempt=1, offset=5))
    [current] = gateway.followers
    assert current.cursor == Cursor(attempt=1, offset=5)
