"""Holds what a child says against what can be true: a child that was taken over may say anything."""

import signal
from itertools import pairwise

import msgspec
import structlog

from services.ingest.extract.about import about, line_of
from services.ingest.extract.answers import Extracted, Refused, Task, error_of, unpack_answer
from services.ingest.extract.writer import TITLE_CHARS
from tokenline.contracts.errors import Corrupted, Rejected, TooComplex, Unreadable
from tokenline.core.filetype import PICTURES, READABLE

MAX_SPAN_CHARS = 2_000
MAX_THUMBNAIL_BYTES = 1024 * 1024
MAX_VIEW_BYTES = 4 * 1024 * 1024
MAX_PIXELS = 100_000

_TIME = frozenset({signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL})

log = structlog.get_logger()


def judged(body: bytes | None, ended: int, task: Task) -> Extracted:
    """``body``: its last message, ``None``: there was none; ``ended``: the signal that ended it.

    Raises `Rejected` with a sentence that names the file.
    """
    if body is None:
        raise broken_off(ended, task)
    try:
        answer = unpack_answer(body)
    except msgspec.MsgspecError:
        answer = None
    if isinstance(answer, Refused):
        if answer.cause is not None:
            log.warning("sandbox.unforeseen", cause=answer.cause[:80])
        raise error_of(answer, task.name)
    if isinstance(answer, Extracted) and _possible(answer, task):
        return _tidy(answer)
    log.warning("sandbox.garbage")
    raise Unreadable(f"“{task.name}” could not be read.", name=task.name)


def broken_off(ended: int, task: Task) -> Rejected:
    memory_mb = task.memory_bytes // 1024**2
    if ended in _TIME:
        return TooComplex(
            f"“{task.name}” is too complex: reading it took more than {task.cpu_s} s or {memory_mb} MB.", name=task.name
        )
    log.warning("sandbox.crashed", signal=ended)
    return Corrupted(f"“{task.name}” is damaged in a way that ended its reader.", name=task.name)


def _possible(answer: Extracted, task: Task) -> bool:
    text = answer.text
    end = len(text.text)
    starts = [heading.start for heading in text.headings]
    picture = answer.picture
    return (
        text.mime_type in READABLE
        and end <= task.max_chars + task.max_chars // 8
        and "\0" not in text.text
        and all(0 <= start < stop <= end and stop - start <= MAX_SPAN_CHARS for start, stop in answer.spans)
        and _ascending(text.page_starts or (), end)
        and _ascending(text.breaks, end)
        and _ascending(starts, end)
        and all(0 < heading.level < 100 and len(heading.title) <= TITLE_CHARS for heading in text.headings)
        and (text.mime_type in PICTURES) == (picture is not None)
        and (picture is None or (0 < picture.width <= MAX_PIXELS and 0 < picture.height <= MAX_PIXELS))
        and (picture.thumbnail if picture else False) == (answer.thumbnail is not None)
        and (answer.thumbnail is None or _is_webp(answer.thumbnail))
        and (picture.view if picture else False) == (answer.view is not None)
        and (answer.view is None or _is_jpeg(answer.view))
    )


def _ascending(offsets: "tuple[int, ...] | list[int]", end: int) -> bool:
    return all(0 <= offset <= end for offset in offsets) and all(a <= b for a, b in pairwise(offsets))


def _is_webp(data: bytes) -> bool:
    return len(data) <= MAX_THUMBNAIL_BYTES and data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _is_jpeg(data: bytes) -> bool:
    return len(data) <= MAX_VIEW_BYTES and data[:3] == b"\xff\xd8\xff" and data[-2:] == b"\xff\xd9"


def _tidy(answer: Extracted) -> Extracted:
    """What is shown to people is cleaned here, whatever the child did."""
    said = answer.document
    document = None if said is None else about(said.title, said.author, said.created, said.language)
    return msgspec.structs.replace(answer, document=document, warning=line_of(answer.warning))
