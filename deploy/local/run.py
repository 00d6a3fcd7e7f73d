"""`make run`: everything on loopback, in the foreground, until Ctrl-C."""

import asyncio
import contextlib
import dataclasses
import fcntl
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.local.children import Broker
from deploy.local.errors import LocalError
from deploy.local.launcher import Launcher
from deploy.local.options import Options, parse_options
from deploy.local.plan import Plan, make_plan, ready_line
from deploy.local.ports import free_port, is_free
from deploy.local.rabbitmq import PrivateNode
from deploy.local.sign_in import load_secrets
from deploy.local.terminal import say


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Exit code: 0 after a stop that was asked for, 1 with one sentence for everything else."""
    try:
        options = parse_options(arguments)
        options = dataclasses.replace(options, data=options.data.expanduser().absolute())
        with _own_data_folder(options.data):
            asyncio.run(_run(options, environment))
    except LocalError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:  # before the launcher listened for it
        return 130
    say("Stopped")
    return 0


async def _run(options: Options, environment: Mapping[str, str]) -> None:
    secrets, sign_in = load_secrets(options.data, environment)
    broker: Broker | None = None
    amqp_url = environment.get("AMQP_URL", "")
    if not amqp_url:
        node = PrivateNode(options.data / "rabbitmq")
        node.choose_ports()
        amqp_url, broker = node.amqp_url(), Broker(node)
    model_port = free_port(avoid=[*options.gateway_ports(), *options.worker_ports(), options.ingest_port()])
    plan = make_plan(options, secrets, amqp_url, model_port, environment)
    check_ports(plan)
    await Launcher(plan, options.data, broker, [ready_line(options), sign_in]).run()


def check_ports(plan: Plan) -> None:
    """Raises LocalError for a port that somebody listens on, before anything is started."""
    for port, name in sorted(plan.ports().items()):
        if not is_free(port):
            option = "PORT" if name.startswith("gateway") else "ADMIN_PORT"
            raise LocalError(
                f"Port {port}, for {name}, is in use: stop what listens there, or choose another {option}."
            )


@contextlib.contextmanager
def _own_data_folder(data: Path) -> Iterator[None]:
    """The folder, made when missing, for this launcher alone. Raises LocalError when another one has it."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(data / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LocalError(
            f"The data folder {data} cannot be used ({error.strerror}): set DATA to a folder of yours."
        ) from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise LocalError(
            f"Another `make run` uses {data}: stop it, or choose other values of DATA, PORT and ADMIN_PORT."
        ) from None
    try:
        yield
    finally:
        os.close(fd)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
