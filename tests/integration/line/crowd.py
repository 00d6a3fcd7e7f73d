"""People who ask until they are accepted and listen until they are answered, at whatever gateway lives."""

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, aclosing
from random import Random
from typing import Any, cast

from websockets.asyncio.client import ClientConnection

from services.gateway.accept import Question
from services.gateway.live import Cursor
from tests.integration.line.house import House
from tests.support.chat import Chat, Seen
from tests.support.in_process.fuse import Died
from tests.support.in_process.processes import Gateway, principal
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import FollowUp
from tokenline.contracts.errors import BrokerUnavailable, StoreUnavailable, TooLate
from tokenline.contracts.frames import ServerFrame
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import TicketState
from tokenline.runtime.supervisor import Supervisor

USERS = ("ann", "bob", "cyd", "dee")
RESENT_AFTER_S = 0.002
LOOK_S = 0.02
"""How long a listener waits before it looks whether its gateway still lives."""

LIVES_ON = (StoreUnavailable, BrokerUnavailable, TooLate, Died)
"""What whoever does something must be ready for."""


class Crowd:
    def __init__(self, house: House, seed: int) -> None:
        self.told: dict[TicketId, Seen] = {}
        self.wrong: list[Exception] = []
        """What nobody may meet: a text with a gap, say."""
        self._house = house
        # Two sources, so that what is done does not depend on how fast the store's threads are.
        self._will, self._chance = Random(f"{seed} will"), Random(f"{seed} chance")
        self._people = Supervisor()
        self._doings = Supervisor()
        self._stack = AsyncExitStack()
        self._asked = 0
        self._owners: dict[TicketId, str] = {}
        self._conversations: dict[str, list[str]] = {user: [] for user in USERS}

    async def __aenter__(self) -> "Crowd":
        await self._stack.enter_async_context(self._people)
        await self._stack.enter_async_context(self._doings)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    @property
    def waits(self) -> bool:
        """Somebody has not been answered."""
        return bool(len(self._people))

    @property
    def acts(self) -> bool:
        """Something that was begun is not over."""
        return bool(len(self._doings))

    def by_the_way(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        """Whatever becomes of it, life goes on."""
        self._doings.spawn(name, self._lives_on(work))

    async def _lives_on(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except LIVES_ON:
            return
        except Exception as error:
            self.wrong.append(error)

    def _a_gateway(self) -> Gateway:
        return self._chance.choice(self._house.gateways)

    # ── what they do ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def somebody_asks(self) -> None:
        user = self._will.choice(USERS)
        known = self._conversations[user]
        conversation = self._will.choice(known) if known and self._will.random() < 0.6 else None
        follow_up = FollowUp.INTERRUPT if self._will.random() < 0.1 else FollowUp.QUEUE
        content = f"q{self._asked}"
        self._asked += 1
        question = Question(
            content=content, conversation_id=conversation, client_message_id=content, follow_up=follow_up
        )
        self._people.spawn(content, self._lives_on(self._ask(user, question)))

    async def somebody_stops(self) -> None:
        if (ticket_id := await self._one_of(*TicketState)) is not None:
            asker = principal(self._owners[ticket_id])
            self.by_the_way("stop", self._a_gateway().tickets.stop(asker, ticket_id))

    async def somebody_edits(self) -> None:
        if (ticket_id := await self._one_of(TicketState.QUEUED, TicketState.HELD)) is not None:
            asker, content = principal(self._owners[ticket_id]), f"{self._house.accepted[ticket_id]} edited"
            self.by_the_way("edit", self._a_gateway().tickets.edit(asker, ticket_id, content))

    async def an_administrator_moves_one(self) -> None:
        if (ticket_id := await self._one_of(TicketState.QUEUED, TicketState.HELD)) is not None:
            ticket = await self._house.ticket(ticket_id)
            if ticket.due_at is None:
                line = self._a_gateway().line
                self.by_the_way("move", line.reposition(ticket, priority=self._will.randrange(10)))

    async def _one_of(self, *states: TicketState) -> TicketId | None:
        live = [t.id for t in await self._house.store.live_tickets() if t.state in states and t.id in self._owners]
        return self._will.choice(live) if live else None

    # ── what they are told ───────────────────────────────────────────────────────────────────────────────────────────

    async def _ask(self, user: str, question: Question) -> None:
        while True:
            try:
                accepted = await self._a_gateway().ask(user, question)
            except LIVES_ON:
                await asyncio.sleep(RESENT_AFTER_S)
            else:
                break
        ticket = self._house.note(accepted)
        self._owners[ticket.id] = user
        self._conversations[user].append(ticket.conversation_id)
        await self._follow(user, ticket.id)

    async def _follow(self, user: str, ticket_id: TicketId) -> None:
        person = Chat(cast(ClientConnection, None))
        seen = self.told[ticket_id] = person.tickets[ticket_id] = Seen()
        while seen.end is None:
            try:
                await self._listen(self._a_gateway(), user, ticket_id, person)
            except LIVES_ON:
                await asyncio.sleep(RESENT_AFTER_S)
            except AssertionError as error:
                raise AssertionError(f"{self._house.accepted[ticket_id]} was told {seen}") from error

    async def _listen(self, gateway: Gateway, user: str, ticket_id: TicketId, person: Chat) -> None:
        """Until the end, or the gateway's."""
        ticket = await gateway.tickets.get(principal(user), ticket_id)
        seen = person.tickets[ticket_id]
        cursor = Cursor(attempt=seen.attempt, offset=len(seen.text))
        frames = gateway.tickets.frames(principal(user), ticket, cursor, LOOK_S)
        following = cast(AsyncGenerator[ServerFrame | str | None, None], frames)
        async with aclosing(following):
            async for frame in following:
                if frame is not None:
                    person.take(json.loads(frame if isinstance(frame, str) else to_json(frame)))
                elif gateway not in self._house.gateways:
                    return
