"""Orders that come between a claim and its run: everybody else sees the claim before its worker does."""

from types import SimpleNamespace
from typing import cast

from services.agent_worker.deps import Deps
from services.agent_worker.intake import Intake
from services.agent_worker.run import Run
from services.agent_worker.settings import WorkerSettings
from tests.unit.test_core_ticket import ticket
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.ports.broker import Delivery
from tokenline.core.ports.store import Asked, Offered, TicketChange
from tokenline.runtime.supervisor import Supervisor


class ClaimSeenElsewhere:
    """A store whose claims are acted upon by others before their writer hears of them."""

    def __init__(self) -> None:
        self.intake: Intake
        self.obeyed: list[str] = []

    async def now(self) -> float:
        return 101.0

    async def claim_ticket(self, ticket_id: TicketId, claim: TicketChange) -> Offered:
        self.intake.tell(ticket_id, lambda run: self.obeyed.append(run.ticket.id))
        self.intake.tell("another", lambda run: self.obeyed.append("another"))
        claimed = claim(ticket(TicketState.QUEUED))
        assert claimed is not None
        return Offered(ticket=claimed, asked=Asked(question=None, attachments=()))


class Begun(Intake):
    def _begin(self, claimed: Ticket, delivery: Delivery, asked: Asked | None = None) -> Run:
        self.runs[claimed.id] = run = cast(Run, SimpleNamespace(ticket=claimed))
        return run


async def test_an_order_for_a_run_that_is_about_to_begin_is_kept_for_it() -> None:
    store = ClaimSeenElsewhere()
    failures = SimpleNamespace(suspect=lambda _: False)
    deps = cast(Deps, SimpleNamespace(store=store, failures=failures, model=SimpleNamespace(expect=lambda: None)))
    store.intake = intake = Begun(deps, WorkerSettings(port=1), "i", Supervisor())
    await intake._claim("t", cast(Delivery, None), lambda _, read: intake._claimed(read, 101.0), suspect=False)
    assert store.obeyed == ["t"]
    intake.tell("t", lambda run: store.obeyed.append("again"))
    assert store.obeyed == ["t", "again"]
