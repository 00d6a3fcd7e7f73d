"""The folder of a private RabbitMQ node: who it is, its ports, and the files the server reads.

- `node.json`: identity and, while it runs, ports and process ids (0600)
- `home/`: HOME of the node, with its Erlang cookie
- `data/`: what the broker stores; removing it is losing the broker's disk
- `log/`: the server's log and its console output
"""

import dataclasses
import json
import os
import secrets
from pathlib import Path
from typing import Any

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.rabbitmq_install import make_lean_home


@dataclasses.dataclass(frozen=True)
class NodeState:
    """What another process must know to reach the node; process ids are 0 while it does not run."""

    name: str
    user: str
    password: str
    amqp_port: int = 0
    dist_port: int = 0
    epmd_port: int = 0
    management_port: int = 0
    pid: int = 0
    epmd_pid: int = 0

    @property
    def marker(self) -> str:
        """A word that occurs in the command line of this node's process and of no other."""
        return f"-tokenline {self.name}"


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace the file whole, never readable by others, not even for a moment."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def load_state(folder: Path) -> NodeState:
    """The folder's node, a new one when the folder is new. Data belongs to the name: it is chosen once."""
    path = folder / "node.json"
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return NodeState(**kept)
    name = f"tokenline-{secrets.token_hex(4)}"
    return NodeState(name=name, user="tokenline", password=secrets.token_urlsafe(18))


def save_state(folder: Path, state: NodeState) -> None:
    """Write `node.json`."""
    write_private(folder / "node.json", json.dumps(dataclasses.asdict(state), indent=1) + "\n")


def with_free_ports(state: NodeState) -> NodeState:
    """The node with four ports that nobody listens on."""
    taken: list[int] = []
    for _ in range(4):
        taken.append(free_port(avoid=taken))
    amqp, dist, epmd, management = taken
    return dataclasses.replace(state, amqp_port=amqp, dist_port=dist, epmd_port=epmd, management_port=management)


def server_config(state: NodeState, plugins: tuple[str, ...], memory_bytes: int) -> str:
    """The text of rabbitmq.conf."""
    lines = [
        f"listeners.tcp.1 = {LOOPBACK}:{state.amqp_port}",
        "num_acceptors.tcp = 2",
        f"default_user = {state.user}",
        f"default_pass = {state.password}",
        "heartbeat = 5",
        # A ticket stays unacknowledged for as long as its answer takes: a day, in milliseconds.
        "consumer_timeout = 86400000",
        f"vm_memory_high_watermark.absolute = {memory_bytes}",
        # The laptop's disk may be nearly full; the default of 50 MB counts, a share of memory does not.
        "disk_free_limit.absolute = 50000000",
        "log.console = false",
        "log.file.level = info",
        "log.file.rotation.size = 10485760",
        "log.file.rotation.count = 3",
        "cluster_name = tokenline-private",
    ]
    if "rabbitmq_management" in plugins:
        lines += [f"management.tcp.ip = {LOOPBACK}", f"management.tcp.port = {state.management_port}"]
    return "\n".join(lines) + "\n"


def write_server_files(folder: Path, state: NodeState, home: Path, plugins: tuple[str, ...], memory_bytes: int) -> None:
    """Everything the server reads at start."""
    for name in ("home", "data", "log"):
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    cookie = folder / "home" / ".erlang.cookie"
    if not cookie.exists():
        # Erlang refuses a cookie that others can read.
        write_private(cookie, secrets.token_hex(20), mode=0o400)
    write_private(folder / "rabbitmq.conf", server_config(state, plugins, memory_bytes))
    (folder / "plugins").write_text(f"[{','.join(plugins)}].\n", encoding="utf-8")
    lean = make_lean_home(home, folder / "server", plugins)
    # The server's scripts read this file after they have worked out their home, and before they use it.
    (folder / "env.conf").write_text(f"RABBITMQ_HOME='{lean}'\n", encoding="utf-8")


def server_environment(folder: Path, state: NodeState) -> dict[str, str]:
    """The environment of the node and of the tools that talk to it, free of the system node's settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RABBITMQ_", "ERL_"))}
    return kept | {
        "HOME": str(folder / "home"),
        "ERL_EPMD_PORT": str(state.epmd_port),
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "RABBITMQ_NODENAME": f"{state.name}@localhost",
        "RABBITMQ_NODE_PORT": str(state.amqp_port),
        "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
        "RABBITMQ_DIST_PORT": str(state.dist_port),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_LOGS": str(folder / "log" / "node.log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (f"-kernel inet_dist_use_interface {{127,0,0,1}} {state.marker}"),
        # Makes the start script become the server, in place of a shell that waits for it.
        "detached": "true",
    }
