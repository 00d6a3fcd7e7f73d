"""The process that forks a child for each file. `sandbox` starts it without environment and talks to its input.

A child gets an open file and an open pipe, and then nothing more: it can open no file and no socket (it has no free
file descriptor), write no file, start no process, and the kernel ends it at its limits of processor time, time and
memory.
"""

import codecs
import contextlib
import ctypes
import encodings.aliases
import gc
import importlib
import logging
import os
import pkgutil
import resource
import signal
import socket
import warnings

import msgspec
import pypdf

from services.ingest.chunk import cut_pages
from services.ingest.extract.answers import READY, Answer, Extracted, Refused, Task
from services.ingest.extract.readers import read
from tokenline.contracts.base import pack
from tokenline.contracts.errors import Rejected, TooComplex
from tokenline.core.filetype import PDF

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_WARM_UP = (
    (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj ", "a.pdf"),
    (b"<html><body><article><p>Some words.</p></article></body></html>", "a.html"),
    ("Einige Wörter, naïve café".encode("latin-1"), "a.txt"),
)

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    logging.disable(logging.CRITICAL)  # parsers quote the file
    warnings.simplefilter("ignore")
    # Without a network where the system lets us; a child cannot open a socket in any case.
    _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the service, which closes our input
    _preload()
    with socket.socket(fileno=0) as parent:
        parent.send(READY)
        while True:
            body, (source, answer) = _receive(parent)
            if not body:
                return
            if os.fork() == 0:
                _child(msgspec.msgpack.decode(body, type=Task), source, answer)
            os.close(source)
            os.close(answer)


def _receive(parent: socket.socket) -> tuple[bytes, list[int]]:
    body, files, _, _ = socket.recv_fds(parent, 65536, 2)
    return body, files or [-1, -1]


def _preload() -> None:
    """All that a parser may want to import later: a child cannot open a module's file any more."""
    for module in pkgutil.walk_packages(pypdf.__path__, "pypdf."):
        with contextlib.suppress(ImportError):  # optional dependencies
            importlib.import_module(module.name)
    for encoding in set(encodings.aliases.aliases.values()):
        with contextlib.suppress(LookupError):  # codecs of other systems
            codecs.lookup(encoding)
    for data, name in _WARM_UP:
        with contextlib.suppress(Rejected):
            read(data, name, 1000)
    gc.collect()
    gc.freeze()


def _child(task: Task, source: int, answer: int) -> None:
    """Never returns."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.dup2(source, 0)
        os.dup2(answer, 1)
        os.closerange(3, 256)
        limit_to(task)
        with open(0, "rb", closefd=False) as file:
            body = pack(_answer(task, file.read()))
        with open(1, "wb", closefd=False) as pipe:
            pipe.write(body)
    finally:
        os._exit(0)


def limit_to(task: Task) -> None:
    """For ever, in this process."""
    for limit, value in (
        (resource.RLIMIT_CPU, task.cpu_s),
        (resource.RLIMIT_AS, task.memory_bytes),
        (resource.RLIMIT_NOFILE, 3),  # standard input, output and error are open already
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    signal.setitimer(signal.ITIMER_REAL, task.wall_s)


def _answer(task: Task, data: bytes) -> Answer:
    try:
        mime_type, pages = read(data, task.name, task.max_chars)
        del data
        pieces = cut_pages(pages, numbered=mime_type == PDF)
    except Rejected as error:
        return Refused(code=error.code, message=error.message)
    except MemoryError:
        return Refused(code=TooComplex.code, message=f"“{task.name}” would take too much memory to read.")
    chars = sum(map(len, pages)) + len(pages) - 1
    return Extracted(
        mime_type=mime_type, pages=len(pages) if mime_type == PDF else None, chars=chars, pieces=tuple(pieces)
    )


if __name__ == "__main__":
    main()
