"""Tickets: accepted, changed by compare-and-set, and found when something is due."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import Incarnation, MessageId, Pool, TicketId, UserId, WorkerId
from tokenline.contracts.limits import Charge, Used
from tokenline.contracts.tickets import Ticket, TicketOffer
from tokenline.core.ports.store.paging import Page

POOL_FULL_RETRY_S = 5.0
"""``retry_after_s`` of the store's `QueueFull`: a floor; who knows the line's ETA says better."""


PATIENCE_S = 0.25
"""What a patient write waits for another to go with. Many questions a second bring one within that time."""


class Accepted(Shape):
    """``created`` is False when the same client message was accepted before: the first one is returned."""

    ticket: Ticket
    question: Message
    conversation: Conversation
    created: bool
    used: tuple[Used, ...] = ()
    """Of the limits that it was charged to."""


TicketChange = Callable[[Ticket], Ticket | None]
"""From the ticket as it is to the ticket as it shall be; ``None``: leave it. Pure: called by any thread, and again."""


class Written(Shape):
    """``release_due``: the ticket has ended, and its owner has held ones for `TicketStore.release_held` to judge.
    ``messages``: those written with it, as they are stored now, without those that were dropped; ``None``: read them.
    """

    release_due: bool = False
    messages: tuple[Message, ...] | None = None


class Offered(Shape):
    """``ticket`` as it is by now. ``asked`` if, and only if, it was claimed."""

    ticket: Ticket
    asked: "Asked | None" = None


class Asked(Shape):
    """What a ticket was claimed with: the question, unless it was deleted, and all files of its conversation."""

    question: Message | None
    attachments: tuple[Attachment, ...]


class TicketPage(Page):
    items: tuple[Ticket, ...]


class TicketStore(Protocol):
    async def accept(
        self,
        ticket: Ticket,
        question: Message,
        conversation: Conversation,
        *,
        user_limit: int,
        pool_limit: int,
        now: float,
        again: bool = False,
        after: MessageId | None = None,
        instead_of: MessageId | None = None,
        charges: Sequence[Charge] = (),
    ) -> Accepted:
        """Write question and ticket in one operation, queued or held as `core.fairness.hold_reason` says.

        ``ticket`` comes as `HELD` draft with version 0; a queued one gets its ``seq`` here. ``conversation`` is created
        if it does not exist, and its ``updated_at`` set. Attachments named by the question are bound to the
        conversation. Idempotent by ``(owner, client_message_id)`` and by ticket id. ``again``: a further ticket for a
        question that is stored already, idempotent by ticket id alone; the question then belongs to it.

        The question continues the current path, unless it is asked ``after`` an earlier message or ``instead_of`` an
        earlier question; the path then ends with its answer. So it does with an answer that the ticket is to get
        ``instead_of`` another one, until it ends without. Nothing that was there is changed.

        Raises `QueueFull` when the pool has ``pool_limit`` live tickets, `NotFound` when conversation or an attachment
        is not the owner's, or ``after`` or ``instead_of`` not in the conversation, `BadRequest` when the latter is no
        question, `Conflict` when an attachment belongs to another conversation, `Busy` when the stored conversation
        rejects questions while an earlier one is live, and `RateLimited` when one of ``charges`` has no room. Only what
        is accepted is charged, and only once.
        """
        ...

    async def now(self) -> float:
        """The store's clock, which judges leases and deadlines: that of one process may be wrong."""
        ...

    async def get_ticket(self, ticket_id: TicketId) -> Ticket | None: ...

    async def claim_ticket(self, ticket_id: TicketId, claim: TicketChange) -> Offered | None:
        """Read the ticket, judge it by ``claim``, and write what that returns, in one operation. ``None``: no ticket.

        What is asked is read in the same operation, as of the ticket that was judged: who edits it changes the ticket.
        """
        ...

    async def replace_ticket(self, ticket: Ticket, *messages: Message, patient: bool = False) -> Written | None:
        """Compare-and-set: writes if the stored version is ``ticket.version - 1``; ``None`` otherwise.

        ``patient``: it may wait a quarter of a second for another write to go with. Cancelled meanwhile, it costs
        nothing.

        ``messages`` are written in the same operation: an answer under its question, or put in place of the stored
        ones with their ids, which keep their ``seq`` and their place in the tree. A message is dropped when its
        conversation was deleted.
        The end of a ticket with a ``webhook_id`` writes its `Delivery` with it, due at once, and once only. Its
        ``usage`` is counted for ``counts_for``. Whoever hears that no release is due need not ask for one: who is held
        for this ticket was so before it ended.
        """
        ...

    async def release_held(self, owner: UserId, *, user_limit: int, now: float) -> list[Ticket]:
        """Judge the owner's held tickets again, in one operation, as `core.fairness.judge_held` says.

        Returns those that changed, first come first: queued (each with a ``seq`` of its own, not yet published), or
        held for another reason. However many ask at once, no limit is passed and no order broken.
        """
        ...

    async def owners_to_release(self, due_before: float, limit: int) -> list[UserId]:
        """Owners of held tickets for whom something was due to be released before that time, longest ago first.

        Noted, by the clock of the writer, in the operation that ends a ticket of theirs or the reading of a file; taken
        back by `release_held`. So it costs nothing while nobody was interrupted in between.
        """
        ...

    async def confirm_published(self, offers: Sequence[TicketOffer]) -> None:
        """The broker has these publications. No new version; void where the ticket was published again meanwhile.

        May be forgotten when the ticket is changed at the same time: then it is published once more, which is harmless.
        """
        ...

    async def next_seq(self) -> int:
        """A number higher than every one given before."""
        ...

    async def live_tickets(self, owner: UserId | None = None) -> list[Ticket]:
        """Oldest first (by creation)."""
        ...

    async def unpublished_tickets(self, level_before: float, limit: int) -> list[Ticket]:
        """Queued tickets whose current publication, begun before that time (``level_at``), is not confirmed.

        In their order in the line: priority descending, then ``seq``.
        """
        ...

    async def starving_tickets(self, pool: Pool, priority: int, level_before: float, limit: int) -> list[Ticket]:
        """Queued tickets of this pool and priority that came to it before that time, the first to come first."""
        ...

    async def paused_tickets(self, due_before: float, limit: int) -> list[Ticket]:
        """Tickets held for `RETRYING` whose pause ended before that time, the longest ago first."""
        ...

    async def overdue_tickets(self, now: float, limit: int) -> list[Ticket]:
        """Held or queued tickets whose deadline has passed, the longest overdue first."""
        ...

    async def orphaned_tickets(self, limit: int) -> list[Ticket]:
        """Running tickets whose worker incarnation holds no lease, judged by the store's clock; oldest first."""
        ...

    async def dead_tickets(self, *, cursor: str | None = None, limit: int = 50) -> TicketPage:
        """The dead letters, latest end first. Raises `BadRequest` on a cursor that is not ours."""
        ...

    async def pause_pool(self, pool: Pool, *, paused: bool) -> bool:
        """False when it was so already."""
        ...

    async def paused_pools(self) -> frozenset[Pool]: ...

    async def renew_lease(self, name: str, holder: str, ttl_s: float) -> bool:
        """Take or extend the lease ``name``; False while another holder has it. Store time decides.

        Workers hold ``worker:<worker id>:<incarnation>`` with their incarnation as holder; the keeper holds
        ``keeper``.
        """
        ...

    async def drop_lease(self, name: str, holder: str) -> None: ...


def worker_lease(worker_id: WorkerId, incarnation: Incarnation) -> str:
    """The name of the lease that keeps a worker's tickets its own."""
    return f"worker:{worker_id}:{incarnation}"
