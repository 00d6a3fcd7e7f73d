"""Fixtures for MongoDB: `mongo_url` is a fresh database, `own_mongo` a server to be frozen and killed.

The server is the one that `MONGO_URL` named when the tests were started, or else FerretDB, embedded by the few lines in
`tests/support/ferretdb` and built by `make test`. In front of FerretDB stands `tests.support.mongo_front`.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psutil
import pytest
from pymongo import MongoClient

from deploy.local.errors import LocalError
from deploy.local.setup_ferretdb import REMEDY, build_ferretdb, ferretdb_program, go_program
from tests.support.engines import missing

ROOT = Path(__file__).parents[2]
_ADDRESS = "TEST_MONGO_URL"  # where tests/conftest.py keeps MONGO_URL, which no code under test may see


class Helper:
    """A process that prints its address, and ends with its standard input even if this one is killed."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            # FerretDB makes garbage of every document it looks at: with Go's 100 collecting it takes a quarter longer.
            env={**os.environ, "GOGC": "400"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        assert self.address, f"{command[0]} did not start"

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def stop(self) -> None:
        """Returns when it stands still."""
        self.signal(signal.SIGSTOP)
        while psutil.Process(self._process.pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)

    def close(self) -> None:
        self._process.send_signal(signal.SIGCONT)
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


class PrivateMongo:
    """FerretDB and its front, on a folder of their own."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tokenline-mongo-"))
        self._server = Helper(str(_program()), str(self._folder))
        self._front = _front(self._server.address)

    def url(self, database: str) -> str:
        return in_database(self._front.address, database)

    def pause(self) -> None:
        """Connections stay, nothing is answered."""
        self._server.stop()

    def resume(self) -> None:
        self._server.signal(signal.SIGCONT)

    def kill(self) -> None:
        self._server.signal(signal.SIGKILL)

    def close(self) -> None:
        self._front.close()
        self._server.close()
        shutil.rmtree(self._folder)


def in_database(address: str, database: str) -> str:
    """``address`` with this database in its path; credentials are still looked for where they were."""
    parts = urlsplit(address)
    query = parts.query
    if parts.username and "authSource" not in query:
        query += f"&authSource={parts.path.strip('/') or 'admin'}"
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", query, ""))


@pytest.fixture(scope="session")
def mongo_server() -> Iterator[str]:
    """The address of the session's server."""
    given = os.environ.get(_ADDRESS)
    if given is None:
        server = PrivateMongo()
        yield server.url("")
        server.close()
    elif _is_ferretdb(given):
        front = _front(given)
        yield front.address
        front.close()
    else:
        yield given


@pytest.fixture
def mongo_url(mongo_server: str) -> Iterator[str]:
    """The address of a fresh database on the session's server."""
    name = f"test-{uuid4().hex[:12]}"
    yield in_database(mongo_server, name)
    with MongoClient[dict[str, object]](mongo_server) as client:
        client.drop_database(name)


@pytest.fixture
def own_mongo() -> Iterator[PrivateMongo]:
    server = PrivateMongo()
    yield server
    server.close()


def _program() -> Path:
    program = ferretdb_program(ROOT)
    if not program.exists():
        go = go_program()
        if go is None:
            missing("MongoDB", REMEDY)
        try:
            build_ferretdb(ROOT, go)
        except LocalError as error:
            missing("MongoDB", str(error))
    return program


def _is_ferretdb(address: str) -> bool:
    with MongoClient[dict[str, object]](address) as client:
        return "ferretdbVersion" in client.admin.command("buildInfo")


def _front(address: str) -> Helper:
    parts = urlsplit(address)
    where: Sequence[str] = (parts.hostname or "127.0.0.1", str(parts.port or 27017))
    return Helper(sys.executable, "-m", "tests.support.mongo_front", *where)
