"""Structured logs: one JSON object a line, a fixed ``event`` name plus ids, never message text or credentials."""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from tokenline.contracts.errors import TokenlineError
from tokenline.runtime.tracing import add_trace_id


def _tell_who_and_when(service: str) -> tuple[Processor, ...]:
    def tell_service(_logger: object, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    def tell_time(_logger: object, _method: str, event: EventDict) -> EventDict:
        event["timestamp"] = datetime.now(UTC)
        return event

    return tell_service, structlog.stdlib.add_log_level, add_trace_id, tell_time


def tell_where(_logger: object, _method: str, event: EventDict) -> EventDict:
    """In place of ``exc_info``: the kind of an error and where it came from.

    What it says is told only where the words are ours or the system's: others quote what a user sent, or a credential.
    """
    error = _error_of(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = "".join(_told(error))
    return event


def _error_of(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    elif exc_info is True:
        exc_info = sys.exc_info()[1]
    return exc_info if isinstance(exc_info, BaseException) else None


def _told(error: BaseException) -> Iterator[str]:
    """The first cause first, as Python tells it."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _told(before)
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _told(one)
    yield from traceback.format_tb(error.__traceback__)
    says = f": {error}" if isinstance(error, (TokenlineError, OSError)) else ""
    yield f"{type(error).__module__}.{type(error).__qualname__}{says}\n"


def _odd(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else repr(value)


_encode = msgspec.json.Encoder(enc_hook=repr).encode
_encode_odd = json.JSONEncoder(default=_odd).encode
_in_ascii = json.JSONEncoder().encode


def as_json(_logger: object, _method: str, event: EventDict) -> str:
    """In ASCII, since nobody knows what standard error is encoded in; what JSON has no word for as msgspec has it,
    or as its `repr`."""
    try:
        line = _encode(event)
    except UnicodeError:  # half a surrogate pair
        return _encode_odd(event)
    return line.decode() if line.isascii() else _in_ascii(msgspec.json.decode(line))


class _Lines:
    """Writes lines. That one cannot be written, the disk being full or the reader gone, is no failure of who logs."""

    def __init__(self, out: TextIO, *_: object) -> None:
        self._out = out

    def info(self, line: str) -> None:
        try:
            self._out.write(f"{line}\n")  # standard error is flushed at every line
        except (OSError, ValueError):
            return

    debug = warning = error = critical = info


def configure_logging(service: str, level: str) -> None:
    """Send structlog's and the libraries' records to standard error. Call once, from ``__main__``."""
    shared = _tell_who_and_when(service)
    # Our own go there straight: by way of the standard library, which looks up who calls, a line costs twice as much.
    structlog.configure(
        processors=[*shared, tell_where, as_json],
        logger_factory=partial(_Lines, sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, tell_where, as_json],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Libraries below warnings say what our own events say already, or quote requests: uvicorn logs each socket's
    # address with its query, where a socket ticket stands (B2).
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    for noisy in ("aio_pika", "httpx2", "httpcore2", "openai", "pymongo", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # While a collector is away: one line per batch that was lost, none per try.
    logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
