"""A line that is too simple to be wrong: a dict of tickets, a list of offers, and events in flight.

Every decision is the product's own (core.ticket, core.fairness); everything around it is a sorted list. Runs that lost
their attempt live on as zombies, offers may come twice or vanish, events may be late, lost or repeated.
"""

from dataclasses import dataclass

from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.events import LineEntry
from tokenline.contracts.tickets import Ticket, TicketState, Usage
from tokenline.core import ticket as moves
from tokenline.core.fairness import Standing, hold_reason, judge_held
from tokenline.core.ticket import Claim, judge_offer, line_entry
from tokenline.runtime.line import same_attempt

K = 2


@dataclass
class Offer:
    """A message in the broker's queue; ``number`` is its place among those of its priority."""

    ticket_id: str
    publish_no: int
    pool: str
    priority: int
    number: int
    redelivered: bool = False


class World:
    def __init__(self) -> None:
        self.now = 1000.0
        self.tickets: dict[str, Ticket] = {}
        self.offers: list[Offer] = []
        self.in_hand: dict[str, list[Offer]] = {}
        """Unacknowledged offers of running tickets."""
        self.zombies: list[Ticket] = []
        self.events: list[LineEntry] = []
        self.completed: list[str] = []
        self.lossy: set[str] = set()
        """Pools whose broker queue lacks an offer of a waiting ticket."""
        self._seq = 0
        self._numbers = 0

    # ── what users, workers, administrators and time do ──────────────────────────────────────────────────────────────

    def ask(self, owner: str, conversation: str, pool: str, priority: int) -> None:
        mine = [t for t in self.live() if t.owner_id == owner]
        reason = hold_reason(
            conversation_busy=any(t.conversation_id == conversation for t in mine),
            ahead=sum(_counts(t) for t in mine),
            user_limit=K,
            indexing=False,
        )
        seq = self.next_seq()
        number = f"t{len(self.tickets):04}"
        draft = Ticket(
            id=number, conversation_id=conversation, owner_id=owner, agent_id="a", pool=pool, question_id=f"q{number}",
            answer_id=f"a{number}", priority=priority, seq=seq, created_at=self.now, deadline_at=self.now + 1e6,
        )  # fmt: skip
        if reason is None:
            self.write(moves.queue(draft, seq=seq, now=self.now), publish=True)
        else:
            self.write(moves.hold(draft, reason))

    def take(self, pool: str) -> Ticket | None:
        """A worker takes offers until one is worth a run; the claimed ticket."""
        while (offer := self.head(pool)) is not None:
            self.offers.remove(offer)
            ticket = self.tickets[offer.ticket_id]
            verdict = judge_offer(
                ticket,
                publish_no=offer.publish_no,
                redelivered=offer.redelivered,
                running_here=False,
                now=self.now,
            )
            if verdict in (Claim.RUN, Claim.STEAL):
                if verdict is Claim.STEAL:
                    self.zombies.append(ticket)
                claimed = moves.claim(ticket, worker="w", incarnation="i", now=self.now)
                self.in_hand.setdefault(ticket.id, []).append(offer)
                self.write(claimed)
                return claimed
        return None

    def finish(self, ticket: Ticket) -> bool:
        """The run that holds ``ticket`` ends well, unless it lost its attempt."""
        current = self.tickets[ticket.id]
        if not same_attempt(current, ticket):
            return False
        self.completed.append(ticket.id)
        self.end(moves.complete(current, usage=Usage(), now=self.now))
        return True

    def cancel(self, ticket: Ticket) -> None:
        self.end(moves.cancel(ticket, now=self.now))

    def time_out(self, ticket: Ticket) -> None:
        self.end(moves.fail(ticket, ErrorInfo(code="queue_timeout", message=""), now=self.now))

    def reposition(self, ticket: Ticket, priority: int, pool: str) -> None:
        moved = moves.reposition(ticket, priority=priority, seq=self.next_seq(), now=self.now, pool=pool)
        self.write(moved, publish=moved.state is TicketState.QUEUED)

    def fail_attempt(self, ticket: Ticket) -> None:
        self.in_hand.pop(ticket.id, None)
        self.write(moves.pause(ticket, due_at=self.now + 5))

    def resume(self, ticket: Ticket) -> None:
        self.write(moves.hand_back(ticket, seq=self.next_seq(), now=self.now), publish=True)

    def lose_worker(self, ticket: Ticket) -> None:
        """The broker gives its offers to somebody else; the process may still believe that it runs."""
        for offer in self.in_hand.pop(ticket.id, []):
            offer.redelivered = True
            self.offers.append(offer)

    def expire_lease(self, ticket: Ticket) -> None:
        """The keeper hands an orphan back."""
        self.zombies.append(ticket)
        self.resume(ticket)

    # ── the machinery ────────────────────────────────────────────────────────────────────────────────────────────────

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def write(self, ticket: Ticket, *, publish: bool = False) -> None:
        stored = self.tickets.get(ticket.id)
        assert stored is None or stored.version == ticket.version - 1
        self.tickets[ticket.id] = ticket
        self.events.append(line_entry(ticket))
        if publish:
            self.publish(ticket)

    def publish(self, ticket: Ticket) -> None:
        self._numbers += 1
        self.offers.append(Offer(ticket.id, ticket.publish_no, ticket.pool, ticket.priority, self._numbers))

    def end(self, ticket: Ticket) -> None:
        self.in_hand.pop(ticket.id, None)
        self.write(ticket)
        mine = [t for t in self.live() if t.owner_id == ticket.owner_id]
        standings = [Standing(t.id, t.conversation_id, t.state, t.hold_reason, t.seq, ()) for t in mine]
        for ticket_id, reason in judge_held(standings, user_limit=K, indexing=lambda _: False).items():
            held = self.tickets[ticket_id]
            if reason is None:
                self.write(moves.queue(held, seq=self.next_seq(), now=self.now), publish=True)
            else:
                self.write(moves.hold(held, reason))

    def wipe(self) -> None:
        """The broker forgets everything, also what is in hand."""
        self.lossy = {offer.pool for offer in self.offers}
        self.offers.clear()
        self.in_hand.clear()

    def republish(self) -> None:
        """The keeper offers every waiting ticket again, in their order."""
        for pool in sorted(self.lossy):
            for ticket in self.waiting(pool):
                self.publish(ticket)
        self.lossy.clear()

    # ── the truth ────────────────────────────────────────────────────────────────────────────────────────────────────

    def head(self, pool: str) -> Offer | None:
        """What RabbitMQ would deliver next."""
        ready = [offer for offer in self.offers if offer.pool == pool]
        return min(ready, key=lambda offer: (-offer.priority, offer.number), default=None)

    def live(self) -> list[Ticket]:
        return [ticket for ticket in self.tickets.values() if ticket.state in moves.LIVE]

    def running(self) -> list[Ticket]:
        return [ticket for ticket in self.live() if ticket.state in moves.RUNNING]

    def waiting(self, pool: str) -> list[Ticket]:
        """In the order in which they will be served."""
        queued = [t for t in self.live() if t.state is TicketState.QUEUED and t.pool == pool]
        return sorted(queued, key=lambda ticket: (-ticket.priority, ticket.seq))

    def rank(self, ticket: Ticket) -> int:
        """How many will be served before it; of a held one, if it were released."""
        if ticket.state in moves.RUNNING:
            return 0
        if ticket.state is TicketState.QUEUED:
            return [t.id for t in self.waiting(ticket.pool)].index(ticket.id)
        return sum(t.priority >= ticket.priority for t in self.waiting(ticket.pool))


def _counts(ticket: Ticket) -> bool:
    standing = Standing(ticket.id, "", ticket.state, ticket.hold_reason, ticket.seq, ())
    return standing.admitted or ticket.hold_reason == "user_limit"
