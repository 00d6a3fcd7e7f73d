"""What a user's sockets are told without asking."""

import asyncio
from typing import cast

from services.gateway.ws.hub import Hub
from services.gateway.ws.session import Session
from tests.unit.test_core_ledger import entry
from tokenline.contracts.events import AnswerRated, ConversationTyped, LineEntry, TicketChanged
from tokenline.contracts.frames import FeedbackFrame, ServerFrame, Typed
from tokenline.contracts.tickets import TicketState
from tokenline.runtime.supervisor import Supervisor


class Tab:
    """Knows no ticket yet. ``only`` shows one conversation."""

    def __init__(self, name: str = "", only: str | None = None) -> None:
        self.id = name
        self.followed: list[str] = []
        self.noticed: list[ServerFrame] = []
        self._only = only

    def shows(self, conversation_id: str) -> bool:
        return self._only in (None, conversation_id)

    def notice(self, frame: ServerFrame) -> None:
        self.noticed.append(frame)

    def wants(self, entry: LineEntry) -> bool:
        return entry.ticket_id not in self.followed

    async def follow_new(self, ticket_id: str) -> None:
        self.followed.append(ticket_id)


async def test_a_ticket_whose_end_is_heard_of_first_is_followed_too() -> None:
    """Asked at one gateway and withdrawn at another: their news may come in either order."""
    tab = Tab()
    async with Supervisor() as supervisor:
        hub = Hub(supervisor)
        hub.add("u", cast(Session, tab))
        hub.on_event(TicketChanged(entry=entry(1, TicketState.QUEUED, owner_id="u")))
        hub.on_event(TicketChanged(entry=entry(2, TicketState.CANCELLED, owner_id="u")))
        # Of one that ran it was told before, and that an administrator looks after it is no news.
        hub.on_event(TicketChanged(entry=entry(3, TicketState.ERROR, owner_id="u", attempt=3)))
        for _ in range(5):
            await asyncio.sleep(0)
    assert tab.followed == ["t1", "t2"]


async def test_typing_is_told_to_the_users_other_tabs_and_nobody_else() -> None:
    writing, other, elsewhere, foreign = Tab("a"), Tab("b"), Tab("c", only="c2"), Tab("d")
    async with Supervisor() as supervisor:
        hub = Hub(supervisor)
        for tab in (writing, other, elsewhere):
            hub.add("u", cast(Session, tab))
        hub.add("v", cast(Session, foreign))
        hub.on_event(ConversationTyped(conversation_id="c1", owner_id="u", session="a"))
        hub.on_event(AnswerRated(conversation_id="c1", owner_id="u", message_id="m", feedback=None))
    rated = FeedbackFrame(conversation_id="c1", message_id="m", feedback=None)
    assert writing.noticed == [rated]
    assert other.noticed == [Typed(conversation_id="c1"), rated]
    assert elsewhere.noticed == foreign.noticed == []


async def test_one_that_left_is_told_nothing_and_the_others_go_on() -> None:
    left, stays = Tab("a"), Tab("b")
    async with Supervisor() as supervisor:
        hub = Hub(supervisor)
        for tab in (left, stays):
            hub.add("u", cast(Session, tab))
        hub.remove("u", cast(Session, left))
        hub.remove("u", cast(Session, left))
        rated = AnswerRated(conversation_id="c1", owner_id="u", message_id="m", feedback=None)
        hub.on_event(rated)
        hub.remove("u", cast(Session, stays))
        hub.on_event(rated)
    assert left.noticed == []
    assert len(stays.noticed) == 1
    assert hub._sessions == {}
