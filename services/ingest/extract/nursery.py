"""The process that forks a child for each file. `sandbox` starts it without environment and talks to its input.

A child gets an open file and an open pipe, and then nothing more: it can open no file and no socket (it has no free
file descriptor, and no system call for it), write no file, and start, signal and look into no process; and the kernel
ends it at its limits of processor time, time and memory.
"""

import codecs
import contextlib
import ctypes
import encodings
import gc
import importlib
import io
import logging
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import time
import warnings
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
import pypdf
from PIL import Image

from services.ingest.chunk import cut
from services.ingest.extract.answers import (
    FAILED,
    READY,
    UNFILTERED,
    Answer,
    Ended,
    Extracted,
    Reading,
    Refused,
    Task,
    frame,
)
from services.ingest.extract.ocr import Ocr, Tesseract
from services.ingest.extract.readers import read
from services.ingest.extract.source import Source
from services.ingest.extract.syscalls import give_up_system_calls
from tokenline.contracts.errors import Corrupted, Misconfigured, Rejected, TooComplex

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_TELL_S = 0.25
"""Between two words on how far a child is."""

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    logging.disable(logging.CRITICAL)  # parsers quote the file
    warnings.simplefilter("ignore")
    # Without a network where the system lets us; a child cannot open a socket in any case.
    _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the service, which closes our input
    _preload()
    languages = sys.argv[1] if len(sys.argv) > 1 else None
    with socket.socket(fileno=0) as parent:
        try:
            tesseract = None if languages is None else Tesseract(languages)
        except Misconfigured as error:
            parent.send(FAILED + error.message.encode())
            return
        gc.freeze()
        parent.send(READY if _filtered() else UNFILTERED)
        _Nursery(parent, tesseract).serve()


def _filtered() -> bool:
    """Whether system calls can be taken from a child: tried with one."""
    child = os.fork()
    if child == 0:
        os._exit(0 if give_up_system_calls() else 1)
    return os.waitpid(child, 0)[1] == 0


class _Nursery:
    """One thread: it forks on request and says of every child how it ended, after the child's own words."""

    def __init__(self, parent: socket.socket, tesseract: Tesseract | None) -> None:
        self._parent = parent
        self._tesseract = tesseract
        self._answers: dict[int, int] = {}
        self._deaths, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until the service closes its end."""
        link = self._parent.fileno()
        while True:
            ready, _, _ = select.select([link, self._deaths], [], [])
            if self._deaths in ready:
                os.read(self._deaths, 4096)
            self._bury()
            if link in ready and not self._fork():
                return

    def _fork(self) -> bool:
        body, files, _, _ = socket.recv_fds(self._parent, 65536, 2)
        if not body:
            return False
        source, answer = files
        try:
            child = os.fork()
        except OSError:  # no processes or no memory left: this file is tried again, and others are read on
            os.close(answer)
        else:
            if child == 0:
                _child(body, source, answer, self._tesseract)
            self._answers[child] = answer
        os.close(source)
        return True

    def _bury(self) -> None:
        while self._answers:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            answer = self._answers.pop(child)
            ended = Ended(signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)
            with contextlib.suppress(OSError):  # nobody waits for it any more
                os.write(answer, frame(ended))
            os.close(answer)


def _preload() -> None:
    """All that a parser may want to import later: a child cannot open a module's file any more."""
    for module in pkgutil.walk_packages(pypdf.__path__, "pypdf."):
        with contextlib.suppress(ImportError):  # optional dependencies
            importlib.import_module(module.name)
    for module in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(ImportError, LookupError):  # codecs of other systems, and what is none
            importlib.import_module(f"encodings.{module.name}")
            codecs.lookup(module.name)
    Image.preinit()
    for source in _warm_up():
        with contextlib.suppress(Rejected):
            read(source)
    gc.collect()


def _warm_up() -> Iterator[Source]:
    """One of each kind, so that whatever is imported late is there."""
    # With words on its page, so that fonts and maps are there: 4 ms that each child had to spend.
    pdf = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj "
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>endobj "
        b"4 0 obj<</Length 36>>stream\nBT /F1 12 Tf 1 1 Td (Some words.) Tj ET\nendstream endobj "
        b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj "
        b"trailer<</Root 1 0 R/Size 6>>\nstartxref\n0\n%%EOF"
    )
    yield Source(pdf, "a.pdf", pdf_reader="pypdf")
    yield Source(pdf, "a.pdf")
    yield Source(b"<html><body><article><p>Some words.</p></article></body></html>", "a.html")
    yield Source("Einige Wörter, naïve café".encode("latin-1"), "a.txt")
    yield Source("Больше слов, чем нужно для догадки о кодировке.".encode("koi8-r"), "a.txt")
    yield Source(b"a,b\n1,2\n", "a.csv")
    yield Source(b'{"a": [1, {"b": 2}]}', "a.json")
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        picture = io.BytesIO()
        Image.new("RGB", (4, 4)).save(picture, kind)
        yield Source(picture.getvalue(), "a")
    word = io.BytesIO()
    with zipfile.ZipFile(word, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<document><body><p><r><t>Word</t></r></p></body></document>")
    yield Source(word.getvalue(), "a.docx")


def _child(body: bytes, source: int, answer: int, tesseract: Tesseract | None) -> None:
    """Never returns."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        task = msgspec.msgpack.decode(body, type=Task)
        os.dup2(source, 0)
        os.dup2(answer, 1)
        os.closerange(3, 256)
        limit_to(task)
        with open(0, "rb", closefd=False) as file:
            data = file.read()
        with open(1, "wb", closefd=False) as pipe:
            ocr = None if tesseract is None else Ocr(tesseract, task.ocr_s)
            pipe.write(_answer(Source(data, task.name, task.max_chars, task.pdf_reader, _Teller(pipe), ocr)))
    finally:
        os._exit(0)


class _Teller:
    """Says how many pages are read, now and then. Nobody listening ends the child: `BrokenPipeError`."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._next = time.monotonic() + _TELL_S

    def __call__(self, done: int, of: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _TELL_S
            self._pipe.write(frame(Reading(done=done, of=of)))
            self._pipe.flush()


def limit_to(task: Task) -> None:
    """For ever, in this process."""
    for limit, value in (
        (resource.RLIMIT_AS, task.memory_bytes),
        (resource.RLIMIT_NOFILE, 3),  # standard input, output and error are open already
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    # A signal that tells what happened, and a second later one that nothing can ignore.
    resource.setrlimit(resource.RLIMIT_CPU, (task.cpu_s, task.cpu_s + 1))
    signal.setitimer(signal.ITIMER_REAL, task.wall_s)
    give_up_system_calls()


def _answer(source: Source) -> bytes:
    """A frame. Raises `BrokenPipeError` only."""
    try:
        return frame(_read(source))
    except MemoryError:
        return frame(Refused(code=TooComplex.code, message=f"“{source.name}” would take too much memory to read."))


def _read(source: Source) -> Answer:
    """Raises `MemoryError`, `BrokenPipeError`."""
    try:
        found = read(source)
        return Extracted(
            text=found.text,
            spans=tuple(cut(found.text)),
            document=found.document,
            picture=found.picture,
            thumbnail=found.thumbnail,
            view=found.view,
            warning=found.warning,
        )
    except Rejected as error:
        return Refused(code=error.code, message=error.message)
    except (MemoryError, BrokenPipeError):
        raise
    except Exception as error:
        # A parser met what its authors did not foresee. The file is at fault until somebody reads the log.
        message = f"“{source.name}” is damaged and cannot be read."
        return Refused(code=Corrupted.code, message=message, cause=type(error).__name__)


if __name__ == "__main__":
    main()
