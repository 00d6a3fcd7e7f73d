"""What was stopped while its worker did not hear of it ends with the attempt: it never waits for another."""

from pathlib import Path

import pytest

from tests.support.drafts import ask
from tests.support.stores import open_store
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts.tickets import TicketState
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.runtime.line import Line


@pytest.mark.parametrize("how", ["lost", "failed"])
async def test_a_stopped_ticket_ends_where_it_would_be_tried_again(tmp_path: Path, how: str) -> None:
    clock = ManualClock()
    store = await open_store(f"sqlite:{tmp_path / 'store.db'}", clock)
    broker = MemoryBroker(MemoryServer())
    await broker.connect()
    line = Line(store, broker, user_limit=1)
    accepted = await ask(store, clock, user_limit=1)
    behind = await ask(store, clock, user_limit=1)
    running = moves.claim(accepted.ticket, worker="w", incarnation="i", now=clock.now())
    assert await store.replace_ticket(running)
    assert await store.replace_ticket(moves.request_cancel(running))

    ended = await (line.hand_back(running, lost=True) if how == "lost" else line.pause(running, seconds=3))
    assert ended is not None
    assert ended.state is TicketState.CANCELLED
    assert await store.get_ticket(running.id) == ended
    if how == "lost":
        # Whoever waited for it goes on.
        next_one = await store.get_ticket(behind.ticket.id)
        assert next_one is not None
        assert (behind.ticket.state, next_one.state) == (TicketState.HELD, TicketState.QUEUED)
    await broker.close()
    await store.close()
