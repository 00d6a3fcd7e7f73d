"""Structured logs: one JSON object a line, a fixed ``event`` name plus ids, never message text or credentials."""

import logging
import sys

import structlog

from tokenline.runtime.tracing import add_trace_id

_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    add_trace_id,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logging(service: str, level: str) -> None:
    """Send structlog's and the libraries' records to standard error. Call once, from ``__main__``."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
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
    structlog.contextvars.bind_contextvars(service=service)
