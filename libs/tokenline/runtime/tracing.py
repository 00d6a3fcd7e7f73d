"""Spans along a ticket's or a file's way through the processes. Off, and next to free, unless OpenTelemetry is set up.

The trace id is the id of the ticket or attachment itself, so every process joins the trace of what it has in hand:
nothing rides in message headers, nothing is stored, and a ticket that the keeper publishes an hour later is still in
its trace. Spans are made per ticket, attempt and stage, never per token, and carry ids and codes, never text.
"""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode
from opentelemetry.util.types import Attributes
from structlog.typing import EventDict, WrappedLogger

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.tickets import Ticket

if TYPE_CHECKING:
    from tokenline.runtime.tracing_export import Recorder

NO_SPAN = INVALID_SPAN
"""Takes events and attributes, and forgets them."""

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_OFF = nullcontext(NO_SPAN)
_recorder: "Recorder | None" = None


def wanted(environment: Mapping[str, str]) -> bool:
    """An OTLP endpoint is named, and nothing forbids to use it."""
    return (
        any(environment.get(name) for name in _ENDPOINTS)
        and environment.get("OTEL_SDK_DISABLED", "").strip().lower() != "true"
        and environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() != "none"
    )


def configure_tracing(service: str, instance: str) -> None:
    """Export spans over OTLP/HTTP if the ``OTEL_*`` variables ask for it. Call once, from ``__main__``.

    ``service`` becomes ``service.name`` behind ``tokenline-``; ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES``
    have precedence.
    """
    if wanted(os.environ):
        # The SDK and its exporter take 0.1 s and some MB: only for those who want them.
        from tokenline.runtime.tracing_export import Recorder, otlp_processor

        record_with(Recorder(service, instance, otlp_processor()))


def record_with(recorder: "Recorder | None") -> None:
    """From here on; ``None``: record nothing."""
    global _recorder
    _recorder = recorder


def close_tracing() -> None:
    """Send what is left, for a few seconds at most. Blocks."""
    if _recorder is not None:
        _recorder.close()
        record_with(None)


def ticket_span(
    name: str, ticket: Ticket, *, kind: SpanKind = SpanKind.INTERNAL, root: bool = False
) -> AbstractContextManager[Span]:
    """A span in the ticket's trace. ``root``: the first one, of which there is one per ticket.

    An exception that leaves it is recorded by its code alone. It becomes nobody's current span: what other parts do
    meanwhile may belong to other tickets.
    """
    if _recorder is None:
        return _OFF
    attributes: Attributes = {
        "tokenline.ticket_id": ticket.id,
        "tokenline.conversation_id": ticket.conversation_id,
        "tokenline.pool": ticket.pool,
        "tokenline.attempt": ticket.attempt,
        "tokenline.publish_no": ticket.publish_no,
        "tokenline.state": ticket.state.value,
    }
    return _recorder.span(name, ticket.id, kind, attributes, root=root)


def attachment_span(
    name: str, attachment: Attachment, *, kind: SpanKind = SpanKind.INTERNAL, root: bool = False
) -> AbstractContextManager[Span]:
    """A span in the file's trace, as `ticket_span`."""
    if _recorder is None:
        return _OFF
    attributes: Attributes = {"tokenline.attachment_id": attachment.id, "tokenline.size_bytes": attachment.size_bytes}
    return _recorder.span(name, attachment.id, kind, attributes, root=root)


def stage_span(name: str, of: Span) -> AbstractContextManager[Span]:
    """A part of another span."""
    if _recorder is None:
        return _OFF
    return _recorder.stage(name, of)


def failed(span: Span, code: str) -> None:
    """What it was for went wrong; ``code`` as in `tokenline.contracts.errors`."""
    span.set_attribute("error.type", code)
    span.set_status(Status(StatusCode.ERROR, code))


def add_trace_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """For structlog: a line that names a ticket or an attachment names its trace too, while spans are recorded."""
    if _recorder is not None and "trace_id" not in event:
        subject = event.get("ticket_id") or event.get("attachment_id")
        if subject:
            event["trace_id"] = str(subject).replace("-", "")
    return event
