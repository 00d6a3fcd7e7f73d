"""A queue with priorities, its consumers, and their messages in hand."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from tokenline.contracts.topology import Queue


@dataclass(slots=True)
class Message:
    body: bytes
    priority: int
    persistent: bool
    order: int
    redelivered: bool = False


class MemoryDelivery:
    def __init__(self, consumer: "Consumer", message: Message, outcome: bool | None = None) -> None:
        self._consumer = consumer
        self._outcome = outcome
        self.message = message
        self.body = message.body
        self.redelivered = message.redelivered
        self.priority = message.priority

    async def ack(self) -> bool:
        return self._settle(dead=False)

    async def reject(self) -> bool:
        return self._settle(dead=True)

    def _settle(self, *, dead: bool) -> bool:
        if self._outcome is None:
            self._outcome = self._consumer.settle(self, dead=dead)
        return self._outcome


class Consumer:
    """``receive`` must not raise; ``lost`` is called when the queue goes, not when the consumer leaves."""

    def __init__(self, prefetch: int, receive: Callable[[MemoryDelivery], None], lost: Callable[[], None]) -> None:
        self.prefetch = prefetch
        self.receive = receive
        self.lost = lost
        self.queue: MemoryQueue | None = None
        self.leaving = False
        self.in_hand: list[MemoryDelivery] = []

    @property
    def free(self) -> bool:
        return not self.leaving and len(self.in_hand) < self.prefetch

    def settle(self, delivery: MemoryDelivery, *, dead: bool) -> bool:
        queue = self.queue
        if queue is None:
            return False
        self.in_hand.remove(delivery)
        if dead:
            queue.bury(delivery.message)
        queue.deliver()
        return True


class MemoryQueue:
    def __init__(self, declared: Queue, bury: Callable[[Message], None]) -> None:
        self.declared = declared
        self.bindings: set[tuple[str, str]] = set()
        self._bury = bury
        self._consumers: list[Consumer] = []
        self._ready: list[tuple[int, int, Message]] = []

    @property
    def depth(self) -> int:
        return len(self._ready)

    @property
    def in_hand(self) -> int:
        """Delivered and not acknowledged."""
        return sum(len(consumer.in_hand) for consumer in self._consumers)

    @property
    def full(self) -> bool:
        return self.declared.max_length is not None and self.depth >= self.declared.max_length

    def put(self, message: Message) -> None:
        rank = min(message.priority, self.declared.levels)
        heapq.heappush(self._ready, (-rank, message.order, message))

    def drop_head(self) -> None:
        heapq.heappop(self._ready)

    def purge(self) -> int:
        """Throw away what is ready; how many."""
        purged = self.depth
        self._ready.clear()
        return purged

    def bury(self, message: Message) -> None:
        if self.declared.dead_letter:
            self._bury(message)

    def lose_transient(self) -> None:
        """What a restart of the node does."""
        self._ready = [entry for entry in self._ready if entry[2].persistent]
        heapq.heapify(self._ready)

    def deliver(self) -> None:
        """Hand out what is ready, to the consumers in turn."""
        while self._ready and (consumer := next((c for c in self._consumers if c.free), None)) is not None:
            self._consumers.remove(consumer)
            self._consumers.append(consumer)
            message = heapq.heappop(self._ready)[2]
            if self.declared.exclusive:
                # As at RabbitMQ, where such a queue is consumed without acknowledgements.
                consumer.receive(MemoryDelivery(consumer, message, outcome=True))
                continue
            delivery = MemoryDelivery(consumer, message)
            consumer.in_hand.append(delivery)
            consumer.receive(delivery)

    def join(self, consumer: Consumer) -> None:
        consumer.queue = self
        self._consumers.append(consumer)
        self.deliver()

    def part(self, consumer: Consumer) -> None:
        """The consumer's channel is gone: what it had in hand is delivered again, each in its old place."""
        self._consumers.remove(consumer)
        consumer.queue = None
        for delivery in consumer.in_hand:
            delivery.message.redelivered = True
            self.put(delivery.message)
        consumer.in_hand.clear()
        self.deliver()

    def vanish(self) -> None:
        """The queue was deleted, messages and all."""
        self._ready.clear()
        consumers, self._consumers = self._consumers, []
        for consumer in consumers:
            consumer.queue = None
            consumer.in_hand.clear()
            consumer.lost()
