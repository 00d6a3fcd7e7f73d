"""Every exchange and queue of Tokenline, each name typed once.

| name | kind | carries |
| --- | --- | --- |
| ``tokenline.tickets`` → ``tokenline.tickets.<pool>`` | direct → durable priority queue | `TicketOffer` |
| ``tokenline.replies`` → ``tokenline.replies.<gateway>.<incarnation>`` | direct → exclusive queue | `ReplyBatch` |
| ``tokenline.events`` → exclusive queue each | topic | `Event` |
| ``tokenline.control`` → exclusive queue each | topic | `Control` |
| ``tokenline.ingest`` → ``tokenline.ingest`` | direct → durable priority queue | `IngestJob` |
| ``tokenline.dead`` → ``tokenline.dead`` | direct → durable queue | exhausted and malformed messages |
"""

from enum import StrEnum
from typing import Any

from tokenline.contracts.base import Shape
from tokenline.contracts.ids import GatewayId, Pool, ReplyKey, WorkerId

LEVELS = 10
"""``x-max-priority``: tickets use 0..9, and 10 (the highest a queue of ten levels knows) is for resumed ones."""

HIGHEST = 9
"""Of the priorities that users, ageing and administrators give."""

RESUME_PRIORITY = 10


class ExchangeKind(StrEnum):
    DIRECT = "direct"
    TOPIC = "topic"


class Exchange(Shape):
    name: str
    kind: ExchangeKind
    durable: bool = True


class Queue(Shape):
    """``exclusive`` queues belong to one connection, vanish with it, and carry transient messages."""

    name: str
    exchange: str
    routing_keys: tuple[str, ...]
    durable: bool = True
    exclusive: bool = False
    levels: int = 0
    """Priority levels; 0: a plain queue."""
    max_length: int | None = None
    """Beyond it a publish is refused (``reject-publish``)."""
    dead_letter: bool = False

    def arguments(self, *, quorum: bool) -> dict[str, Any]:
        """AMQP arguments. ``quorum``: the server is 4.3 or newer and quorum queues order by priority themselves."""
        if self.exclusive:
            return {} if self.max_length is None else {"x-max-length": self.max_length, "x-overflow": "drop-head"}
        arguments: dict[str, Any] = {"x-queue-type": "quorum" if quorum else "classic"}
        if self.levels and not quorum:
            arguments["x-max-priority"] = self.levels
        if self.max_length is not None:
            arguments |= {"x-max-length": self.max_length, "x-overflow": "reject-publish"}
        if self.dead_letter:
            arguments |= {"x-dead-letter-exchange": DEAD.name, "x-dead-letter-routing-key": DEAD.name}
        return arguments


TICKETS = Exchange(name="tokenline.tickets", kind=ExchangeKind.DIRECT)
REPLIES = Exchange(name="tokenline.replies", kind=ExchangeKind.DIRECT)
EVENTS = Exchange(name="tokenline.events", kind=ExchangeKind.TOPIC)
CONTROL = Exchange(name="tokenline.control", kind=ExchangeKind.TOPIC)
INGEST = Exchange(name="tokenline.ingest", kind=ExchangeKind.DIRECT)
DEAD = Exchange(name="tokenline.dead", kind=ExchangeKind.DIRECT)

EXCHANGES = (TICKETS, REPLIES, EVENTS, CONTROL, INGEST, DEAD)

INGEST_QUEUE = Queue(
    name="tokenline.ingest",
    exchange=INGEST.name,
    routing_keys=("tokenline.ingest",),
    levels=LEVELS,
    dead_letter=True,
)
DEAD_QUEUE = Queue(name="tokenline.dead", exchange=DEAD.name, routing_keys=("tokenline.dead",))


def ticket_queue(pool: Pool, max_length: int | None = None) -> Queue:
    """``max_length`` must be the same wherever the queue is declared; ``None``: the store alone bounds the line."""
    return Queue(
        name=f"{TICKETS.name}.{pool}",
        exchange=TICKETS.name,
        routing_keys=(pool,),
        levels=LEVELS,
        max_length=max_length,
        dead_letter=True,
    )


_TAKES_FINAL = ".final"
"""No gateway's id has a dot. What changes the shape of `replies.Final` changes this, too: an older gateway would refuse
the whole batch."""


def reply_key(gateway: GatewayId) -> ReplyKey:
    """Where a gateway wants its replies, which says what it can read: the id alone stands for 0.6.0 and before."""
    return gateway + _TAKES_FINAL


def gateway_of(key: ReplyKey) -> GatewayId:
    return key.removesuffix(_TAKES_FINAL)


def takes_final(key: ReplyKey) -> bool:
    """Whether who listens there can read `replies.Final`."""
    return key.endswith(_TAKES_FINAL)


def reply_queue(gateway: GatewayId, incarnation: str) -> Queue:
    """Named by incarnation too: a restarted gateway must not wait for its former exclusive queue to go.

    Bound by the gateway's id, too, which the tickets of a gateway of 0.6.0 name that was restarted as this one.
    """
    return Queue(
        name=f"{REPLIES.name}.{gateway}.{incarnation}",
        exchange=REPLIES.name,
        routing_keys=(reply_key(gateway), gateway),
        durable=False,
        exclusive=True,
        max_length=100_000,
    )


def event_queue(listener: str, *routing_keys: str) -> Queue:
    """``listener`` names the process and its incarnation."""
    return Queue(
        name=f"{EVENTS.name}.{listener}",
        exchange=EVENTS.name,
        routing_keys=routing_keys,
        durable=False,
        exclusive=True,
        max_length=100_000,
    )


def control_queue(worker: WorkerId, incarnation: str) -> Queue:
    return Queue(
        name=f"{CONTROL.name}.{worker}.{incarnation}",
        exchange=CONTROL.name,
        routing_keys=(f"worker.{worker}", "workers"),
        durable=False,
        exclusive=True,
        max_length=10_000,
    )
