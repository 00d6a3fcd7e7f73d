"""Which processes `make run` starts, with which environment, in which order. Pure."""

import dataclasses
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.options import Options
from deploy.local.ports import LOOPBACK


@dataclasses.dataclass(frozen=True)
class Process:
    """One child of the launcher."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int
    # A path that answers HTTP 200 when the process can serve.
    ready_path: str = "/readyz"


@dataclasses.dataclass(frozen=True)
class Secrets:
    """Made at the first start and kept in the data folder."""

    secret_key: str
    service_token: str
    admin_email: str
    admin_password: str
    former_keys: tuple[str, ...] = ()
    """Sign nothing any more, but verify."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """Stages in starting order; members of a stage start together. Stopping goes backwards."""

    before_broker: tuple[Process, ...]
    stages: tuple[tuple[Process, ...], ...]

    def ports(self) -> dict[int, str]:
        """Who will listen where."""
        members = [*self.before_broker, *(process for stage in self.stages for process in stage)]
        return {process.port: process.name for process in members}


def wants_offline_model(environment: Mapping[str, str]) -> bool:
    """Only an address sends text out of this machine: a key alone may be in the shell for other programs."""
    return not environment.get("OPENAI_BASE_URL")


def make_plan(
    options: Options,
    secrets: Secrets,
    amqp_url: str,
    model_port: int,
    environment: Mapping[str, str],
) -> Plan:
    """The plan for `options`; `environment`, the launcher's own, goes to the children under the contract."""
    common = dict(environment)
    # The account is the gateways' business; nobody else needs to know the password.
    for name in ("TOKENLINE_ADMIN_EMAIL", "TOKENLINE_ADMIN_PASSWORD"):
        common.pop(name, None)
    common |= {
        "PYTHONUNBUFFERED": "1",
        "AMQP_URL": amqp_url,
        "TOKENLINE_HOST": LOOPBACK,
        # Services may take this long to end; the launcher, with ten seconds for all, kills those that need 3.75.
        "TOKENLINE_GRACEFUL_S": "3",
        "TOKENLINE_DATA_DIR": str(options.data),
        "TOKENLINE_SECRET_KEY": secrets.secret_key,
        "TOKENLINE_FORMER_SECRET_KEYS": json.dumps(secrets.former_keys),
        "TOKENLINE_SERVICE_TOKEN": secrets.service_token,
        "TOKENLINE_INGEST_URL": f"http://{LOOPBACK}:{options.ingest_port()}",
    }
    offline: tuple[Process, ...] = ()
    if wants_offline_model(environment):
        common |= {"OPENAI_BASE_URL": f"http://{LOOPBACK}:{model_port}/v1", "OPENAI_API_KEY": "offline"}
        offline = (
            Process(
                name="model",
                command=_python("tokenline.offline_model", "--port", str(model_port)),
                environment=common,
                port=model_port,
                ready_path="/v1/models",
            ),
        )

    def service(module: str, name: str, port: int, **extra: str) -> Process:
        return Process(name, _python(module), common | {"TOKENLINE_PORT": str(port)} | extra, port)

    ingest = service("services.ingest", "ingest", options.ingest_port())
    workers = tuple(
        service(
            "services.agent_worker",
            f"worker-{i}",
            port,
            TOKENLINE_WORKER_ID=f"worker-{i}",
            TOKENLINE_SLOTS=str(options.slots),
        )
        for i, port in enumerate(options.worker_ports(), start=1)
    )
    gateways = tuple(
        service(
            "services.gateway",
            f"gateway-{i}",
            port,
            TOKENLINE_GATEWAY_ID=f"gateway-{i}",
            TOKENLINE_ADMIN_EMAIL=secrets.admin_email,
            TOKENLINE_ADMIN_PASSWORD=secrets.admin_password,
        )
        for i, port in enumerate(options.gateway_ports(), start=1)
    )
    admin = service("services.admin_dashboard", "admin", options.admin_port)
    # No service waits for another to start; stopping wants the questioners gone before those who answer.
    return Plan(before_broker=offline, stages=((ingest, *workers), (*gateways, admin)))


def ready_line(options: Options) -> str:
    """What programs that start us wait for."""
    return f"Tokenline is ready  chat http://{LOOPBACK}:{options.port}  admin http://{LOOPBACK}:{options.admin_port}"


def log_path(data: Path, name: str) -> Path:
    """Where the output of the process `name` goes."""
    return data / "log" / f"{name}.log"


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
