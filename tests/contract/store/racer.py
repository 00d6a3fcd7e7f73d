"""A process of its own that competes for tickets on a store, and prints as JSON what it got.

``race``: has questions accepted and claims what is wanted. ``fight``: goes on until every wanted ticket has ended, by
taking it, taking it away from others, handing it back and finishing it, often from an old reading.
"""

import asyncio
import json
import sys
from random import Random

from tests.support.drafts import an_answer, ask
from tests.support.stores import open_store
from tokenline.contracts.tickets import Ticket, TicketState, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import SystemClock
from tokenline.core.ports.store import Store

AT_ONCE = 100
LAST_STEAL = 5
"""Nobody steals a later attempt, so that the fight ends."""

clock = SystemClock()


async def told_to_go() -> None:
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def race(store: Store, name: str, asks: int, wanted: list[str]) -> dict[str, object]:
    async def claim(ticket_id: str) -> bool:
        def mine(ticket: Ticket) -> Ticket | None:
            return None if ticket.attempt else moves.claim(ticket, worker=name, incarnation=name, now=clock.now())

        offered = await store.claim_ticket(ticket_id, mine)
        return offered is not None and offered.asked is not None

    await told_to_go()
    accepted = await asyncio.gather(
        *(ask(store, clock, owner=f"{name}-{n}", client_message_id=f"{n}") for n in range(asks))
    )
    won = await asyncio.gather(*map(claim, wanted))
    return {
        "seqs": [one.ticket.seq for one in accepted],
        "won": [ticket_id for ticket_id, mine in zip(wanted, won, strict=True) if mine],
    }


class Fighter:
    def __init__(self, store: Store, name: str, seed: int) -> None:
        self.claims: list[tuple[str, int]] = []
        self.ends: list[tuple[str, int]] = []
        self.first_claims_lost = 0
        self.refused = 0
        self._store = store
        self._name = name
        self._random = Random(f"{seed} {name}")
        self._places = asyncio.Semaphore(AT_ONCE)

    async def fight(self, ticket: Ticket) -> None:
        """Beginning with what was read before the fight, until it has ended."""
        async with self._places:
            if not await self._write(moves.claim(ticket, worker=self._name, incarnation=self._name, now=clock.now())):
                self.first_claims_lost += 1
            while (now_stored := await self._store.get_ticket(ticket.id)) is not None:
                if now_stored.state in moves.TERMINAL:
                    return
                await self._act(now_stored)

    async def _act(self, ticket: Ticket) -> None:
        now, dice = clock.now(), self._random.random()
        if ticket.state is TicketState.HELD:
            await self._write(moves.hand_back(ticket, seq=await self._store.next_seq(), now=now))
        elif ticket.state is TicketState.QUEUED:
            await self._claim(ticket)
        elif ticket.worker_id != self._name:
            if ticket.attempt <= LAST_STEAL and dice < 0.5:
                await self._claim(ticket)
        elif dice < 0.2:
            await self._write(moves.hand_back(ticket, seq=await self._store.next_seq(), now=now))
        elif dice < 0.4:
            await self._write(moves.pause(ticket, due_at=now))
        elif await self._finish(ticket):
            self.ends.append((ticket.id, ticket.attempt))

    async def _claim(self, ticket: Ticket) -> None:
        await self._write(moves.claim(ticket, worker=self._name, incarnation=self._name, now=clock.now()))

    async def _finish(self, ticket: Ticket) -> bool:
        answer = an_answer(clock, ticket, content=f"{self._name} {ticket.attempt}")
        done = moves.complete(ticket, usage=Usage(), now=clock.now())
        written = await self._store.replace_ticket(done, answer) is not None
        self.refused += not written
        return written

    async def _write(self, ticket: Ticket) -> bool:
        written = await self._store.replace_ticket(ticket) is not None
        if written and ticket.state is TicketState.PROCESSING:
            self.claims.append((ticket.id, ticket.attempt))
        self.refused += not written
        return written


async def fight(store: Store, name: str, seed: int, wanted: list[str]) -> dict[str, object]:
    read = [await store.get_ticket(ticket_id) for ticket_id in wanted]
    fighter = Fighter(store, name, seed)
    await told_to_go()
    await asyncio.gather(*(fighter.fight(ticket) for ticket in read if ticket is not None))
    return {
        "claims": fighter.claims,
        "ends": fighter.ends,
        "first_claims_lost": fighter.first_claims_lost,
        "refused": fighter.refused,
    }


async def main(how: str, address: str, name: str, number: int, wanted: list[str]) -> None:
    store = await open_store(address, clock)
    result = await (race if how == "race" else fight)(store, name, number, wanted)
    await store.close()
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5:]))
