"""Storms over the whole line; when one is over, everybody has been answered, once, in order, and all books agree."""

import pytest

from tests.integration.line.conftest import Houses
from tests.integration.line.house import House
from tests.integration.line.storm import Storm
from tests.support.in_process.processes import POOL
from tokenline.contracts.topology import ticket_queue

SEEDS = range(20)
DEEDS = 250
SWEEPS = 12


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_a_storm_everybody_was_answered_once(houses: Houses, seed: int) -> None:
    async with houses() as house, Storm(house, seed) as storm:
        await storm.rage(DEEDS)
        sweeps = await storm.everybody_is_answered(SWEEPS)
        await house.the_law_holds()
        await all_were_told_what_is_stored(house, storm)
        await all_books_agree(house)
        attempts = sum([(await house.ticket(ticket_id)).attempt for ticket_id in house.accepted])
        print(f"storm {seed}: {len(house.accepted)} questions, {attempts} attempts, {sweeps} sweeps until quiet")


async def all_were_told_what_is_stored(house: House, storm: Storm) -> None:
    assert storm.crowd.told.keys() == house.accepted.keys()
    for ticket_id, seen in storm.crowd.told.items():
        ticket = await house.ticket(ticket_id)
        answer = await house.store.get_message(ticket.answer_id)
        assert seen.end is not None
        assert seen.end["type"] == ticket.state
        if answer is not None:
            assert seen.text == answer.content


async def all_books_agree(house: House) -> None:
    """Store, broker and ledgers at rest, and at rest they stay."""
    assert await house.store.live_tickets() == []
    assert house.server.queues[ticket_queue(POOL).name].depth == 0
    for gateway in house.gateways:
        await gateway.feed.compare()  # an event may have died with who was to tell it
        assert gateway.ledger.entries == {}
        assert await gateway.feed.reload() == 0
