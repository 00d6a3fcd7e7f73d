"""What was stored outlives the process, and several processes share it."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.contract.store.conftest import Engine
from tests.support.drafts import a_conversation, a_user, ask
from tokenline.contracts.errors import StoreUnavailable
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store

ROOT = Path(__file__).parents[3]


async def test_everything_is_there_after_a_restart(engine: Engine, clock: ManualClock):
    store = await engine.open()
    accepted = await ask(store, clock, client_message_id="m1")
    user = a_user(clock)
    await store.create_user(user)
    await store.renew_lease("keeper", "g1", 15)
    await store.close()

    store = await engine.open()
    assert await store.live_tickets() == [accepted.ticket]
    assert (await store.messages(accepted.conversation.id)).items == (accepted.question,)
    assert await store.get_user(user.id) == user
    assert not await store.renew_lease("keeper", "g2", 15)
    assert not (await ask(store, clock, client_message_id="m1")).created
    assert await store.next_seq() > accepted.ticket.seq


async def test_a_closed_store_says_so(engine: Engine):
    store = await engine.open()
    await store.ping()
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.ping()
    with pytest.raises(StoreUnavailable):
        await store.get_ticket("any")


async def test_closing_finishes_what_was_asked_for(engine: Engine, clock: ManualClock):
    store = await engine.open()
    asked = [asyncio.ensure_future(ask(store, clock, owner=f"u{n}")) for n in range(engine.many(50))]
    await asyncio.sleep(0)
    await store.close()
    accepted = await asyncio.gather(*asked)

    store = await engine.open()
    assert {t.id for t in await store.live_tickets()} == {one.ticket.id for one in accepted}


async def test_what_one_store_wrote_the_other_sees_at_once(engine: Engine, clock: ManualClock):
    here, there = await engine.open(), await engine.open()
    for _ in range(20):
        ticket = (await ask(here, clock, user_limit=100)).ticket
        claimed = moves.claim(ticket, worker="w", incarnation="i", now=clock.now())
        assert await there.replace_ticket(claimed)
        assert await here.get_ticket(ticket.id) == claimed


async def test_claims_from_two_stores_have_one_winner_each(engine: Engine, clock: ManualClock):
    stores = [await engine.open(), await engine.open()]
    tickets = [(await ask(stores[0], clock, owner=f"u{n}")).ticket for n in range(engine.many(100))]

    async def race(store: Store, name: str) -> list[bool]:
        claims = [moves.claim(t, worker=name, incarnation=name, now=clock.now()) for t in tickets]
        return [written is not None for written in await asyncio.gather(*map(store.replace_ticket, claims))]

    won = await asyncio.gather(*(race(stores[n % 2], f"w{n}") for n in range(10)))
    assert [sum(column) for column in zip(*won, strict=True)] == [1] * len(tickets)


async def test_one_conversation_fed_from_two_stores_stays_in_order(engine: Engine, clock: ManualClock):
    stores = [await engine.open(), await engine.open()]
    conversation = a_conversation(clock)
    accepted = await asyncio.gather(*(ask(stores[n % 2], clock, conversation) for n in range(20)))
    assert sum(one.ticket.hold_reason is None for one in accepted) == 1
    assert len((await stores[0].messages(conversation.id)).items) == 20


async def test_three_processes_race_without_losing_or_doubling(engine: Engine, clock: ManualClock):
    store = await engine.open()
    asks = engine.many(40)
    wanted = [(await ask(store, clock, owner=f"u{n}")).ticket.id for n in range(engine.many(60))]
    racers = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.contract.store.racer", "race", engine.address, name, str(asks), *wanted),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for name in ("p", "q", "r")
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert await racer.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(racer.communicate(b"go\n") for racer in racers))
    results = [json.loads(out) for out, _ in told]

    won = [ticket_id for result in results for ticket_id in result["won"]]
    assert sorted(won) == sorted(wanted)
    seqs = [seq for result in results for seq in result["seqs"]]
    assert len(set(seqs)) == 3 * asks
    assert len(await store.live_tickets()) == 3 * asks + len(wanted)
