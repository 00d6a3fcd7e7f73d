"""Who waits for a whole completion is sent away in OpenAI's shape when the gateway stops, not cut off."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from services.gateway.deps import Deps
from services.gateway.openai_api.completion import Completion, Failed
from tests.integration.line.house import House
from tests.support.broker import eventually
from tests.support.in_process.processes import Gateway, principal
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.runtime.http_errors import error_response


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path / "store.db")
    await house.open()
    yield house
    await house.close()


def waited_for(gateway: Gateway, ticket: Ticket, *, named: bool, graceful_s: float) -> Completion:
    deps = SimpleNamespace(
        tickets=gateway.tickets,
        streams=gateway.streams,
        store=gateway.store,
        supervisor=gateway.supervisor,
        settings=SimpleNamespace(graceful_s=graceful_s, gateway_id=gateway.name),
    )
    return Completion(cast(Deps, deps), principal("ann"), ticket, "assistant", named=named)


async def _so(value: object) -> bool:
    return bool(value)


@pytest.mark.parametrize("named", [False, True])
async def test_it_is_told_to_ask_again_while_somebody_can_say_so(house: House, named: bool) -> None:
    gateway = await house.gateway("g1")
    ticket = await house.ask(gateway, "ann", "q1")
    waiting = asyncio.create_task(waited_for(gateway, ticket, named=named, graceful_s=0.1).whole())
    await eventually(lambda: _so(gateway.streams.live[ticket.id].followers))
    gateway.streams.leave_all()
    with pytest.raises(Failed) as failed:
        await waiting
    assert failed.value.repeat
    answer = error_response(failed.value.info, 503)
    assert (failed.value.info.code, answer.headers["retry-after"]) == ("stopping", "1")

    async def stopped() -> bool:
        stored = await house.store.get_ticket(ticket.id)
        return stored is not None and stored.state is TicketState.CANCELLED

    if named:
        # Whoever asks again under the same name gets this very ticket.
        assert not await stopped()
    else:
        await eventually(stopped)


async def test_an_answer_that_comes_in_time_is_given(house: House) -> None:
    gateway = await house.gateway("g1")
    await house.worker("w1")
    ticket = await house.ask(gateway, "ann", "q1")
    waiting = asyncio.create_task(waited_for(gateway, ticket, named=False, graceful_s=60).whole())
    await eventually(lambda: _so(house.puppet.under_way))
    gateway.streams.leave_all()
    house.puppet.let_go()
    answer = await waiting
    assert "q1/1" in str(answer["choices"])
