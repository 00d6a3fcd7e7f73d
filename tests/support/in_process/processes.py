"""A gateway and a worker, as their `__main__` builds them, but stepped by the test."""

from contextlib import AsyncExitStack
from functools import cache
from typing import cast

from pydantic import SecretStr

from services.agent_worker.app import METRICS as WORKER_METRICS
from services.agent_worker.commands import Commands
from services.agent_worker.deps import Deps
from services.agent_worker.failures import Failures
from services.agent_worker.intake import Intake
from services.agent_worker.leases import Leases
from services.agent_worker.pictures import Gallery
from services.agent_worker.publisher import Publisher
from services.agent_worker.settings import WorkerSettings
from services.gateway.accept import Acceptance, Question
from services.gateway.app import METRICS as GATEWAY_METRICS
from services.gateway.keeper import Keeper
from services.gateway.republish import Republisher
from services.gateway.settings import GatewaySettings
from services.gateway.streams import Streams
from services.gateway.tickets import Tickets
from tests.support.limits import HARDLY_LIMITED
from tokenline.contracts.accounts import Role
from tokenline.contracts.attachments import Passage, SearchRequest
from tokenline.contracts.topology import ticket_queue
from tokenline.core.clock import Clock, new_id
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.files import Files
from tokenline.core.ports.model import Model
from tokenline.core.ports.search import Search
from tokenline.core.ports.store import Accepted, Store
from tokenline.runtime.agents import Agents, load_agents
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.revocations import Revocations
from tokenline.runtime.auth.rights import Rights
from tokenline.runtime.auth.tokens import Tokens
from tokenline.runtime.ledger_feed import LedgerFeed
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.supervisor import Supervisor

POOL = "default"


def principal(user: str, tier: int = 4) -> Principal:
    return Principal(
        user_id=user,
        email=f"{user}@example.org",
        role=Role.USER,
        tier=tier,
        via="password",
        credential_id="",
        expires_at=None,
    )


@cache
def _gateway_settings(name: str, user_limit: int) -> GatewaySettings:
    """Reading settings takes longer than to build all the rest."""
    return GatewaySettings(
        port=1, gateway_id=name, secret_key=SecretStr("of no use"), user_limit=user_limit, limits=HARDLY_LIMITED
    )


@cache
def _worker_settings(name: str, slots: int, user_limit: int, pool: str) -> WorkerSettings:
    return WorkerSettings(port=1, worker_id=name, slots=slots, user_limit=user_limit, pool=pool, tick_s=0.001)


NO_PICTURES = Gallery(cast(Files, None), 0)
"""Nobody has files here."""


class _NoSearch:
    """Nobody has files here."""

    async def passages(self, request: SearchRequest) -> tuple[Passage, ...]:
        return ()

    async def close(self) -> None:
        return


class Process:
    """``await kill()`` ends it as a crash does: no goodbye, and its deliveries go back to the broker."""

    line: Line

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.supervisor = Supervisor()
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """As `app.create_app` does it, but without what runs by the clock: that is the test's to call."""
        await self._stack.enter_async_context(self.supervisor)

    async def kill(self) -> None:
        await self._stack.aclose()
        await self.line.confirmations.flush()
        await self.broker.close()


class Gateway(Process):
    def __init__(
        self,
        name: str,
        store: Store,
        broker: Broker,
        clock: Clock,
        *,
        user_limit: int = 2,
        agents: Agents | None = None,
    ) -> None:
        super().__init__(broker)
        self.name = name
        self.store = store
        self.metrics = Metrics(*GATEWAY_METRICS)
        self.settings = _gateway_settings(name, user_limit)
        incarnation = new_id(clock.now())
        agents = agents or load_agents(None, None)
        self._pools = sorted({agent.pool for agent in agents.all})
        self.line = line = Line(store, broker, user_limit=user_limit)
        self.feed = feed = LedgerFeed(store, broker, clock, listener=f"{name}.{incarnation}")
        self.ledger = ledger = feed.ledger
        self.streams = streams = Streams(store, broker, ledger, self.supervisor, clock, name, incarnation)
        self.acceptance = Acceptance(
            store, line, feed, streams, line.announcer, agents, clock, self.metrics, self.settings, self.supervisor
        )
        revocations = Revocations(store, Rights(store, clock, Tokens("x" * 32, clock)), clock)
        self.tickets = Tickets(store, line, streams, line.announcer, revocations)
        self.republisher = Republisher(store, broker, line, ledger, self.metrics)
        self.keeper = Keeper(store, line, self.republisher, ledger, self.metrics, incarnation, self.settings.ageing_s)

    async def start(self) -> None:
        await super().start()
        self.feed.on_event.append(self.streams.on_event)
        self.feed.on_reload.append(self.streams.on_reload)
        await self.feed.reload()
        await self.broker.connect()
        for pool in self._pools:
            await self.broker.declare(ticket_queue(pool))
        await self.streams.start()
        await self.feed.subscribe()

    async def ask(self, user: str, question: Question, tier: int = 4) -> Accepted:
        return await self.acceptance.ask(principal(user, tier), question)


class Worker(Process):
    def __init__(
        self,
        name: str,
        store: Store,
        broker: Broker,
        model: Model,
        clock: Clock,
        *,
        slots: int = 4,
        user_limit: int = 2,
        pool: str = POOL,
        agents: Agents | None = None,
    ) -> None:
        super().__init__(broker)
        self.settings = _worker_settings(name, slots, user_limit, pool)
        self.metrics = Metrics(*WORKER_METRICS)
        self.line = line = Line(store, broker, user_limit=user_limit)
        self.deps = Deps(
            store=store,
            broker=broker,
            model=model,
            search=cast(Search, _NoSearch()),
            gallery=NO_PICTURES,
            agents=agents or load_agents(None, None),
            clock=clock,
            metrics=self.metrics,
            line=line,
            publisher=Publisher(broker, name, self.settings.tick_s),
            failures=Failures(line, broker, self.metrics, self.settings.attempts),
        )
        self.incarnation = new_id(clock.now())
        self.intake = Intake(self.deps, self.settings, self.incarnation, self.supervisor)
        self.leases = Leases(self.deps, self.settings, self.incarnation, self.intake)
        self._commands = Commands(broker, self.settings, self.incarnation, self.intake)

    async def start(self) -> None:
        await super().start()
        await self.leases.renew()
        self.supervisor.forever("publisher", self.deps.publisher.run)
        await self.broker.connect()
        await self._commands.start()
        await self.intake.start()
