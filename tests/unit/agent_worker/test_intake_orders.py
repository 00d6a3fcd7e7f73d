"""Orders that come between a claim and its run: everybody else sees the claim before its worker does."""

import asyncio
from types import SimpleNamespace
from typing import cast

from services.agent_worker.deps import Deps
from services.agent_worker.intake import Intake
from services.agent_worker.prompt import Prompt
from services.agent_worker.run import Run
from services.agent_worker.settings import WorkerSettings
from tests.unit.test_core_ticket import ticket
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.ports.broker import Delivery
from tokenline.runtime.supervisor import Supervisor


class ClaimSeenElsewhere:
    """A store whose claims are acted upon by others before their writer hears of them."""

    def __init__(self) -> None:
        self.intake: Intake
        self.obeyed: list[str] = []

    async def now(self) -> float:
        return 101.0

    async def replace_ticket(self, claimed: Ticket) -> bool:
        self.intake.tell(claimed.id, lambda run: self.obeyed.append(run.ticket.id))
        self.intake.tell("another", lambda run: self.obeyed.append("another"))
        return True


class Begun(Intake):
    def _begin(self, claimed: Ticket, delivery: Delivery, reading: asyncio.Task[Prompt] | None = None) -> Run:
        self.runs[claimed.id] = run = cast(Run, SimpleNamespace(ticket=claimed))
        return run


async def test_an_order_for_a_run_that_is_about_to_begin_is_kept_for_it() -> None:
    store = ClaimSeenElsewhere()
    failures = SimpleNamespace(suspect=lambda _: False)
    deps = cast(Deps, SimpleNamespace(store=store, failures=failures, model=SimpleNamespace(expect=lambda: None)))
    store.intake = intake = Begun(deps, WorkerSettings(port=1), "i", Supervisor())
    assert await intake._claim(ticket(TicketState.QUEUED), cast(Delivery, None), 101.0)
    assert store.obeyed == ["t"]
    intake.tell("t", lambda run: store.obeyed.append("again"))
    assert store.obeyed == ["t", "again"]
