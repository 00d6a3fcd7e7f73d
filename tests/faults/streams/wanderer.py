"""A client that never stays: it reads for a moment, breaks off, and goes on somewhere else by another way."""

import asyncio
import hashlib
import json
from contextlib import suppress
from random import Random

import httpx2

from tests.support.chat import Frame, Seen
from tests.support.people import as_holder
from tests.support.system import TLS, System

GATEWAYS = ("gateway-1", "gateway-2")


class Wanderer:
    """As strict as `tests.support.chat`. ``cut_short`` counts the times it broke off while an answer was unfinished."""

    def __init__(self, system: System, key: str, random: Random) -> None:
        self.tickets: dict[str, Seen] = {}
        self.cut_short = 0
        self._system = system
        self._key = key
        self._random = random

    async def ask(self, first: str, second: str) -> None:
        """Two questions of one conversation, so that one waits for the other."""
        number = len(self.tickets)
        async with as_holder(self._system, self._key, tickets=self.tickets) as chat:
            ticket = await chat.ask(first, f"m{number}", agent_id="wide")
            conversation = self.tickets[ticket].frames[0]["conversation_id"]
            await chat.ask(second, f"m{number + 1}", conversation_id=conversation)

    async def wander(self, within_s: float = 90) -> None:
        """Until every answer is here."""
        async with asyncio.timeout(within_s):
            while unfinished := [ticket for ticket, seen in self.tickets.items() if seen.end is None]:
                gateway = self._random.choice(GATEWAYS)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._random.random() * 0.4):
                        if self._random.random() < 0.3:
                            await self._by_events(gateway, self._random.choice(unfinished))
                        else:
                            await self._by_socket(gateway, unfinished)
                self.cut_short += any(seen.end is None for seen in self.tickets.values())

    async def hears_the_end_again(self) -> None:
        """A finished answer is resumed from anywhere in it, too."""
        async with as_holder(self._system, self._key, self._random.choice(GATEWAYS)) as chat:
            for ticket, seen in self.tickets.items():
                await chat.resume(ticket, Seen(seen.attempt, seen.text[: self._random.randrange(len(seen.text) + 1)]))
            await chat.ended(*self.tickets)
            assert {ticket: seen.text for ticket, seen in chat.tickets.items()} == {
                ticket: seen.text for ticket, seen in self.tickets.items()
            }

    async def has_what_is_stored(self) -> bool:
        """Polling is a way to read, too."""
        headers = {"authorization": f"Bearer {self._key}"}
        async with httpx2.AsyncClient(base_url=self._system.url(), headers=headers, verify=TLS) as http:
            for ticket, seen in self.tickets.items():
                view = (await http.get(f"/api/v1/chat/tickets/{ticket}")).json()
                assert view["state"] == "complete"
                if _hash(view["answer"]["content"]) != _hash(seen.text):
                    return False
        return True

    async def _by_socket(self, gateway: str, unfinished: list[str]) -> None:
        async with as_holder(self._system, self._key, gateway, self.tickets) as chat:
            try:
                for ticket in unfinished:
                    await chat.resume(ticket, self.tickets[ticket])
                await chat.ended(*unfinished)
            finally:
                if self._random.random() < 0.5:
                    chat.socket.transport.abort()

    async def _by_events(self, gateway: str, ticket: str) -> None:
        seen = self.tickets[ticket]
        headers = {"authorization": f"Bearer {self._key}", "last-event-id": f"{seen.attempt}:{len(seen.text)}"}
        url = f"{self._system.url(gateway)}/api/v1/chat/tickets/{ticket}/stream"
        async with httpx2.AsyncClient(verify=TLS) as http, http.stream("GET", url, headers=headers) as stream:
            cursor = ""
            async for line in stream.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    cursor = value
                elif name == "data":
                    self._take(seen, json.loads(value), cursor)

    def _take(self, seen: Seen, frame: Frame, cursor: str) -> None:
        seen.take(frame)
        assert not seen.text or cursor == f"{seen.attempt}:{len(seen.text)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
