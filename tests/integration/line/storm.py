"""Everything that can happen to a line, at random, to two gateways and two workers with people who want answers."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from random import Random
from typing import Any

from tests.integration.line.crowd import Crowd
from tests.integration.line.house import LEASE_GONE_S, SWEEP_S, House
from tests.support.broker import eventually
from tests.support.in_process.fuse import shaky_store
from tests.support.in_process.processes import Process
from tokenline.contracts.errors import ModelOverloaded
from tokenline.core.ports.store import Store
from tokenline.runtime.ledger_feed import RECONCILE_S

GATEWAYS = ("gateway-1", "gateway-2")
WORKERS = ("worker-1", "worker-2")
SLOTS = 2


class Storm:
    """``done`` is what was done, for whoever has to understand a failure."""

    def __init__(self, house: House, seed: int) -> None:
        self.crowd = Crowd(house, seed)
        self.done: list[str] = []
        self._house = house
        self._random, self._weather = Random(f"{seed} deeds"), Random(f"{seed} weather")
        self._store_fails = False
        self._frozen: set[Process] = set()
        self._under_way: set[tuple[str, Process]] = set()
        self._compared: dict[Process, float] = {}
        self._deeds: tuple[tuple[int, Callable[[], Awaitable[None]]], ...] = (
            (30, self.crowd.somebody_asks),
            (5, self.crowd.somebody_stops),
            (5, self.crowd.somebody_edits),
            (5, self.crowd.an_administrator_moves_one),
            (30, self.the_model_goes_on),
            (6, self.an_attempt_fails),
            (12, self.time_passes),
            (12, self.keepers_sweep),
            (2, self.a_worker_dies),
            (2, self.a_worker_freezes_or_thaws),
            (2, self.a_gateway_dies_while_it_sweeps),
            (2, self.a_connection_is_cut),
            (2, self.the_broker_goes_away_or_comes_back),
            (1, self.the_broker_is_wiped),
            (4, self.the_store_fails_or_recovers),
        )

    async def __aenter__(self) -> "Storm":
        await self.crowd.__aenter__()
        for name in GATEWAYS:
            await self._start_gateway(name)
        for name in WORKERS:
            await self._start_worker(name)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.crowd.__aexit__(*exc)

    async def rage(self, deeds: int) -> None:
        weights, verbs = zip(*self._deeds, strict=True)
        for _ in range(deeds):
            deed = self._random.choices(verbs, weights)[0]
            self.done.append(deed.__name__)
            await deed()
            for _ in range(self._random.randrange(8)):
                await asyncio.sleep(0)
            if self._random.random() < 0.3:
                await asyncio.sleep(0.002)  # the store's threads have a life of their own

    # ── time, the model and the keepers ──────────────────────────────────────────────────────────────────────────────

    async def the_model_goes_on(self) -> None:
        for call in self._house.puppet.under_way:
            if self._random.random() < 0.7:
                call.step()

    async def an_attempt_fails(self) -> None:
        if self._house.puppet.under_way:
            self._random.choice(self._house.puppet.under_way).fail(ModelOverloaded())

    async def time_passes(self) -> None:
        self._house.clock.advance(self._random.uniform(0.5, 6))
        self._look_around()

    def _look_around(self) -> None:
        """What processes do by their timers, except of those that are frozen."""
        for worker in self._house.workers:
            if worker not in self._frozen:
                self._unless_under_way(worker, worker.leases.renew)
                self._unless_under_way(worker, worker.leases.heartbeat)
        for gateway in self._house.gateways:
            self._unless_under_way(gateway, gateway.streams.look_after_quiet)
            self._unless_under_way(gateway, gateway.streams.look_for_replies)
            if self._house.clock.now() - self._compared.get(gateway, 0.0) > RECONCILE_S:
                self._compared[gateway] = self._house.clock.now()
                self._unless_under_way(gateway, gateway.feed.compare)

    async def keepers_sweep(self) -> None:
        for gateway in self._house.gateways:
            self._unless_under_way(gateway, gateway.keeper.sweep)

    def _unless_under_way(self, process: Process, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """What a process does one at a time."""
        key = (work.__name__, process)

        async def once() -> None:
            try:
                await work()
            finally:
                self._under_way.discard(key)

        if key not in self._under_way:
            self._under_way.add(key)
            self.crowd.by_the_way(work.__name__, once())

    # ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def a_worker_dies(self) -> None:
        worker = self._random.choice(self._house.workers)
        await self._end(worker)
        await self._start_worker(worker.settings.worker_id)

    async def a_worker_freezes_or_thaws(self) -> None:
        """It loses its lease, and knows nothing of it for a while."""
        worker = self._random.choice(self._house.workers)
        if worker in self._frozen:
            self._frozen.discard(worker)
        else:
            self._frozen.add(worker)
            self._house.clock.advance(LEASE_GONE_S)
            self._look_around()

    async def a_gateway_dies_while_it_sweeps(self) -> None:
        gateway = self._random.choice(self._house.gateways)
        self._unless_under_way(gateway, gateway.keeper.sweep)
        for _ in range(self._random.randrange(60)):
            await asyncio.sleep(0)
        await self._end(gateway)
        await self._start_gateway(gateway.name)

    async def a_connection_is_cut(self) -> None:
        self._house.cut(self._random.choice([*self._house.gateways, *self._house.workers]))

    async def the_broker_goes_away_or_comes_back(self) -> None:
        if self._house.server.running.is_set():
            self._house.server.stop()
        else:
            self._house.server.start()

    async def the_broker_is_wiped(self) -> None:
        self._house.server.wipe()
        self._house.server.start()

    async def the_store_fails_or_recovers(self) -> None:
        self._store_fails = not self._store_fails

    def _judge(self, *_: object) -> str | None:
        return self._weather.choice(["before", "after", None]) if self._store_fails else None

    def _store(self) -> Store:
        return shaky_store(self._house.store, self._judge)

    async def _end(self, process: Process) -> None:
        self._frozen.discard(process)
        await self._house.kill(process)

    async def _start_gateway(self, name: str) -> None:
        self._calm_enough_to_start()
        await self._house.gateway(name, store=self._store())

    async def _start_worker(self, name: str) -> None:
        self._calm_enough_to_start()
        await self._house.worker(name, store=self._store(), slots=SLOTS)

    def _calm_enough_to_start(self) -> None:
        """Starting waits for store and broker, and this storm has one thread."""
        self._store_fails = False
        self._house.server.start()

    # ── after it ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def everybody_is_answered(self, sweeps: int) -> int:
        """Nothing goes wrong any more. How many sweeps it took, of ``sweeps`` at most."""
        self._calm_enough_to_start()
        self._frozen.clear()
        self._house.puppet.let_go()
        for number in range(sweeps):
            await self._rests()
            if not self.crowd.waits:
                return number
            self._house.clock.advance(SWEEP_S)
            self._look_around()
            await self.keepers_sweep()
        raise AssertionError(f"not everybody was answered: {await self._house.picture()}; done: {self.done}")

    async def _rests(self) -> None:
        try:
            await eventually(self._only_time_could_help)
        except TimeoutError:
            raise AssertionError(f"no rest: {await self._house.picture()}; done: {self.done}") from None
        if self.crowd.wrong:
            raise AssertionError(f"met while {self.done}") from self.crowd.wrong[0]

    async def _only_time_could_help(self) -> bool:
        return not self.crowd.acts and await self._house.at_rest()
