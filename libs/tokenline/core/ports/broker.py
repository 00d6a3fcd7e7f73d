"""The message broker."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from tokenline.contracts.topology import Queue


class Delivery(Protocol):
    """One message in the hands of one consumer."""

    @property
    def body(self) -> bytes: ...

    @property
    def redelivered(self) -> bool: ...

    @property
    def priority(self) -> int: ...

    async def ack(self) -> bool:
        """Done with it. False when its channel is gone: the broker will deliver it again."""
        ...

    async def reject(self) -> bool:
        """Send it to the dead-letter queue. False as for `ack`."""
        ...


Handler = Callable[[Delivery], Awaitable[None] | None]
"""Returns what is left to wait for; ``None``: nothing."""


class Consumption(Protocol):
    """A consumer that outlives channels and connections until it is cancelled."""

    async def cancel(self) -> None:
        """Take no more messages; those in hand stay valid."""
        ...


class Broker(Protocol):
    """Every method may be called before `connect` and while disconnected; then it raises `BrokerUnavailable`."""

    @property
    def connected(self) -> bool: ...

    @property
    def blocked(self) -> bool:
        """The broker takes no messages for now (its memory or disk alarm) or does not answer; known after seconds."""
        ...

    @property
    def mismatch(self) -> str | None:
        """Which queue or exchange exists as something else than we need, and what an operator should do about it."""
        ...

    async def connect(self) -> None:
        """Connect, retrying until it works, and declare all exchanges. Cancel to give up."""
        ...

    async def close(self) -> None: ...

    async def declare(self, queue: Queue) -> None:
        """Raises `TopologyMismatch` when it exists with other arguments; once those are gone it is declared."""
        ...

    async def publish(self, exchange: str, routing_key: str, body: bytes, *, priority: int = 0) -> None:
        """Persistent, mandatory, confirmed; 5 s in all.

        Returns only on a positive confirm. Raises `BrokerUnavailable` (also when unroutable or when the outcome is
        unknown: the message may still arrive) and `QueueFull`. Cancel-safe; a cancelled publish may still arrive.
        """
        ...

    async def tell(self, exchange: str, routing_key: str, body: bytes) -> bool:
        """Transient and unconfirmed: at most once. False when it was not even sent."""
        ...

    async def consume(
        self,
        queue: Queue,
        handler: Handler,
        *,
        prefetch: int,
        on_restored: Callable[[], Awaitable[None]] | None = None,
    ) -> Consumption:
        """Declare the queue and hand each message to ``handler``, at most ``prefetch`` unacknowledged. What it has to
        wait for becomes a task.

        An exclusive queue is consumed without acknowledgements: ``prefetch`` does not bound it, and `ack` says True.
        Survives loss of channel, connection and queue. ``on_restored`` runs each time consumption works again after a
        loss: whatever an exclusive queue held is gone. The handler acknowledges, and may hand the message on to be
        acknowledged later. It runs on when its channel is lost (`Delivery.ack` then says False); only `close` cancels
        it. An exception in it is logged and the message rejected.
        """
        ...

    async def depth(self, queue: Queue) -> int:
        """Messages ready in the queue."""
        ...

    async def purge(self, queue: Queue) -> int:
        """Throw away what is ready in the queue; how many messages that were. Those in hand stay valid."""
        ...
