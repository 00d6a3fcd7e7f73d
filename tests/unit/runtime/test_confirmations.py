"""What the broker confirmed is written down together, and nothing hangs on it."""

from collections.abc import Sequence
from typing import cast

import pytest

from tokenline.contracts.errors import StoreUnavailable
from tokenline.contracts.tickets import TicketOffer
from tokenline.core.ports.store import TicketStore
from tokenline.runtime import confirmations
from tokenline.runtime.confirmations import Confirmations

ONE, TWO, THREE = (TicketOffer(ticket_id=f"t{number}", publish_no=1) for number in range(3))


class Written:
    def __init__(self) -> None:
        self.batches: list[list[TicketOffer]] = []
        self.after: list[TicketOffer] = []
        """Confirmed while the first batch is written."""
        self.away = False

    async def confirm_published(self, offers: Sequence[TicketOffer]) -> None:
        self.batches.append(list(offers))
        after, self.after = self.after, []
        for offer in after:
            self.confirmed.note(offer)
        if self.away:
            self.away = False
            raise StoreUnavailable

    @property
    def confirmed(self) -> Confirmations:
        if not hasattr(self, "_made"):
            self._made = Confirmations(cast(TicketStore, self))
        return self._made


async def test_many_are_written_at_once_and_those_of_meanwhile_after_them() -> None:
    written = Written()
    written.after = [THREE]
    for offer in (ONE, TWO):
        written.confirmed.note(offer)
    await written.confirmed.flush()
    assert written.batches == [[ONE, TWO], [THREE]]


async def test_they_are_written_in_time_without_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirmations, "GATHER_S", 0)
    written = Written()
    written.confirmed.note(ONE)
    writing = written.confirmed._writing
    assert writing is not None
    await writing
    assert written.batches == [[ONE]]


async def test_a_store_that_is_away_is_not_waited_for() -> None:
    written = Written()
    written.away = True
    written.after = [TWO]
    written.confirmed.note(ONE)
    await written.confirmed.flush()
    written.confirmed.note(THREE)
    await written.confirmed.flush()
    assert written.batches == [[ONE], [TWO], [THREE]]
