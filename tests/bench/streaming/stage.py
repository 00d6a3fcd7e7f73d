"""All processes of a run, up and warm, with users who have something to sign in with."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.rabbitmq import PrivateNode
from tests.bench import profiles
from tests.bench.streaming import tokenline
from tests.support.system import System

WARM_UP = 20


@dataclass(frozen=True)
class Stage:
    """``keys`` are the users'. ``pids`` by kind: workers count together, as do gateways."""

    keys: list[str]
    system: System
    node: PrivateNode
    pids: dict[str, list[int]]

    @property
    def model_port(self) -> int:
        return self.system.ports["model"]

    @property
    def gateway_port(self) -> int:
        return self.system.ports["gateway-1"]


@contextmanager
def stage(users: int, *, workers: int = 1, gateways: int = 1, talking: bool = False) -> Iterator[Stage]:
    """``talking``: one worker that makes up its answers itself, so that there is a way back and no model. Without
    ``workers`` nothing is asked."""
    with (
        tempfile.TemporaryDirectory(prefix="tokenline-bench-") as folder,
        PrivateNode(Path(folder, "rabbitmq")) as node,
    ):
        system = System(Path(folder), node.amqp_url(), cold=True)
        profiles.prepare(system)
        try:
            if talking:
                own = {"TOKENLINE_WORKER_ID": "worker-1", "TOKENLINE_SLOTS": str(users)}
                system.start("worker-1", "tests.bench.streaming.talking_worker", settings=own)
            elif workers:
                system.scripted_model()
                for number in range(1, workers + 1):
                    system.worker(number, slots=users)
            for number in range(1, gateways + 1):
                system.gateway(number)
            keys = asyncio.run(tokenline.keys_of_new_users(Path(folder), users))
            built = Stage(keys=keys, system=system, node=node, pids=_pids(system, node))
            if workers and not talking:
                for number in range(1, gateways + 1):
                    tokenline.ask(tokenline.enter(system.ports[f"gateway-{number}"], keys[:WARM_UP]))()
            yield built
        finally:
            system.close()
            profiles.report(system)


@contextmanager
def bare_server() -> Iterator[tuple[int, int]]:
    """Port and process of the floor of the way back."""
    with tempfile.TemporaryDirectory(prefix="tokenline-bench-") as folder:
        system = System(Path(folder), "", cold=True)
        try:
            system.start("bare", "tests.bench.streaming.bare_server", ready="/")
            yield system.ports["bare"], system.processes["bare"].pid
        finally:
            system.close()


def _pids(system: System, node: PrivateNode) -> dict[str, list[int]]:
    found = {"client": [os.getpid()], "broker": [node.state.pid]}
    for name, process in system.processes.items():
        found.setdefault(name.partition("-")[0], []).append(process.pid)
    return found
