"""What the admin dashboard serves: the board, the line and its history, over REST and over its socket."""

from enum import StrEnum
from typing import Any

import msgspec

from tokenline.contracts.base import Shape
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.feedback import Feedback
from tokenline.contracts.frames import Auth, Error, Eta, Ping, Pong
from tokenline.contracts.ids import AgentId, ConversationId, MessageId, Pool, TicketId, UserId, WorkerId
from tokenline.contracts.tickets import TicketState


class PoolCard(Shape):
    """One pool at a glance. Waits are of tickets claimed of late; rates count the last minute."""

    pool: Pool
    waiting: int
    depth_by_priority: dict[str, int]
    """Waiting tickets by priority, written as text because JSON keys are; levels without any are left out."""
    held: int
    running: int
    slots: int
    workers: int
    paused: bool
    """By an administrator: nothing of it is started."""
    wait_p50_s: float | None
    wait_p95_s: float | None
    """``None``: nothing was claimed of late."""
    arrivals_per_min: float
    services_per_min: float
    eta: Eta | None
    """For a ticket that would arrive at this moment."""
    oldest_age_s: float | None
    """Of the waiting ticket that was accepted first."""


class WorkerRow(Shape):
    worker_id: WorkerId
    pool: Pool
    slots: int
    busy: int
    draining: bool
    seen_s_ago: float


class LineItem(Shape):
    """One live ticket as the administrator sees it."""

    ticket_id: TicketId
    user: str
    """E-mail address; the id of an account that is gone."""
    agent: AgentId
    pool: Pool
    priority: int
    state: TicketState
    reason: str | None
    """Why it is held or waits without a number."""
    position: int | None
    """Tickets served before it, as its owner sees it; ``None`` when it runs."""
    age_s: float
    eta: Eta | None
    created_at: float


class HistoryPoint(Shape):
    at: float
    pool: Pool
    waiting: int
    running: int


class LinePage(Shape):
    """Answer of ``GET /api/v1/admin/line``."""

    items: tuple[LineItem, ...]
    next: str | None


class PoolPage(Shape):
    """Answer of ``GET /api/v1/admin/pools``."""

    items: tuple[PoolCard, ...]
    next: str | None = None


class WorkerPage(Shape):
    """Answer of ``GET /api/v1/admin/workers``."""

    items: tuple[WorkerRow, ...]
    next: str | None = None


class HistoryPage(Shape):
    """Answer of ``GET /api/v1/admin/history``: a point per pool and 5 s over the last hour, oldest first."""

    items: tuple[HistoryPoint, ...]
    next: str | None = None


class TruthRow(Shape):
    """One pool's waiting tickets, counted where each part keeps them."""

    pool: Pool
    store: int
    broker: int | None
    """Messages ready in the queue; ``None``: the broker or the queue cannot be reached."""
    ledger: int
    void: int | None
    """Messages beyond those of waiting tickets: offers of tickets that were withdrawn, moved or aged; harmless."""
    drift: int | None
    """How far store and ledger are apart, or how many waiting tickets the broker lacks; 0 at rest. The counts are taken
    one after another, so it may flicker under load."""


class TruthPage(Shape):
    """Answer of ``GET /api/v1/admin/truth``."""

    items: tuple[TruthRow, ...]
    next: str | None = None


class AuditAction(StrEnum):
    CANCEL = "ticket.cancel"
    BUMP = "ticket.bump"
    DEMOTE = "ticket.demote"
    MOVE = "ticket.move"
    RETRY = "dead_letter.retry"
    DISCARD = "dead_letter.discard"
    PAUSE = "pool.pause"
    RESUME = "pool.resume"
    DRAIN = "worker.drain"


class Outcome(StrEnum):
    DONE = "done"
    UNCHANGED = "unchanged"
    """It was so already: whoever asks twice gets one effect."""


class TicketNow(Shape):
    """A ticket after an action on it."""

    id: TicketId
    state: TicketState
    pool: Pool
    priority: int


class ActionAnswer(Shape):
    """Answer of every action."""

    outcome: Outcome
    ticket: TicketNow | None = None
    """The ticket acted on; for a retried dead letter the one that asks again."""


class AuditEntry(Shape):
    """One action of an administrator, written down before it is carried out."""

    id: str
    at: float
    actor_id: UserId
    actor: str
    """E-mail address at the time."""
    action: AuditAction
    target: str
    """Id of the ticket or worker, or name of the pool."""
    detail: dict[str, Any] = msgspec.field(default_factory=dict)
    outcome: str | None = None
    """``done``, ``unchanged`` or the code of an error; ``None``: interrupted, or still under way."""


class DeadLetter(Shape):
    """A ticket that was given up after its last attempt."""

    ticket_id: TicketId
    user: str
    agent: AgentId
    pool: Pool
    attempts: int
    error: ErrorInfo | None
    created_at: float
    ended_at: float | None


class DeadLetterPage(Shape):
    """Answer of ``GET /api/v1/admin/dead-letters``, latest first."""

    items: tuple[DeadLetter, ...]
    next: str | None
    in_queue: int | None
    """Messages in RabbitMQ's dead-letter queue, which also takes what cannot be read; ``None``: not to be reached."""


class AuditLog(Shape):
    """Answer of ``GET /api/v1/admin/audit``, latest first."""

    items: tuple[AuditEntry, ...]
    next: str | None


class FeedbackRow(Shape):
    """What somebody said of an answer. Neither question nor answer are shown: they are between user and agent."""

    message_id: MessageId
    conversation_id: ConversationId
    user: str
    """E-mail address; the id of an account that is gone."""
    agent: AgentId
    feedback: Feedback


class FeedbackLog(Shape):
    """Answer of ``GET /api/v1/admin/feedback``, latest first."""

    items: tuple[FeedbackRow, ...]
    next: str | None


class LineQuery(Shape):
    """Query of ``GET /api/v1/admin/line``; ``None`` does not filter."""

    pool: Pool | None = None
    user: str | None = None
    """Part of an e-mail address, or a whole user id."""
    state: TicketState | None = None
    cursor: str | None = None
    limit: int = 200


class AdminReady(Shape, tag="ready", tag_field="type"):
    """The socket is authenticated as an administrator's."""

    user_id: UserId


class Board(Shape, tag="board", tag_field="type"):
    """Sent at most once a second, and only when something changed."""

    at: float
    pools: tuple[PoolCard, ...]
    workers: tuple[WorkerRow, ...]
    broker_connected: bool
    drift: int | None
    """Tickets on which ledger and store disagreed at the last comparison; ``None`` before the first."""


class LineFrame(Shape, tag="line", tag_field="type"):
    """The first page of the whole line, with its length."""

    at: float
    items: tuple[LineItem, ...]
    total: int


AdminClientFrame = Auth | Ping
AdminServerFrame = AdminReady | Board | LineFrame | Error | Pong

_decoder = msgspec.json.Decoder(AdminClientFrame)


def parse_admin_frame(text: str | bytes) -> AdminClientFrame:
    """Raises `msgspec.DecodeError` (not JSON) or `msgspec.ValidationError` (not a frame)."""
    frame: AdminClientFrame = _decoder.decode(text)
    return frame
