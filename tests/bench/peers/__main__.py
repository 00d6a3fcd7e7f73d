"""``make bench-peers``: Tokenline and its peers at the same work, one after the other, on this machine."""

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path

from tests.bench.machine import Meter
from tests.bench.peers.asking import ASKING
from tests.bench.peers.compare import OURS, Seen, rows
from tests.bench.peers.install import REQUIREMENTS, installed
from tests.bench.peers.programs import serving
from tests.bench.rows import Row, save, table
from tests.bench.streaming import direct, tokenline
from tests.bench.streaming.stage import Stage, stage
from tests.bench.streaming.work import BrokenRun
from tests.support.system import free_port

FOLDER = Path("var/peers").absolute()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--only", nargs="+", choices=sorted(REQUIREMENTS), default=list(REQUIREMENTS))
    parser.add_argument("--out", type=Path, default=Path("var/bench-peers.json"))
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    homes = {name: home for name in arguments.only if (home := installed(name, FOLDER)) is not None}
    figures = _measure(arguments.users, homes)
    print(f"\n{table(figures)}")
    save(figures, arguments.out)
    print(f"\nwritten to {arguments.out}")
    return 0


def _measure(users: int, homes: dict[str, Path]) -> list[Row]:
    with stage(users) as built:
        floor = direct.with_sockets(users, built.model_port)()
        seen = {OURS: _ours(users, built), "openai client": _past_everything(users, built)}
        for name, of in seen.items():
            print(of.line(users, name), flush=True)
        for name, home in homes.items():
            try:
                seen[name] = _peer(name, home, users, built)
            except BrokenRun as error:
                print(f"!!   NO FIGURES of {name}: {error}", file=sys.stderr, flush=True)
            else:
                print(seen[name].line(users, name), flush=True)
    return rows(users, floor, seen)


def _ours(users: int, built: Stage) -> Seen:
    sockets = tokenline.enter(built.gateway_port, built.keys)
    with Meter(built.pids) as meter:
        judge = tokenline.ask(sockets)
    return Seen(judge(), meter, ("gateway", "broker", "worker"))


def _past_everything(users: int, built: Stage) -> Seen:
    """The customary client with nothing between it and the model: what it costs is its own."""
    with Meter({name: built.pids[name] for name in ("client", "model")}) as meter:
        judge = direct.with_openai(users, built.model_port)
    return Seen(judge(), meter, ("client",))


def _peer(name: str, home: Path, users: int, built: Stage) -> Seen:
    port = free_port()
    pids = {"client": [os.getpid()], "model": built.pids["model"]}
    with (
        tempfile.TemporaryDirectory(prefix="tokenline-peer-") as folder,
        serving(name, home, Path(folder, name), port, f"http://127.0.0.1:{built.model_port}/v1") as pid,
    ):
        ASKING[name](1, port)()  # what is built at first use
        with Meter({"server": [pid], **pids}) as meter:
            judge = ASKING[name](users, port)
        return Seen(judge(), meter, ("server",))


if __name__ == "__main__":
    sys.exit(main())
