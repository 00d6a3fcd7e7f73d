"""Records spans with the OpenTelemetry SDK under trace ids that are not drawn but given."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    TraceState,
    set_span_in_context,
)
from opentelemetry.util.types import Attributes

from tokenline.contracts.errors import TokenlineError
from tokenline.runtime.tracing import failed

CLOSE_S = 3.0
"""For the last spans when a process stops: a collector that is away must not hold it up."""

_LOW_64 = (1 << 64) - 1
_FLAGS = TraceFlags(TraceFlags.SAMPLED | TraceFlags.RANDOM_TRACE_ID)


def otlp_processor() -> SpanProcessor:
    """To the endpoint of the environment, in a thread of its own. At most `OTEL_BSP_MAX_QUEUE_SIZE` (2048) spans wait;
    what comes on top is dropped.
    """
    return BatchSpanProcessor(OTLPSpanExporter())


class Recorder:
    """Is not OpenTelemetry's global provider: that would also turn on what libraries trace, URLs included."""

    def __init__(self, service: str, instance: str, processor: SpanProcessor) -> None:
        own = Resource({"service.name": f"tokenline-{service}", "service.instance.id": instance})
        resource = Resource.create(own.merge(OTELResourceDetector().detect()).attributes)
        self._ids = _GivenIds()
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False, id_generator=self._ids)
        self._provider.sampler = _WholeTraces(self._provider.sampler)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("tokenline")

    @contextmanager
    def span(self, name: str, subject: str, kind: SpanKind, attributes: Attributes, *, root: bool) -> Iterator[Span]:
        """In the trace of ``subject`` (a UUIDv7), below its root, or as the root."""
        trace_id = int(subject.replace("-", ""), 16)
        # The root's id is known to everybody too: the random half of the UUID.
        first = SpanContext(trace_id, trace_id & _LOW_64, is_remote=True, trace_flags=_FLAGS)
        if root:
            self._ids.give(first)
        context = Context() if root else set_span_in_context(NonRecordingSpan(first), Context())
        span = self._tracer.start_span(name, context, kind, attributes)
        with _ended(span):
            yield span

    @contextmanager
    def stage(self, name: str, of: Span) -> Iterator[Span]:
        span = self._tracer.start_span(name, set_span_in_context(of, Context()))
        with _ended(span):
            yield span

    def close(self) -> None:
        """Send what is left, within `CLOSE_S`. Blocks."""
        closing = threading.Thread(target=self._provider.shutdown, name="tracing.close", daemon=True)
        closing.start()
        closing.join(CLOSE_S)


@contextmanager
def _ended(span: Span) -> Iterator[None]:
    try:
        yield
    except TokenlineError as error:
        failed(span, error.code)
        raise
    except Exception as error:
        failed(span, type(error).__name__)
        raise
    finally:
        span.end()


class _GivenIds(RandomIdGenerator):
    """Random ids, except for the next root, whose ids were given. One thread makes roots: the event loop's."""

    def __init__(self) -> None:
        self._given: SpanContext | None = None

    def give(self, ids: SpanContext) -> None:
        self._given = ids

    def generate_trace_id(self) -> int:
        return super().generate_trace_id() if self._given is None else self._given.trace_id

    def generate_span_id(self) -> int:
        given, self._given = self._given, None
        return super().generate_span_id() if given is None else given.span_id


class _WholeTraces(Sampler):
    """Lets the configured sampler judge the trace id alone, so that all processes keep the same traces.

    A UUIDv7 has 0b10 above its 62 random bits, and `OTEL_TRACES_SAMPLER=traceidratio` compares the low 64 bits with
    its bound: as they stand they would all lie between 0.5 and 0.75. Shifted, they are spread evenly.
    """

    def __init__(self, configured: Sampler) -> None:
        self._configured = configured

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        return self._configured.should_sample(Context(), trace_id << 2 & _LOW_64, name, kind, attributes, links)

    def get_description(self) -> str:
        return f"WholeTraces{{{self._configured.get_description()}}}"
