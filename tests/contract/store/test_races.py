"""F30: whoever races for a ticket, each attempt has one holder, and the ticket one end with one answer."""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.contract.store.conftest import Engine
from tests.support.drafts import ask
from tokenline.contracts.tickets import TicketState
from tokenline.core.clock import ManualClock

ROOT = Path(__file__).parents[3]
SEED = 30
RACES = 1000
RACES_ON_MONGO = 50


async def the_fight(address: str, wanted: list[str]) -> dict[str, dict[str, Any]]:
    """Two processes with all of it before them, started together; what each got."""
    fighters = {
        name: await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.contract.store.racer", "fight", address, name, str(SEED), *wanted),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for name in ("p", "q")
    }
    for fighter in fighters.values():
        assert fighter.stdout is not None
        assert await fighter.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(fighter.communicate(b"go\n") for fighter in fighters.values()))
    return {name: json.loads(out) for name, (out, _) in zip(fighters, told, strict=True)}


async def test_f30_two_processes_fight_for_a_thousand_tickets(engine: Engine, clock: ManualClock):
    store = await engine.open()
    races = RACES_ON_MONGO if engine.address.startswith("mongo:") else RACES
    wanted = [(await ask(store, clock, owner=f"u{n}")).ticket.id for n in range(races)]

    got = await the_fight(engine.address, wanted)

    claims = Counter(tuple(claim) for one in got.values() for claim in one["claims"])
    refused = sum(one["refused"] for one in got.values())
    print(f"F30: {races} tickets, {claims.total()} claims won, {refused} writes refused")
    assert set(claims.values()) == {1}, "two holders of one attempt"
    assert sum(one["first_claims_lost"] for one in got.values()) == races
    assert all(one["claims"] for one in got.values()), "one process had no chance"
    ends = {ticket_id: (name, attempt) for name, one in got.items() for ticket_id, attempt in one["ends"]}
    assert sum(len(one["ends"]) for one in got.values()) == len(ends) == races
    assert await store.live_tickets() == []
    for ticket_id, (name, attempt) in ends.items():
        ticket = await store.get_ticket(ticket_id)
        assert ticket is not None
        assert (ticket.state, ticket.worker_id, ticket.attempt) == (TicketState.COMPLETE, name, attempt)
        assert [(ticket_id, number) in claims for number in range(1, attempt + 2)] == [True] * attempt + [False]
        question, answer = (await store.messages(ticket.conversation_id)).items
        assert (question.id, answer.id, answer.content) == (ticket.question_id, ticket.answer_id, f"{name} {attempt}")
