"""Pool cards: what is so, and what moved of late."""

from services.admin_dashboard.board import BoardModel
from services.admin_dashboard.snapshot import Snapshot
from tests.support.line_entries import a_heartbeat, an_entry, claimed, completed
from tokenline.contracts.admin import PoolCard
from tokenline.contracts.events import LineEntry, TicketChanged
from tokenline.contracts.tickets import TicketState
from tokenline.core.ledger import Ledger

NOW = 1_800_000_000.0


class Pools:
    """A ledger and its board, told of events as the feed does it."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.board = BoardModel(self.ledger, ["default"])

    def tell(self, entry: LineEntry, now: float = NOW) -> None:
        if self.ledger.apply(entry):
            self.board.take(TicketChanged(entry=entry), now)

    def card(self, now: float = NOW, pool: str = "default") -> PoolCard:
        return next(card for card in self.board.cards(Snapshot(self.ledger, now)) if card.pool == pool)


def test_an_empty_pool_has_a_card_without_guesses():
    card = Pools().card()
    assert (card.waiting, card.running, card.workers, card.depth_by_priority) == (0, 0, 0, {})
    assert (card.wait_p50_s, card.eta, card.oldest_age_s) == (None, None, None)


def test_depth_is_by_priority_without_empty_levels():
    pools = Pools()
    for number, priority in enumerate([4, 4, 9], start=1):
        pools.tell(an_entry(number, NOW, priority=priority))
    pools.tell(an_entry(4, NOW, state=TicketState.HELD))
    card = pools.card()
    assert (card.waiting, card.held) == (3, 1)
    assert card.depth_by_priority == {"4": 2, "9": 1}


def test_arrivals_and_services_count_the_last_minute():
    pools = Pools()
    for number in range(1, 4):
        asked = an_entry(number, NOW)
        pools.tell(asked)
        running = claimed(asked, NOW + 2)
        pools.tell(running, NOW + 2)
        pools.tell(completed(running, NOW + 30), NOW + 30)
    assert (pools.card(NOW + 30).arrivals_per_min, pools.card(NOW + 30).services_per_min) == (3, 3)
    assert (pools.card(NOW + 61).arrivals_per_min, pools.card(NOW + 61).services_per_min) == (0, 3)
    assert pools.card(NOW + 91).services_per_min == 0


def test_a_ticket_cancelled_while_waiting_was_not_served():
    pools = Pools()
    asked = an_entry(1, NOW)
    pools.tell(asked)
    pools.tell(an_entry(1, NOW, state=TicketState.CANCELLED, version=2, finished_at=NOW + 1), NOW + 1)
    assert pools.card(NOW + 1).services_per_min == 0


def test_waits_are_those_of_first_claims():
    pools = Pools()
    for number in range(1, 21):
        asked = an_entry(number, NOW)
        running = claimed(asked, NOW + number)
        pools.tell(asked)
        pools.tell(running, NOW + number)
        pools.tell(claimed(running, NOW + 100), NOW + 100)
    card = pools.card(NOW + 100)
    assert (card.wait_p50_s, card.wait_p95_s) == (11, 20)


def test_arrivals_nobody_told_of_are_counted_from_the_store():
    pools = Pools()
    asked = an_entry(1, NOW)
    pools.ledger.reconcile([asked], {})
    pools.board.catch_up(NOW + 1)
    pools.tell(claimed(asked, NOW + 2), NOW + 2)
    assert pools.card(NOW + 2).arrivals_per_min == 1


def test_workers_are_listed_with_their_last_sign_of_life():
    pools = Pools()
    pools.ledger.see_worker(a_heartbeat(NOW - 1.5, worker_id="b", busy=2))
    pools.ledger.see_worker(a_heartbeat(NOW, worker_id="a", draining=True))
    pools.ledger.see_worker(a_heartbeat(NOW, worker_id="c", pool="alone"))
    rows = pools.board.workers(NOW)
    assert [(row.worker_id, row.seen_s_ago) for row in rows] == [("c", 0), ("a", 0), ("b", 1.5)]
    assert pools.board.pools() == ["alone", "default"]
    card = pools.card()
    assert (card.workers, card.slots) == (2, 4)
