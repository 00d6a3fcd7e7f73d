"""Reads files in children that can be stopped, so that no file can harm the service."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import BinaryIO

import msgspec
import structlog

from services.ingest.extract.answers import (
    FAILED,
    NURSERY,
    READY,
    UNFILTERED,
    Ended,
    Extracted,
    PdfReaderName,
    Reading,
    Task,
    frame,
    next_frame,
    unpack_answer,
)
from services.ingest.extract.judge import judged
from tokenline.contracts.base import pack
from tokenline.contracts.errors import Misconfigured, Rejected, Retryable
from tokenline.core.filetype import HEAD_BYTES, PDF, sniff

START_S = 30.0
GRACE_S = 5.0
"""Beyond the child's own wall limit: the kernel has ended it long before, or it is frozen."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Ten million characters of Chinese, and where their passages are."""
LARGE_BYTES = 256 * 1024
"""What is larger is looked through in a thread."""
LAST_WORD_BYTES = len(frame(Ended(signal=0)))
CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP})

Tell = Callable[[int, int], None]

log = structlog.get_logger()


class SandboxLost(Retryable):
    code = "sandbox_lost"
    default_message = "The reading process was ended from outside."


class SandboxUnavailable(Retryable):
    code = "sandbox_unavailable"
    default_message = "The reading process does not start again."


def _nobody(done: int, of: int) -> None:
    pass


class Sandbox:
    """``async with`` it. Any number of files at a time; the caller bounds them."""

    def __init__(
        self,
        *,
        cpu_s: int = 20,
        wall_s: int = 30,
        memory_bytes: int = 512 * 1024 * 1024,
        max_chars: int = 10_000_000,
        pdf_reader: PdfReaderName = "auto",
        ocr: str | None = None,
        ocr_s: int = 120,
    ) -> None:
        """``ocr``: languages to recognise text in pictures in, which may take ``ocr_s`` beyond the other limits."""
        if ocr is None:
            ocr_s = 0
        self._limits = Task(
            name="",
            cpu_s=cpu_s + ocr_s,
            wall_s=wall_s + ocr_s,
            memory_bytes=memory_bytes,
            max_chars=max_chars,
            pdf_reader=pdf_reader,
            ocr_s=ocr_s,
        )
        self._ocr = ocr
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

    @property
    def reads_by(self) -> tuple[int, str, str | None, int]:
        """The settings that what is read depends on."""
        return self._limits.max_chars, self._limits.pdf_reader, self._ocr, self._limits.ocr_s

    async def check(self) -> None:
        """Raises `SandboxLost` or `Misconfigured` when nothing can be read."""
        await self._running()

    async def extract(self, file: BinaryIO, name: str, tell: Tell = _nobody) -> Extracted:
        """Text and passages of the file, from its beginning. Takes ``file``'s descriptor, not its Python object.

        ``tell`` hears how many pages of how many are read. Raises `Rejected` when it cannot be read (`TooComplex` at
        the limits), `SandboxLost` and `SandboxUnavailable` to be tried again. Cancelling gives up waiting; the child
        ends when it next tells how far it is, at its limits, or with the sandbox.
        """
        task = msgspec.structs.replace(self._limits, name=name)
        body, ended = await self._ask(task, file, tell)
        if body is None and task.pdf_reader == "auto" and ended in CRASHES and _is_pdf(file, name):
            log.warning("sandbox.second_reader", signal=ended)
            task = msgspec.structs.replace(task, pdf_reader="pypdf")
            body, ended = await self._ask(task, file, tell)
        if body is None or len(body) < LARGE_BYTES:
            return judged(body, ended, task)
        return await asyncio.to_thread(judged, body, ended, task)

    async def _ask(self, task: Task, file: BinaryIO, tell: Tell) -> tuple[bytes | None, int]:
        """The child's last message, ``None`` where it left none, and the signal that ended it.

        Raises `SandboxLost`, `SandboxUnavailable`.
        """
        try:
            running = await self._running()
        except (Misconfigured, OSError) as error:
            raise SandboxUnavailable from error  # no processes or no memory left: not the file's fault
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        answer, pipe = os.pipe()
        try:
            running.hand_over(task, file.fileno(), pipe)
        except OSError as error:
            os.close(answer)
            raise SandboxLost from error
        finally:
            os.close(pipe)
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(answer, "rb")
        )
        try:
            async with asyncio.timeout(task.wall_s + GRACE_S):
                return await _conversation(reader, tell)
        except TimeoutError:
            return None, signal.SIGALRM  # frozen from outside
        finally:
            transport.close()

    async def _running(self) -> "_Nursery":
        async with self._starting:
            if self._nursery is None or not self._nursery.alive:
                if self._nursery is not None:
                    log.warning("sandbox.restarted")
                    await self._nursery.stop()
                self._nursery = await _Nursery.start(self._ocr)
            return self._nursery


class _Nursery:
    def __init__(self, process: subprocess.Popen[bytes], link: socket.socket) -> None:
        self._process = process
        self._link = link

    @classmethod
    async def start(cls, ocr: str | None) -> "_Nursery":
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = await asyncio.to_thread(_spawn, theirs, ocr)
        ours.setblocking(False)
        started = cls(process, ours)
        try:
            async with asyncio.timeout(START_S):
                greeting = await asyncio.get_running_loop().sock_recv(ours, 1000)
        except (TimeoutError, OSError) as error:
            await started.stop()
            raise Misconfigured("The process that reads files does not start.") from error
        if greeting not in (READY, UNFILTERED):
            await started.stop()
            if greeting.startswith(FAILED):
                raise Misconfigured(greeting.removeprefix(FAILED).decode())
            raise Misconfigured("The process that reads files ends at once.")
        if greeting == UNFILTERED:
            log.warning("sandbox.no_seccomp")
        return started

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def hand_over(self, task: Task, source: int, answer: int) -> None:
        socket.send_fds(self._link, [pack(task)], [source, answer])

    async def stop(self) -> None:
        """Its children end with it."""
        self._process.kill()
        self._link.close()
        await asyncio.to_thread(self._process.wait)


async def _conversation(reader: asyncio.StreamReader, tell: Tell) -> tuple[bytes | None, int]:
    """Raises `SandboxLost` when it stops without the nursery's last word."""
    last: bytes | None = None
    buffer = bytearray()
    received = 0
    while part := await reader.read(1 << 20):
        received += len(part)
        if received > MAX_ANSWER_BYTES:
            return b"", 0  # as much as nothing makes sense of
        buffer += part
        while (body := next_frame(buffer)) is not None:
            match _short(body):
                case Reading(done=done, of=of):
                    tell(done, of)
                case Ended(signal=ended):
                    return last, ended
                case _:
                    last = body
    if isinstance(said := _short(bytes(buffer[-LAST_WORD_BYTES:])[4:]), Ended):
        return None, said.signal  # the child was ended in the middle of a message
    raise SandboxLost


def _short(body: bytes) -> object:
    """Small talk; ``None``: something else, to be judged later."""
    if len(body) > 200:
        return None
    try:
        return unpack_answer(body)
    except msgspec.MsgspecError:
        return None


def _is_pdf(file: BinaryIO, name: str) -> bool:
    try:
        return sniff(os.pread(file.fileno(), HEAD_BYTES, 0), name) == PDF
    except Rejected:
        return False


def _spawn(stdin: socket.socket, ocr: str | None) -> subprocess.Popen[bytes]:
    """Without an environment: nothing in there may learn the service's secrets."""
    return subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", "-m", NURSERY, *([] if ocr is None else [ocr])],
        stdin=stdin.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
    )
