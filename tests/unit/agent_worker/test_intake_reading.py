"""The prompt is read while the claim is written, and read for nothing when the claim is lost."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from services.agent_worker.deps import Deps
from services.agent_worker.intake import Intake
from services.agent_worker.prompt import Prompt
from services.agent_worker.run import Run
from services.agent_worker.settings import WorkerSettings
from tests.unit.test_core_ticket import ticket
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import StoreUnavailable
from tokenline.contracts.ids import ConversationId, MessageId
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.ports.broker import Delivery
from tokenline.runtime.supervisor import Supervisor


class Store:
    """Writes a claim only when the question has been asked for; the question itself never comes."""

    def __init__(self, outcome: bool | Exception) -> None:
        self.asked = asyncio.Event()
        self.given_up = asyncio.Event()
        self._outcome = outcome

    async def now(self) -> float:
        return 101.0

    async def get_message(self, _: MessageId) -> None:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()

    async def attachments_of(self, _: ConversationId) -> list[Attachment]:
        return []

    async def replace_ticket(self, _: Ticket) -> bool:
        await self.asked.wait()
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


class Begun(Intake):
    reading: asyncio.Task[Prompt] | None = None

    def _begin(self, claimed: Ticket, delivery: Delivery, reading: asyncio.Task[Prompt] | None = None) -> Run:
        self.reading = reading
        return cast(Run, SimpleNamespace(ticket=claimed))


@pytest.mark.parametrize("outcome", [True, False, StoreUnavailable()])
async def test_the_prompt_is_read_beside_the_claim(outcome: bool | Exception) -> None:
    store = Store(outcome)
    nobody = SimpleNamespace()
    deps = SimpleNamespace(
        store=store, failures=SimpleNamespace(suspect=lambda _: False), search=nobody, gallery=nobody,
        model=SimpleNamespace(expect=lambda: None), agents=SimpleNamespace(get=lambda _: nobody),
    )  # fmt: skip
    intake = Begun(cast(Deps, deps), WorkerSettings(port=1), "i", Supervisor())
    claiming = intake._claim(ticket(TicketState.QUEUED), cast(Delivery, None), 101.0)
    async with asyncio.timeout(5):
        if isinstance(outcome, Exception):
            with pytest.raises(StoreUnavailable):
                await claiming
        else:
            assert await claiming is outcome
        if outcome is not True:
            await store.given_up.wait()
            assert intake.reading is None
            return
    assert intake.reading is not None
    assert not intake.reading.done()
    intake.reading.cancel()
