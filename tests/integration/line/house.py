"""A whole line in one event loop: one SQLite file, one broker in memory, one model, and processes to be killed."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import cast

from services.gateway.accept import Question
from tests.support.broker import eventually
from tests.support.in_process.fuse import Fuse, fused_broker, fused_store
from tests.support.in_process.processes import POOL, Gateway, Process, Worker
from tests.support.in_process.puppet import Puppet, whole
from tests.support.in_process.watch import broken, seen, watch
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.ids import TicketId
from tokenline.contracts.tickets import Ticket, TicketState
from tokenline.contracts.topology import ticket_queue
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Accepted, Store
from tokenline.runtime.agents import load_agents

K = 2
SWEEP_S = 7.0
"""More than the keeper leaves to whoever publishes or releases by himself."""
LEASE_GONE_S = 16.0
QUIET_SWEEPS = 8


class House:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ManualClock()
        self.store: Store = SqliteStore(path, self.clock)
        self.server = MemoryServer()
        self.puppet = Puppet()
        self.agents = load_agents(None, None)
        self.accepted: dict[TicketId, str] = {}
        """What was accepted, with its question."""
        self._processes: dict[Process, Fuse] = {}

    async def open(self) -> None:
        await self.store.open()
        await asyncio.to_thread(watch, self.path, user_limit=K)

    async def close(self) -> None:
        for process in list(self._processes):
            await self.kill(process)
        await self.store.close()

    # ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def gateway(
        self,
        name: str,
        fuse: Fuse | None = None,
        store: Store | None = None,
        around: Callable[[Broker], Broker] = lambda broker: broker,
    ) -> Gateway:
        """``store`` and ``around`` its broker: what stands between this process and them."""
        fuse = fuse or Fuse()
        gateway = Gateway(
            name,
            fused_store(store or self.store, fuse),
            fused_broker(around(MemoryBroker(self.server)), fuse),
            self.clock,
            user_limit=K,
            agents=self.agents,
        )
        self._processes[gateway] = fuse
        await gateway.start()
        return gateway

    async def worker(self, name: str, fuse: Fuse | None = None, store: Store | None = None, slots: int = 4) -> Worker:
        worker = self.unstarted_worker(name, fuse, store, slots)
        await worker.start()
        return worker

    def unstarted_worker(
        self, name: str, fuse: Fuse | None = None, store: Store | None = None, slots: int = 4
    ) -> Worker:
        fuse = fuse or Fuse()
        worker = Worker(
            name,
            fused_store(store or self.store, fuse),
            fused_broker(MemoryBroker(self.server), fuse),
            self.puppet,
            self.clock,
            user_limit=K,
            slots=slots,
            agents=self.agents,
        )
        self._processes[worker] = fuse
        return worker

    @property
    def gateways(self) -> list[Gateway]:
        return [process for process in self._processes if isinstance(process, Gateway)]

    @property
    def workers(self) -> list[Worker]:
        return [process for process in self._processes if isinstance(process, Worker)]

    async def kill(self, process: Process) -> None:
        """Nothing it has under way reaches the world any more."""
        self._processes.pop(process).blow()
        await process.kill()

    def cut(self, process: Process) -> None:
        """Its connection is lost, and comes back by itself."""
        cast(MemoryBroker, process.broker).lose_connection()

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def ask(self, gateway: Gateway, user: str, content: str, conversation: str | None = None) -> Ticket:
        """Ask as a client does; the same content again is the same message resent."""
        question = Question(content=content, conversation_id=conversation, client_message_id=content)
        return self.note(await gateway.ask(user, question))

    def note(self, accepted: Accepted) -> Ticket:
        self.accepted[accepted.ticket.id] = accepted.question.content
        return accepted.ticket

    async def ticket(self, ticket_id: TicketId) -> Ticket:
        found = await self.store.get_ticket(ticket_id)
        assert found is not None, f"{ticket_id} was accepted and is lost"
        return found

    # ── rest ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def idle(self, process: Process) -> None:
        """What the process did by the way is done, or died with it."""

        async def nothing_under_way() -> bool:
            return len(process.supervisor) == (1 if isinstance(process, Worker) else 0)

        await eventually(nothing_under_way)
        await process.line.confirmations.flush()

    async def at_rest(self) -> bool:
        """Whether only time or the keeper could do more: no offer waits, and none is in anybody's hands."""
        queue = self.server.queues.get(ticket_queue(POOL).name)
        quiet = queue is not None and not queue.depth and not queue.in_hand
        return quiet and not any(worker.intake.runs for worker in self.workers)

    async def quiet(self, *gateways: Gateway) -> int:
        """Everything is well again: a worker, these gateways' keepers, and time. The sweeps until all had ended."""
        self.puppet.let_go()
        await self.worker("worker-of-the-quiet")
        for sweeps in range(QUIET_SWEEPS):
            await self._resting()
            if not await self.store.live_tickets():
                return sweeps
            self.clock.advance(LEASE_GONE_S if sweeps == 0 else SWEEP_S)
            for worker in self.workers:
                await worker.leases.renew()
            await asyncio.gather(*(gateway.keeper.sweep() for gateway in gateways))
        raise AssertionError(f"somebody waits for ever: {await self.picture()}")

    async def _resting(self) -> None:
        try:
            await eventually(self.at_rest)
        except TimeoutError:
            raise AssertionError(f"no rest: {await self.picture()}") from None

    async def picture(self) -> str:
        queue = self.server.queues.get(ticket_queue(POOL).name)
        live = [
            f"{self.accepted.get(t.id)} {t.state} {t.hold_reason} attempt {t.attempt} publication {t.publish_no}"
            for t in await self.store.live_tickets()
        ]
        runs = [self.accepted.get(ticket_id) for worker in self.workers for ticket_id in worker.intake.runs]
        broker = f"{queue.depth} ready, {queue.in_hand} in hand" if queue is not None else "no queue"
        return f"{live}; running: {runs}; broker: {broker}; model: {[call.question for call in self.puppet.under_way]}"

    async def the_law_holds(self) -> None:
        """Each accepted question ended once, with one answer that is all of one call; no limit was ever passed."""
        assert await asyncio.to_thread(broken, self.path) == {}
        history = await asyncio.to_thread(seen, self.path)
        ends = Counter(version.ticket_id for version in history if TicketState(version.state) in moves.TERMINAL)
        for ticket_id, question in self.accepted.items():
            ticket = await self.ticket(ticket_id)
            assert ticket.state in moves.TERMINAL, f"{question} is {ticket.state}"
            assert ends[ticket_id] == 1, f"{question} ended {ends[ticket_id]} times"
            assert self.puppet.calls[question] <= ticket.attempt, f"{question} was asked too often"
            await self._one_answer(ticket, question)

    async def _one_answer(self, ticket: Ticket, question: str) -> None:
        messages = (await self.store.messages(ticket.conversation_id, limit=200)).items
        answers = [message.content for message in messages if message.ticket_id == ticket.id and message.role != "user"]
        calls = range(1, self.puppet.calls[question] + 1)
        if ticket.state is TicketState.COMPLETE:
            assert len(answers) == 1, f"{question} was answered {len(answers)} times"
            assert answers[0] in [whole(question, call) for call in calls]
        for answer in answers:
            assert any(whole(question, call).startswith(answer) for call in calls), f"texts mixed: {answer!r}"
