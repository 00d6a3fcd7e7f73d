"""F34: a keeper that dies between a publication and its note, and two that both believe to be the keeper."""

import asyncio
from collections import Counter
from typing import Any, cast

import msgspec
import pytest

from services.gateway.accept import Question
from tests.integration.line.conftest import Houses
from tests.integration.line.house import SWEEP_S, House
from tests.support.in_process.processes import Gateway
from tokenline.contracts.tickets import Ticket, TicketOffer, TicketState
from tokenline.contracts.topology import TICKETS
from tokenline.core import ticket as moves
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Store

SEVERAL = 30
LEVEL = 3

_offers = msgspec.msgpack.Decoder(TicketOffer)


class AlwaysKeeper:
    """The lease of a keeper that was frozen right after it had renewed it: it knows nothing of its successor."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def renew_lease(self, name: str, holder: str, ttl_s: float) -> bool:
        return True


async def keepers(house: House) -> list[Gateway]:
    store = cast(Store, AlwaysKeeper(house.store))
    return [await house.gateway(f"keeper-{number}", store=store) for number in range(2)]


async def due_in_every_way(house: House) -> dict[str, list[Ticket]]:
    """`SEVERAL` tickets for each thing a sweep looks after, by what is due with them."""
    gateway = await house.gateway("first")
    due: dict[str, list[Ticket]] = {}

    async def ask(kind: str, tier: int = 4) -> None:
        contents = [f"{kind}-{number}" for number in range(SEVERAL)]
        accepted = [await gateway.ask(content, Question(content=content), tier) for content in contents]
        due[kind] = [house.note(one) for one in accepted]
        await house.idle(gateway)

    await ask("overdue")
    house.clock.advance(3541)
    await ask("starving", LEVEL)
    for kind in ("orphaned", "pausing"):
        await ask(kind)
        for ticket in due[kind]:
            claimed = moves.claim(ticket, worker="lost", incarnation="lost", now=house.clock.now())
            assert await house.store.replace_ticket(claimed)
            if kind == "pausing":
                assert await house.store.replace_ticket(moves.pause(claimed, due_at=house.clock.now()))
    for number in range(SEVERAL):
        first, *_ = [await house.ask(gateway, f"held {number}", f"held-{number}-{place}") for place in range(3)]
        await house.idle(gateway)
        assert await house.store.replace_ticket(moves.cancel(first, now=house.clock.now()))
    house.server.blocked = True
    await ask("unpublished")
    house.server.blocked = False
    await house.kill(gateway)
    house.clock.advance(61)
    return due


async def test_f34_two_keepers_sweep_the_same_line_at_the_same_time(houses: Houses) -> None:
    async with houses() as house:
        due = await due_in_every_way(house)
        both = await keepers(house)
        for _ in range(3):
            await asyncio.gather(*(gateway.keeper.sweep() for gateway in both))
            house.clock.advance(SWEEP_S)
        offers = Counter(in_the_queue(house))
        for kind in ("orphaned", "pausing", "unpublished", "starving"):
            for ticket in due[kind]:
                assert offers[current_offer(await house.ticket(ticket.id))], f"{kind} is not offered"
        doubles = offers.total() - len(await house.store.live_tickets())
        print(f"F34: {len(house.accepted)} tickets, {doubles} void or doubled offers of two keepers")
        assert await house.quiet(*both) == 0
        await house.the_law_holds()
        assert all(number == 1 for number in house.puppet.calls.values())
        for kind, tickets in due.items():
            ended = {(await house.ticket(ticket.id)).state for ticket in tickets}
            assert ended == {TicketState.ERROR if kind == "overdue" else TicketState.COMPLETE}
        assert {(await house.ticket(ticket.id)).priority for ticket in due["starving"]} == {LEVEL + 1}


class DiesAfter:
    """A broker whose ``number``-th publication of a ticket arrives, and whose client is gone before it hears of it."""

    def __init__(self, broker: Broker, number: int) -> None:
        self._broker = broker
        self._number = number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    async def publish(self, exchange: str, *message: Any, **options: Any) -> None:
        await self._broker.publish(exchange, *message, **options)
        self._number -= exchange == TICKETS.name
        if not self._number:
            raise asyncio.CancelledError


@pytest.mark.parametrize("number", [1, 2, SEVERAL // 2, SEVERAL])
async def test_f34_a_keeper_dies_between_a_publication_and_its_note(houses: Houses, number: int) -> None:
    async with houses() as house:
        gateway = await house.gateway("first")
        house.server.blocked = True
        for place in range(SEVERAL):
            await house.ask(gateway, f"u{place}", f"q{place}")
        await house.idle(gateway)
        house.server.blocked = False
        house.clock.advance(SWEEP_S)
        doomed = await house.gateway("doomed", around=lambda broker: cast(Broker, DiesAfter(broker, number)))
        with pytest.raises(asyncio.CancelledError):
            await doomed.keeper.sweep()
        await house.kill(doomed)
        assert len(in_the_queue(house)) == number
        house.clock.advance(16)
        await (await house.gateway("next")).keeper.sweep()
        offers = in_the_queue(house)
        assert len(offers) == SEVERAL + 1, "one was published twice"
        assert len(set(offers)) == SEVERAL
        assert await house.quiet() == 0
        await house.the_law_holds()
        assert set(house.puppet.calls.values()) == {1}


def in_the_queue(house: House) -> list[TicketOffer]:
    queue = house.server.queues["tokenline.tickets.default"]
    return [_offers.decode(message.body) for _, _, message in sorted(queue._ready)]


def current_offer(ticket: Ticket) -> TicketOffer:
    return TicketOffer(ticket_id=ticket.id, publish_no=ticket.publish_no)
