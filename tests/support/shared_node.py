"""One RabbitMQ node for all processes of a test run, ended when the last of them is gone.

Each process holds a connection to a small guardian, which owns the node. A connection is a lease that cannot
be forgotten: the kernel gives it back however the process ends, so a killed test run leaves no broker behind.
"""

import contextlib
import fcntl
import os
import selectors
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.rabbitmq import PrivateNode

_START_LIMIT_S = 90.0
_READY = b"ready\n"


def take_lease(folder: Path) -> socket.socket:
    """Start the node in `folder` unless it runs; the node lives at least until the returned socket is closed.

    Blocks until the node serves. Raises LocalError when it cannot start.
    """
    with _locked(folder):
        if not (folder / "lease").exists():
            folder.mkdir(parents=True, mode=0o700)
            # Returns when the guardian, by then in the background, takes leases.
            subprocess.run(
                [sys.executable, "-m", "tests.support.shared_node", str(folder)],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                check=True,
            )
        lease = socket.socket(socket.AF_UNIX)
        lease.settimeout(_START_LIMIT_S)
        try:
            lease.connect(str(folder / "lease"))
            answer = lease.recv(1000)
        except OSError as error:
            answer = str(error).encode()
        if answer != _READY:
            lease.close()
            shutil.rmtree(folder, ignore_errors=True)
            raise LocalError(f"The test broker did not start: {answer.decode()}")
        return lease


@contextlib.contextmanager
def _locked(folder: Path, flags: int = 0) -> Iterator[None]:
    """Hold the folder's lock, a file beside it: the folder goes away. BlockingIOError with LOCK_NB."""
    path = folder.with_name(folder.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | flags)
            # A guardian that left removed the file while we waited for it: what we hold is nobody's lock.
            if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                yield
                return


def guard(folder: Path) -> None:
    """Own the node until the last lease is given back, then remove its folder."""
    with socket.socket(socket.AF_UNIX) as door, contextlib.ExitStack() as leaving:
        # Open before the node starts: those who come meanwhile wait in the backlog for their answer.
        door.bind(str(folder / "lease"))
        door.listen(64)
        _go_to_background(folder / "guardian.log")
        try:
            with PrivateNode(folder / "rabbitmq"):
                # Those who come after it wait for the lock, and find no folder when they have it.
                _serve(door, folder, leaving)
        except LocalError as error:
            asking, _ = door.accept()
            asking.sendall(str(error).encode())
            asking.close()
        else:
            shutil.rmtree(folder)
            folder.with_name(folder.name + ".lock").unlink()


def _go_to_background(log: Path) -> None:
    if os.fork():
        os._exit(0)
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(fd, stream)
    os.close(fd)


def _serve(door: socket.socket, folder: Path, leaving: contextlib.ExitStack) -> None:
    """Give leases until none is left; then `leaving` holds the folder's lock."""
    leases: set[socket.socket] = set()
    asked_by = time.monotonic() + _START_LIMIT_S  # who started us may be dead already
    with selectors.DefaultSelector() as selector:
        selector.register(door, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select(timeout=0.1):
                assert isinstance(key.fileobj, socket.socket)
                if key.fileobj is door:
                    lease, _ = door.accept()
                    lease.sendall(_READY)
                    selector.register(lease, selectors.EVENT_READ)
                    leases.add(lease)
                    asked_by = 0.0
                else:  # leases say nothing: readable means closed
                    selector.unregister(key.fileobj)
                    leases.discard(key.fileobj)
                    key.fileobj.close()
            if not leases and time.monotonic() > asked_by:
                # A lock held by another means that somebody is on the way in.
                with contextlib.suppress(BlockingIOError):
                    leaving.enter_context(_locked(folder, fcntl.LOCK_NB))
                    return


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
