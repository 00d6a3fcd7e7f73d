"""Which tickets a socket follows unasked, and that it follows none after its end."""

from types import SimpleNamespace
from typing import cast

import pytest

from services.gateway.deps import Deps
from services.gateway.live import Cursor, Follower
from services.gateway.ws.outbox import Outbox
from services.gateway.ws.session import Session
from tests.support.drafts import a_conversation
from tests.support.in_process.processes import principal
from tests.unit.test_core_ledger import entry
from tests.unit.test_core_ticket import ticket
from tokenline.contracts import frames as f
from tokenline.contracts.chat import Conversation
from tokenline.contracts.events import ConversationChanged, ConversationTyped, Event, LineEntry
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.clock import ManualClock
from tokenline.core.conversation import ConversationChange, changed


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


class Conversations:
    """One of a user's, and what is announced of it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.stored = a_conversation(self.clock, "u", id="c", answer_seq=9)
        self.announced: list[Event] = []
        self.writes = 0

    async def get_conversation(self, conversation_id: str) -> Conversation | None:
        return self.stored if conversation_id == "c" else None

    async def change_conversation(self, _: str, change: ConversationChange) -> Conversation:
        self.writes += 1
        self.stored = changed(self.stored, change)
        return self.stored

    def announce(self, event: Event) -> None:
        self.announced.append(event)

    def session(self, told: list[f.ServerFrame], only: str | None = None) -> Session:
        deps = SimpleNamespace(store=self, announcer=self, clock=self.clock)
        outbox = cast(Outbox, SimpleNamespace(notice=told.append, wake=lambda _: None))
        return Session(cast(Deps, deps), principal("u"), outbox, only, lambda _: None)


async def test_typing_is_passed_on_every_two_seconds_and_reading_when_it_is_news() -> None:
    there, told = Conversations(), list[f.ServerFrame]()
    session = there.session(told)
    for _ in range(50):
        await session.take(f.Typing(conversation_id="c"))
        there.clock.advance(0.1)
    assert there.announced == [ConversationTyped(conversation_id="c", owner_id="u", session=session.id)] * 3
    for seq in (4, 4, 2, 99, 99):
        await session.take(f.Read(conversation_id="c", seq=seq))
    assert (there.stored.read_seq, there.writes) == (9, 2)
    assert [type(event) for event in there.announced[3:]] == [ConversationChanged] * 2
    assert told == []


async def test_what_is_refused_is_named_and_ends_no_ticket() -> None:
    there, told = Conversations(), list[f.ServerFrame]()
    session = there.session(told, only="c")
    await session.take(f.Read(conversation_id="elsewhere", seq=1))
    await session.take(f.Typing(conversation_id="elsewhere"))
    await there.session(told).take(f.Typing(conversation_id="nobody's"))
    about = [(frame.refused, frame.ticket_id) for frame in told if isinstance(frame, f.Error)]
    assert about == [
        (f.Refused(type="read", conversation_id="elsewhere"), None),
        (f.Refused(type="typing", conversation_id="elsewhere"), None),
        (f.Refused(type="typing", conversation_id="nobody's"), None),
    ]
    assert there.announced == []


@pytest.fixture
def session(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Session:
    deps = SimpleNamespace(
        feed=SimpleNamespace(ledger=gateway), store=gateway, tickets=gateway, streams=gateway, clock=ManualClock()
    )
    outbox = cast(Outbox, SimpleNamespace(notice=lambda _: None, wake=lambda _: None))
    session = Session(cast(Deps, deps), principal("u"), outbox, None, lambda _: None)
    monkeypatch.setattr(Session, "_tell_accepted", lambda *_: None)
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
