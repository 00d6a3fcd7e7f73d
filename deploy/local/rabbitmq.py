"""A private RabbitMQ node: the distribution's server, as the current user, in a folder of its own.

`make run` keeps one in its data folder; tests start others. The system's own node, if there is one, is not
touched: name, cookie, ports and port mapper (epmd) are all the node's own.
"""

import contextlib
import dataclasses
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from deploy.local import rabbitmq_files as files
from deploy.local.errors import LocalError
from deploy.local.os_process import end, end_stale, kill_group, tied_to_parent
from deploy.local.ports import LOOPBACK, answers
from deploy.local.rabbitmq_install import erlang_tool, required_home

# Every client opens with this; the broker answers it with a frame only when it is ready to serve.
_AMQP_HELLO = b"AMQP\x00\x00\x09\x01"
_ERL_CALL_LIMIT_S = 30.0


class NodeHandle:
    """Talks to the node that lives in `folder`, whoever started it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.state = files.load_state(self.folder)

    def amqp_url(self, vhost: str = "/") -> str:
        """Where clients connect; `vhost` is a plain word or "/"."""
        path = "%2F" if vhost == "/" else vhost
        return f"amqp://{self.state.user}:{self.state.password}@{LOOPBACK}:{self.state.amqp_port}/{path}"

    def management_url(self) -> str:
        """Base address of the management API, served when the node has the `rabbitmq_management` plugin."""
        return f"http://{self.state.user}:{self.state.password}@{LOOPBACK}:{self.state.management_port}"

    def evaluate(self, code: str) -> str:
        """Run Erlang expressions, ended by a full stop, on the node; the printed result. Takes 10 ms.

        Raises LocalError when the node does not answer or the code fails.
        """
        tool = erlang_tool("erl_call")
        if tool is None:
            return self.ctl("eval", code)
        node = f"{self.state.name}@localhost"
        done = subprocess.run(
            # A name of its own: two callers of the default name throw each other off the node.
            [tool, "-sname", node, "-h", f"call{secrets.token_hex(6)}", "-e"],
            input=code + "\n",
            env=files.server_environment(self.folder, self.state),
            capture_output=True,
            text=True,
            timeout=_ERL_CALL_LIMIT_S,
            check=False,
        )
        answer = done.stdout.strip()
        if not answer.startswith("{ok, "):
            raise LocalError(f"The RabbitMQ node {node} refused a command: {answer or done.stderr.strip()}")
        return answer.removeprefix("{ok, ").removesuffix("}")

    def ctl(self, *args: str) -> str:
        """`rabbitmqctl args`; its output. Takes one to two seconds. Raises LocalError when it fails."""
        done = subprocess.run(
            [str(required_home() / "sbin" / "rabbitmqctl"), "--quiet", *args],
            env=files.server_environment(self.folder, self.state),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LocalError(f"rabbitmqctl {' '.join(args)} failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def add_vhost(self, name: str) -> str:
        """A fresh virtual host, open to the node's user; its AMQP address. `name` is a plain word."""
        user = self.state.user
        self.evaluate(
            f'ok = rabbit_vhost:add(<<"{name}">>, <<"{user}">>), '
            f'rabbit_auth_backend_internal:set_permissions(<<"{user}">>, <<"{name}">>, '
            f'<<".*">>, <<".*">>, <<".*">>, <<"{user}">>).'
        )
        return self.amqp_url(name)

    def delete_vhost(self, name: str, *, wait: bool = True) -> None:
        """Remove the virtual host; its queues vanish and its connections are closed by the broker."""
        delete = f'rabbit_vhost:delete(<<"{name}">>, <<"{self.state.user}">>)'
        self.evaluate(f"{delete}." if wait else f"spawn(fun() -> {delete} end).")

    def close_connections(self, reason: str = "closed by the test") -> None:
        """Close every client connection from the broker's side."""
        self.evaluate(f'[rabbit_networking:close_connection(P, "{reason}") || P <- rabbit_networking:connections()].')


class PrivateNode(NodeHandle):
    """Owns the node in `folder`: starts it, stops it, breaks it. Blocking; for use from one thread."""

    def __init__(
        self,
        folder: Path,
        *,
        plugins: tuple[str, ...] = (),
        memory_bytes: int = 512 * 1024 * 1024,
        tied: bool = True,
    ) -> None:
        """`tied`: the node ends with the thread that started it (Linux), even when that is killed."""
        super().__init__(folder)
        self._plugins = plugins
        self._memory_bytes = memory_bytes
        self._tied = tied
        self._server: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._lock_fd: int | None = None

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the server's process lives; it may not be ready yet."""
        return self._server is not None and self._server.poll() is None

    def choose_ports(self) -> None:
        """Fix the ports, and with them the address, before `start`."""
        self.state = files.with_free_ports(self.state)

    def start(self) -> None:
        """Start the server without waiting for it. A node left behind in this folder is ended first.

        Ports are chosen at the first start and kept over later ones, so that clients find the node again.
        Raises LocalError when RabbitMQ is missing or another launcher uses the folder.
        """
        home = required_home()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_lock()
        self._end_left_behind()
        if not self._ports_are_free():
            self.choose_ports()
        files.write_server_files(self.folder, self.state, home, self._plugins, self._memory_bytes)
        self._epmd = self._start_epmd()
        self._server = self._spawn([str(home / "sbin" / "rabbitmq-server")], signal.SIGTERM)
        self.state = dataclasses.replace(self.state, pid=self._server.pid, epmd_pid=self._epmd.pid)
        files.save_state(self.folder, self.state)

    def wait_ready(self, limit_s: float = 60.0) -> None:
        """Block until the broker serves AMQP. Raises LocalError when it ends or needs more than `limit_s`."""
        give_up = time.monotonic() + limit_s
        while not self._greets():
            if not self.running:
                raise LocalError(f"RabbitMQ ended while starting. {self._last_words()}")
            if time.monotonic() > give_up:
                raise LocalError(f"RabbitMQ is not ready after {limit_s:.0f} s. {self._last_words()}")
            time.sleep(0.05)

    def stop(self, grace_s: float = 10.0) -> None:
        """Shut the broker down, everything written to disk, then its port mapper. Harmless when stopped."""
        if self._server is not None:
            if self._server.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._server.pid, signal.SIGCONT)
            end(self._server, grace_s)
        self._clear_up()

    def kill(self) -> None:
        """End the broker at once, as a power cut does."""
        if self._server is not None:
            kill_group(self._server)
        self._clear_up()

    def pause(self) -> None:
        """Freeze the broker: connections stay open and nothing answers."""
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """End a `pause`."""
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGCONT)

    def wipe(self) -> None:
        """Remove everything the stopped broker stored: messages, queues, virtual hosts but "/"."""
        if self.running:
            raise LocalError("Stop the RabbitMQ node before its data is wiped.")
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def _greets(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.state.amqp_port), 1.0) as connection:
                connection.sendall(_AMQP_HELLO)
                return connection.recv(1) == b"\x01"  # a method frame: connection.start
        except OSError:
            return False

    def _ports_are_free(self) -> bool:
        state = self.state
        ports = (state.amqp_port, state.dist_port, state.epmd_port, state.management_port)
        return all(port and not answers(port) for port in ports)

    def _start_epmd(self) -> subprocess.Popen[bytes]:
        """The node's own port mapper. Left to itself the server would start one that outlives it."""
        tool = erlang_tool("epmd")
        if tool is None:
            raise LocalError("Erlang's epmd is missing: install the package erlang-base again.")
        epmd = self._spawn([tool, "-port", str(self.state.epmd_port), "-address", LOOPBACK], signal.SIGKILL)
        give_up = time.monotonic() + 5
        while not answers(self.state.epmd_port):
            if epmd.poll() is not None or time.monotonic() > give_up:
                kill_group(epmd)
                raise LocalError(f"Erlang's epmd did not start. {self._last_words()}")
            time.sleep(0.01)
        return epmd

    def _spawn(self, command: list[str], at_parents_death: signal.Signals) -> subprocess.Popen[bytes]:
        with (self.folder / "log" / "console.log").open("ab") as console:
            return subprocess.Popen(
                command,
                env=files.server_environment(self.folder, self.state),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
                preexec_fn=tied_to_parent(at_parents_death) if self._tied else None,
            )

    def _clear_up(self) -> None:
        if self._epmd is not None:
            kill_group(self._epmd)
        self._server = self._epmd = None
        self.state = dataclasses.replace(self.state, pid=0, epmd_pid=0)
        if self._lock_fd is not None:
            if (self.folder / "node.json").exists():
                files.save_state(self.folder, self.state)
            os.close(self._lock_fd)
            self._lock_fd = None

    def _end_left_behind(self) -> None:
        left = files.load_state(self.folder)
        end_stale(left.pid, left.marker)
        end_stale(left.epmd_pid, f"-port {left.epmd_port}")

    def _take_lock(self) -> None:
        """Held for as long as this process owns the node; the kernel gives it back when the process dies."""
        if self._lock_fd is not None:
            return
        fd = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            raise LocalError(
                f"Another launcher runs the RabbitMQ node in {self.folder}: stop it, or use another data folder."
            ) from None
        self._lock_fd = fd

    def _last_words(self) -> str:
        log = self.folder / "log" / "console.log"
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
        said = next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
        return f"Its last line was: {said[:300]} (more in {log.parent})"
