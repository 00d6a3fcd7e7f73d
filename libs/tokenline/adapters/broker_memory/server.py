"""What a RabbitMQ node keeps, and what can be done to it."""

import asyncio
import itertools
from collections.abc import Callable

from tokenline.adapters.broker_memory.queues import MemoryQueue, Message
from tokenline.contracts.errors import BrokerUnavailable, QueueFull, TopologyMismatch
from tokenline.contracts.topology import DEAD, DEAD_QUEUE, EXCHANGES, ExchangeKind, Queue

_KINDS = {exchange.name: exchange.kind for exchange in EXCHANGES}


def topic_matches(pattern: str, key: str) -> bool:
    """AMQP topics: ``*`` stands for one word, ``#`` for any number of words."""
    return _words_match(pattern.split("."), key.split("."))


def _words_match(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_words_match(pattern[1:], words[skip:]) for skip in range(len(words) + 1))
    return bool(words) and pattern[0] in ("*", words[0]) and _words_match(pattern[1:], words[1:])


class MemoryServer:
    """``on_cut`` and ``on_damage`` are the connected brokers' ears: connection lost, topology damaged."""

    def __init__(self) -> None:
        self.running = asyncio.Event()
        self.running.set()
        self.blocked = False
        """A memory or disk alarm: nothing is taken, consumers go on."""
        self.queues: dict[str, MemoryQueue] = {}
        self.on_cut: list[Callable[[], None]] = []
        self.on_damage: list[Callable[[], None]] = []
        self._exchanges: set[str] = set()
        self._order = itertools.count()

    # ── what clients do ──────────────────────────────────────────────────────────────────────────────────────────────

    def set_up(self) -> None:
        self._exchanges |= _KINDS.keys()
        self.declare(DEAD_QUEUE)

    def declare(self, queue: Queue) -> MemoryQueue:
        self._exchanges.add(queue.exchange)
        found = self.queues.get(queue.name)
        if found is None:
            found = self.queues[queue.name] = MemoryQueue(queue, self._bury)
        elif (problem := self.mismatch(queue)) is not None:
            raise TopologyMismatch(problem, name=queue.name)
        found.bindings |= {(queue.exchange, key) for key in queue.routing_keys}
        return found

    def mismatch(self, queue: Queue) -> str | None:
        found = self.queues.get(queue.name)
        if found is None or _fixed(found.declared) == _fixed(queue):
            return None
        return f"The queue {queue.name} exists with other arguments."

    def send(self, exchange: str, routing_key: str, body: bytes, *, priority: int, persistent: bool) -> None:
        """Raises `BrokerUnavailable` when nothing takes it and `QueueFull` when a queue refuses it."""
        queues = self._route(exchange, routing_key)
        if not queues:
            raise BrokerUnavailable(f"Nothing takes messages for {exchange} with key {routing_key}.")
        refused = False
        for queue in queues:
            if queue.full and not queue.declared.exclusive:
                refused = True
                continue
            if queue.full:
                queue.drop_head()
            queue.put(Message(body, priority, persistent, next(self._order)))
            queue.deliver()
        if refused:
            raise QueueFull(f"The queue behind {exchange} with key {routing_key} is full.")

    # ── what can be done to it ───────────────────────────────────────────────────────────────────────────────────────

    def stop(self) -> None:
        """Every connection is lost, and with it exclusive queues and transient messages."""
        self.running.clear()
        self.cut()
        for queue in self.queues.values():
            queue.lose_transient()

    def start(self) -> None:
        self.running.set()

    def cut(self) -> None:
        """Every connection is lost; clients connect again at once when the server runs."""
        for cut in list(self.on_cut):
            cut()

    def wipe(self) -> None:
        """The disk is lost."""
        self.stop()
        self.queues.clear()
        self._exchanges.clear()

    def delete_queue(self, name: str) -> None:
        self.queues.pop(name).vanish()

    def delete_exchange(self, name: str) -> None:
        self._exchanges.discard(name)
        for queue in self.queues.values():
            queue.bindings = {binding for binding in queue.bindings if binding[0] != name}
        for damaged in list(self.on_damage):
            damaged()

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _route(self, exchange: str, routing_key: str) -> list[MemoryQueue]:
        if exchange not in self._exchanges:
            return []
        topic = _KINDS[exchange] is ExchangeKind.TOPIC
        return [
            queue
            for queue in self.queues.values()
            if any(
                source == exchange and (topic_matches(key, routing_key) if topic else key == routing_key)
                for source, key in queue.bindings
            )
        ]

    def _bury(self, message: Message) -> None:
        for queue in self._route(DEAD.name, DEAD.name):
            queue.put(Message(message.body, message.priority, message.persistent, next(self._order)))
            queue.deliver()


def _fixed(queue: Queue) -> tuple[object, ...]:
    """What cannot be declared differently the second time."""
    return queue.durable, queue.exclusive, queue.arguments(quorum=False)
