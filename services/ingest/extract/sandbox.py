"""Reads files in children that can be stopped, so that no file can harm the service."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from typing import BinaryIO

import msgspec
import structlog

from services.ingest.extract.answers import NURSERY, READY, Extracted, Refused, Task, error_of, unpack_answer
from tokenline.contracts.base import pack
from tokenline.contracts.errors import Misconfigured, Retryable, TooComplex

START_S = 30.0
GRACE_S = 5.0
"""Beyond the child's own wall limit: the kernel has ended it long before, or it is frozen."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Ten million characters of Chinese with overlaps."""

log = structlog.get_logger()


class SandboxLost(Retryable):
    code = "sandbox_lost"
    default_message = "The reading process was ended from outside."


class Sandbox:
    """``async with`` it. Any number of files at a time; the caller bounds them."""

    def __init__(
        self,
        *,
        cpu_s: int = 20,
        wall_s: int = 30,
        memory_bytes: int = 512 * 1024 * 1024,
        max_chars: int = 10_000_000,
    ) -> None:
        self._limits = Task(name="", cpu_s=cpu_s, wall_s=wall_s, memory_bytes=memory_bytes, max_chars=max_chars)
        self._starting = asyncio.Lock()
        self._nursery: _Nursery | None = None

    async def __aenter__(self) -> "Sandbox":
        await self._running()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._nursery is not None:
            await self._nursery.stop()

    @property
    def pid(self) -> int | None:
        """Of the nursery."""
        return None if self._nursery is None else self._nursery.pid

    async def check(self) -> None:
        """Raises `SandboxLost` or `Misconfigured` when nothing can be read."""
        await self._running()

    async def extract(self, file: BinaryIO, name: str) -> Extracted:
        """Passages of the file, read from its position on. Takes ``file``'s descriptor, not its Python object.

        Raises `Rejected` when it cannot be read (`TooComplex` at the limits), `SandboxLost` to be tried again.
        Cancelling gives up waiting; the child ends at its limits or with the sandbox.
        """
        running = await self._running()
        answer, pipe = os.pipe()
        try:
            running.hand_over(msgspec.structs.replace(self._limits, name=name), file.fileno(), pipe)
        except OSError as error:
            os.close(answer)
            raise SandboxLost from error
        finally:
            os.close(pipe)
        body = await self._read(answer)
        if not body and await running.ended():
            raise SandboxLost
        return self._judge(body, name)

    async def _read(self, answer: int) -> bytes:
        """What the child wrote until it ended; incomplete or nothing if it was ended."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(answer, "rb")
        )
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.wall_s + GRACE_S):
                while (part := await reader.read(1 << 20)) and len(body) <= MAX_ANSWER_BYTES:
                    body += part
        except TimeoutError:
            return b"frozen"
        finally:
            transport.close()
        return bytes(body)

    def _judge(self, body: bytes, name: str) -> Extracted:
        try:
            answer = unpack_answer(body)
        except msgspec.MsgspecError as error:
            memory_mb = self._limits.memory_bytes // 1024**2
            raise TooComplex(
                f"“{name}” is too complex: reading it took more than {self._limits.cpu_s} s or {memory_mb} MB.",
                name=name,
            ) from error
        if isinstance(answer, Refused):
            raise error_of(answer, name)
        return answer

    async def _running(self) -> "_Nursery":
        async with self._starting:
            if self._nursery is None or not self._nursery.alive:
                if self._nursery is not None:
                    log.warning("sandbox.restarted")
                    await self._nursery.stop()
                self._nursery = await _Nursery.start()
            return self._nursery


class _Nursery:
    def __init__(self, process: subprocess.Popen[bytes], link: socket.socket) -> None:
        self._process = process
        self._link = link

    @classmethod
    async def start(cls) -> "_Nursery":
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = await asyncio.to_thread(_spawn, theirs)
        ours.setblocking(False)
        started = cls(process, ours)
        try:
            async with asyncio.timeout(START_S):
                greeting = await asyncio.get_running_loop().sock_recv(ours, 100)
        except (TimeoutError, OSError) as error:
            await started.stop()
            raise Misconfigured("The process that reads files does not start.") from error
        if greeting != READY:
            await started.stop()
            raise Misconfigured("The process that reads files ends at once.")
        return started

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    async def ended(self) -> bool:
        """Asked when a child broke off: a nursery that died with it may take a moment to show it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, 0.2)
        return not self.alive

    def hand_over(self, task: Task, source: int, answer: int) -> None:
        socket.send_fds(self._link, [pack(task)], [source, answer])

    async def stop(self) -> None:
        """Its children end with it."""
        self._process.kill()
        self._link.close()
        await asyncio.to_thread(self._process.wait)


def _spawn(stdin: socket.socket) -> subprocess.Popen[bytes]:
    """Without an environment: nothing in there may learn the service's secrets."""
    return subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", "-m", NURSERY],
        stdin=stdin.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
    )
