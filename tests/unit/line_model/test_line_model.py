"""Random interleavings of everything that happens to a line, against a reference too simple to be wrong."""

from collections import Counter
from random import Random

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.unit.line_model.world import K, World
from tokenline.contracts.events import LineEntry
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core import ticket as moves
from tokenline.core.ledger import Ledger
from tokenline.core.ticket import line_entry

POOLS = ("fast", "slow")
ANY = st.integers(0, 10**6)
"""Chooses from a list by its remainder."""


class TheLine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.ledger = Ledger()
        self.told: list[LineEntry] = []
        self.lost_events = False
        self.places: dict[str, tuple[int, frozenset[str]]] = {}
        """At the last rest: the position of each waiting ticket, and who was before it."""

    def _pick(self, tickets: list[Ticket], number: int) -> Ticket:
        return tickets[number % len(tickets)]

    def _waiting(self) -> list[Ticket]:
        return [ticket for ticket in self.world.live() if ticket.state in moves.WAITING]

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(seed=ANY, several=st.integers(1, 8))
    def ask(self, seed: int, several: int) -> None:
        random = Random(seed)
        for _ in range(several):
            owner, chat = random.choice("abcdef"), random.randint(0, 2)
            self.world.ask(owner, f"{owner}{chat}", random.choice(POOLS), random.randint(3, 4))

    @rule(pool=st.sampled_from(POOLS))
    def take(self, pool: str) -> None:
        """Who is served next is who was shown at position 0, unless the broker lost offers."""
        self._settle()
        shown = [entry for entry in self.ledger.in_order(pool) if entry.state is TicketState.QUEUED]
        stolen = {offer.ticket_id for offer in self.world.offers if offer.redelivered}
        claimed = self.world.take(pool)
        if claimed is not None and pool not in self.world.lossy and claimed.id not in stolen:
            assert claimed.id == shown[0].ticket_id
            assert self.ledger.position(shown[0]) == 0

    @precondition(lambda self: self.world.running())
    @rule(number=ANY)
    def finish(self, number: int) -> None:
        assert self.world.finish(self._pick(self.world.running(), number))

    @precondition(lambda self: self.world.zombies)
    @rule(number=ANY)
    def a_zombie_finishes(self, number: int) -> None:
        assert not self.world.finish(self.world.zombies[number % len(self.world.zombies)])

    @precondition(lambda self: self.world.live())
    @rule(number=ANY)
    def cancel(self, number: int) -> None:
        self.world.cancel(self._pick(self.world.live(), number))

    @precondition(lambda self: self._waiting())
    @rule(number=ANY)
    def time_out(self, number: int) -> None:
        self.world.time_out(self._pick(self._waiting(), number))

    @precondition(lambda self: self._waiting())
    @rule(number=ANY, priority=st.integers(0, 9), pool=st.sampled_from(POOLS))
    def reposition(self, number: int, priority: int, pool: str) -> None:
        ticket = self._pick(self._waiting(), number)
        if ticket.hold_reason != "retrying":
            self.world.reposition(ticket, priority, pool)

    @precondition(lambda self: self._waiting())
    @rule(number=ANY)
    def age(self, number: int) -> None:
        ticket = self._pick(self._waiting(), number)
        if ticket.state is TicketState.QUEUED and ticket.priority < 9:
            self.world.reposition(ticket, ticket.priority + 1, ticket.pool)

    @precondition(lambda self: self.world.running())
    @rule(number=ANY)
    def an_attempt_fails(self, number: int) -> None:
        self.world.fail_attempt(self._pick(self.world.running(), number))

    @precondition(lambda self: any(t.due_at for t in self.world.live()))
    @rule(number=ANY)
    def a_pause_ends(self, number: int) -> None:
        self.world.resume(self._pick([t for t in self.world.live() if t.due_at], number))

    @precondition(lambda self: self.world.running())
    @rule(number=ANY)
    def a_worker_is_lost(self, number: int) -> None:
        self.world.lose_worker(self._pick(self.world.running(), number))

    @precondition(lambda self: self.world.running())
    @rule(number=ANY)
    def a_lease_expires(self, number: int) -> None:
        self.world.expire_lease(self._pick(self.world.running(), number))

    @precondition(lambda self: self.world.offers)
    @rule(number=ANY)
    def an_offer_comes_twice(self, number: int) -> None:
        ticket = self.world.tickets[self.world.offers[number % len(self.world.offers)].ticket_id]
        if ticket.state is TicketState.QUEUED:
            self.world.publish(ticket)

    @rule()
    def the_broker_is_wiped(self) -> None:
        self.world.wipe()
        self.world.republish()

    # ── events on their way ──────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.world.events)
    @rule(seed=ANY, drop=st.booleans())
    def events_arrive_in_any_order(self, seed: int, drop: bool) -> None:
        """Some of them, some twice, and some of them never."""
        random = Random(seed)
        coming = random.sample(self.world.events, random.randint(1, len(self.world.events)))
        for entry in coming + random.sample(coming, len(coming) // 2):
            self.ledger.apply(entry)
        self.told += coming
        if drop:
            self.lost_events = True
            self.world.events.clear()

    def _settle(self) -> None:
        """Everything is heard of, and some of it again; what was lost is made good by a comparison with the store."""
        random = Random(len(self.told))
        self.told += self.world.events
        late = self.world.events + random.sample(self.told, len(self.told) // 3)
        random.shuffle(late)
        for entry in late:
            self.ledger.apply(entry)
        self.world.events.clear()
        if self.lost_events:
            self.ledger.reconcile(map(line_entry, self.world.live()), self.ledger.versions())
            self.lost_events = False

    # ── what always holds ────────────────────────────────────────────────────────────────────────────────────────────

    @rule()
    def at_rest(self) -> None:
        self._settle()
        live = self.world.live()
        assert self.ledger.entries == {ticket.id: line_entry(ticket) for ticket in live}
        assert self.ledger.reconcile(map(line_entry, live), self.ledger.versions()) == 0
        fresh = Ledger()
        for ticket in live:
            fresh.apply(line_entry(ticket))
        for ticket in live:
            entry = line_entry(ticket)
            assert self.ledger.position(entry) == fresh.position(entry) == self.world.rank(ticket)
        for pool in POOLS:
            assert self.ledger.pool(pool).waiting == len(self.world.waiting(pool))
        self._no_place_lost_without_a_reason()

    def _no_place_lost_without_a_reason(self) -> None:
        """A ticket that stayed as it was falls back only behind tickets of higher priority."""
        places: dict[str, tuple[int, frozenset[str]]] = {}
        for pool in POOLS:
            line = self.world.waiting(pool)
            for position, ticket in enumerate(line):
                key = f"{ticket.id}/{ticket.publish_no}"
                before, ahead = self.places.get(key, (position, frozenset()))
                if position > before:
                    went_ahead = [t for t in line[:position] if t.id not in ahead]
                    assert all(other.priority > ticket.priority for other in went_ahead)
                places[key] = (position, frozenset(t.id for t in line[:position]))
        self.places = places

    @invariant()
    def never_two_of_a_conversation_nor_more_than_k(self) -> None:
        admitted = [t for t in self.world.live() if t.state is not TicketState.HELD or t.due_at]
        assert max(Counter(t.conversation_id for t in admitted).values(), default=0) <= 1
        assert max(Counter(t.owner_id for t in admitted).values(), default=0) <= K

    @invariant()
    def one_answer_at_most(self) -> None:
        assert len(self.world.completed) == len(set(self.world.completed))

    def teardown(self) -> None:
        """Left alone, everybody is answered, each conversation in its order."""
        self.world.wipe()
        self.world.lossy = set(POOLS)
        for ticket in self.world.running() + [t for t in self.world.live() if t.due_at]:
            self.world.resume(ticket)
        self.world.republish()
        while self.world.live():
            taken = [claimed for pool in POOLS if (claimed := self.world.take(pool)) is not None]
            assert taken, "somebody waits for ever"
            for ticket in taken:
                assert self.world.finish(ticket)
        for conversation in {t.conversation_id for t in self.world.tickets.values()}:
            mine = [i for i in self.world.completed if self.world.tickets[i].conversation_id == conversation]
            assert mine == sorted(mine)
        self.at_rest()


TestTheLine = TheLine.TestCase
TestTheLine.settings = settings(
    # Shrinking takes minutes; a failure names its steps all the same.
    max_examples=60,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
)
