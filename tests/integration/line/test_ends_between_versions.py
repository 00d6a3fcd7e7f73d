"""Gateways and workers of 0.6.0 and of this version share one broker and one store during an upgrade. Whoever follows
an answer hears the same of it and of its end, and only who is told it all reads nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from msgspec.structs import replace

from services.agent_worker import intake
from services.agent_worker.deps import Deps
from services.agent_worker.ending import tell_ended
from services.gateway.accept import Question
from services.gateway.live import Follower
from tests.support.broker import eventually
from tests.support.in_process.fuse import Judge, Shaky, shaky_store
from tests.support.in_process.processes import Gateway, Process, Worker, principal
from tests.support.in_process.puppet import Puppet, whole
from tokenline.adapters.broker_rabbitmq import RabbitBroker
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts import frames as f
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import without_text
from tokenline.contracts.ids import ReplyKey, WorkerId
from tokenline.contracts.replies import CallPieces, Delta, Ended, Final, Snapshot, ToolCall
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.core.clock import ManualClock
from tokenline.core.ports.broker import Delivery
from tokenline.core.ports.store import Store, Written


class FormerBatch(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What 0.6.0 can read."""

    worker_id: WorkerId
    items: list[Delta | ToolCall | CallPieces | Snapshot | Ended]


_former = msgspec.msgpack.Decoder(FormerBatch).decode


class Tab:
    """Somebody who follows a ticket at one gateway."""

    def __init__(self) -> None:
        self.text = ""
        self.heard: list[f.ServerFrame] = []

    async def follow(self, gateway: Gateway, ticket: Ticket) -> None:
        def look(follower: Follower) -> None:
            live = gateway.streams.live.get(ticket.id)
            for frame in live.beyond(follower.cursor) if live else ():
                if isinstance(frame, str):
                    piece = msgspec.json.decode(frame, type=f.Text)
                    assert piece.offset == len(self.text)
                    self.text += piece.text
                else:
                    self.heard.append(frame)
            if follower.cursor.done:
                gateway.streams.leave(follower)

        await gateway.streams.join(ticket, Follower(ticket.id, look))

    async def at_the_end(self) -> bool:
        return bool(self.heard) and isinstance(self.heard[-1], f.Complete | f.Cancelled | f.Error)


class _Silent(Shaky):
    def __init__(self, mixed: "Mixed", judge: Judge) -> None:
        super().__init__(mixed.store, judge)
        self._mixed = mixed

    async def _call(self, name: str, work: Callable[..., Awaitable[Any]], *arguments: Any, **options: Any) -> Any:
        result = await super()._call(name, work, *arguments, **options)
        return replace(result, messages=None) if self._mixed.silent and isinstance(result, Written) else result


class Mixed:
    """Two gateways, the second of 0.6.0, and a worker, on RabbitMQ."""

    def __init__(self, folder: Path, amqp_url: str) -> None:
        self.clock = ManualClock()
        self.puppet = Puppet()
        self.store: Store = SqliteStore(folder / "tokenline.db", self.clock)
        self.read: dict[str, list[str]] = {"this": [], "former": []}
        self.unreadable = 0
        self.this = Gateway("this", self._counted("this"), RabbitBroker(amqp_url, "this"), self.clock)
        self.former = self._of_before(
            Gateway("former", self._counted("former"), RabbitBroker(amqp_url, "former"), self.clock)
        )
        self.unread = 0
        """Readings of the worker that fail."""
        self.worker_reads = 0
        """Of messages."""
        self.silent = False
        """The worker's store does not say what it wrote."""
        self.worker = Worker(
            "worker", cast(Store, _Silent(self, self._fails)), RabbitBroker(amqp_url, "worker"), self.puppet, self.clock
        )
        self.processes: list[Process] = [self.this, self.former, self.worker]

    def _counted(self, gateway: str) -> Store:
        def note(name: str, arguments: tuple[Any, ...]) -> str | None:
            if name in ("get_ticket", "get_message"):
                self.read[gateway].append(name)
            return None

        return shaky_store(self.store, note)

    def _fails(self, name: str, _: tuple[Any, ...]) -> str | None:
        self.worker_reads += name == "get_message"
        if name != "get_message" or not self.unread:
            return None
        self.unread -= 1
        return "before"

    def _of_before(self, gateway: Gateway) -> Gateway:
        streams, receive = gateway.streams, gateway.streams._receive

        def read_as_before(delivery: Delivery) -> Any:
            try:
                _former(delivery.body)
            except msgspec.ValidationError:
                self.unreadable += 1
                raise
            return receive(delivery)

        streams._key = gateway.name
        streams._queue = replace(streams._queue, routing_keys=(gateway.name,))
        streams._receive = read_as_before  # type: ignore[method-assign]
        return gateway

    async def ask(self, gateway: Gateway) -> Ticket:
        return (await gateway.ask("ann", Question(content="q"))).ticket


@pytest.fixture
async def mixed(tmp_path: Path, amqp_url: str) -> AsyncIterator[Mixed]:
    mixed = Mixed(tmp_path, amqp_url)
    await mixed.store.open()
    try:
        for process in mixed.processes:
            await process.start()
        yield mixed
    finally:
        for process in mixed.processes:
            await process.kill()
        await mixed.store.close()


def tell_as_before(deps: Deps, ticket: Ticket, gateways: set[ReplyKey], _: Final | None = None) -> None:
    tell_ended(deps, ticket, gateways)


async def follow_from_both(mixed: Mixed, asked_at: Gateway, *, in_the_middle: bool) -> tuple[Ticket, list[Tab]]:
    here, elsewhere = Tab(), Tab()
    other = mixed.former if asked_at is mixed.this else mixed.this
    ticket = await mixed.ask(asked_at)
    await here.follow(asked_at, ticket)

    async def called() -> bool:
        return bool(mixed.puppet.under_way)

    async def begun() -> bool:
        return bool(here.text)

    await eventually(called)
    if in_the_middle:
        mixed.puppet.under_way[0].step()
        await eventually(begun)
    await elsewhere.follow(other, ticket)

    async def attached() -> bool:
        return len(mixed.worker.intake.runs[ticket.id].gateways) == 2 and elsewhere.text == here.text

    await eventually(attached)
    mixed.read["this"].clear()
    mixed.read["former"].clear()
    return ticket, [here, elsewhere]


@pytest.mark.parametrize("in_the_middle", [False, True])
@pytest.mark.parametrize("asked_at", ["this", "former"])
@pytest.mark.parametrize("worker", ["this", "former"])
async def test_an_answer_ends_alike_whoever_tells_whom(
    mixed: Mixed, monkeypatch: pytest.MonkeyPatch, asked_at: str, worker: str, in_the_middle: bool
) -> None:
    if asked_at == "former":
        monkeypatch.setattr("services.gateway.accept.reply_key", lambda gateway: gateway)
    if worker == "former":
        monkeypatch.setattr(intake, "tell_ended", tell_as_before)
    ticket, tabs = await follow_from_both(mixed, getattr(mixed, asked_at), in_the_middle=in_the_middle)
    for _ in range(4):
        mixed.puppet.under_way[0].step()
    for tab in tabs:
        await eventually(tab.at_the_end)
    answer = await mixed.store.get_message(ticket.answer_id)
    assert answer is not None
    said = f.Complete(ticket_id=ticket.id, attempt=1, length=len(answer.content), message=without_text(answer))
    for tab in tabs:
        assert (tab.text, tab.heard[-1]) == (answer.content, said) == (whole("q", 1), said)
        assert to_json(tab.heard[-1]) == to_json(said)
    assert (answer.seq > 0, answer.depth, mixed.unreadable) == (True, 1, 0)
    # The one tab of each gateway has left, so nothing is kept.
    assert (mixed.this.streams.live, mixed.former.streams.live) == ({}, {})
    assert mixed.read["former"] == ["get_ticket", "get_message"]
    assert mixed.read["this"] == ([] if worker == "this" else ["get_ticket", "get_message"])


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("asked_at", ["this", "former"])
async def test_a_stopped_one_too(mixed: Mixed, monkeypatch: pytest.MonkeyPatch, asked_at: str, text: bool) -> None:
    if asked_at == "former":
        monkeypatch.setattr("services.gateway.accept.reply_key", lambda gateway: gateway)
    ticket, tabs = await follow_from_both(mixed, getattr(mixed, asked_at), in_the_middle=text)
    await mixed.this.line.stop(await mixed.this.tickets.get(principal("ann"), ticket.id))
    for tab in tabs:
        await eventually(tab.at_the_end)
    ended = await mixed.store.get_ticket(ticket.id)
    assert ended is not None
    assert ended.state is TicketState.CANCELLED
    said = f.Cancelled(ticket_id=ticket.id, message_id=ticket.answer_id if text else None)
    assert [(tab.heard[-1], tab.text) for tab in tabs] == [(said, "q/1 " if text else "")] * 2
    assert mixed.unreadable == 0


@pytest.mark.parametrize("silent", [False, True])
async def test_what_a_store_does_not_say_that_it_wrote_is_read_once_by_the_worker(mixed: Mixed, silent: bool) -> None:
    ticket, tabs = await follow_from_both(mixed, mixed.this, in_the_middle=True)
    mixed.silent, mixed.worker_reads = silent, 0
    mixed.puppet.under_way[0].finish()
    for tab in tabs:
        await eventually(tab.at_the_end)
    answer = await mixed.store.get_message(ticket.answer_id)
    assert answer is not None
    said = tabs[0].heard[-1]
    assert isinstance(said, f.Complete)
    assert (said.message.seq, mixed.worker_reads, mixed.read["this"]) == (answer.seq, int(silent), [])


async def test_a_worker_that_cannot_read_what_it_wrote_lets_the_gateways_read_it(mixed: Mixed) -> None:
    ticket, tabs = await follow_from_both(mixed, mixed.this, in_the_middle=True)
    mixed.unread, mixed.silent = 1, True
    mixed.puppet.under_way[0].finish()
    for tab in tabs:
        await eventually(tab.at_the_end)
        assert isinstance(tab.heard[-1], f.Complete)
    assert (mixed.unread, mixed.read["this"]) == (0, ["get_ticket", "get_message"])
    assert (await mixed.store.get_ticket(ticket.id) or ticket).state is TicketState.COMPLETE
