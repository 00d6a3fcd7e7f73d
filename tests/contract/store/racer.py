"""A process of its own that competes for tickets on a store: prints what it won and what it had accepted."""

import asyncio
import json
import sys

from tests.support.drafts import ask
from tests.support.stores import open_store
from tokenline.core import ticket as moves
from tokenline.core.clock import SystemClock


async def race(address: str, name: str, asks: int, wanted: list[str]) -> None:
    clock = SystemClock()
    store = await open_store(address, clock)

    async def claim(ticket_id: str) -> bool:
        ticket = await store.get_ticket(ticket_id)
        if ticket is None or ticket.attempt:
            return False
        claimed = moves.claim(ticket, worker=name, incarnation=name, now=clock.now())
        return await store.replace_ticket(claimed)

    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    accepted = await asyncio.gather(
        *(ask(store, clock, owner=f"{name}-{n}", client_message_id=f"{n}") for n in range(asks))
    )
    won = await asyncio.gather(*map(claim, wanted))
    await store.close()
    print(
        json.dumps(
            {
                "seqs": [one.ticket.seq for one in accepted],
                "won": [ticket_id for ticket_id, mine in zip(wanted, won, strict=True) if mine],
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(race(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]))
