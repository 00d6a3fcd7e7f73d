"""One trace per ticket and per file, made from their ids; codes and ids in it, and no text."""

import asyncio

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.support.drafts import a_conversation, a_ticket, an_attachment
from tokenline.contracts.errors import StoreUnavailable
from tokenline.core.clock import ManualClock, SystemClock
from tokenline.runtime import tracing
from tokenline.runtime.tracing import (
    NO_SPAN,
    add_trace_id,
    attachment_span,
    close_tracing,
    record_with,
    stage_span,
    ticket_span,
    wanted,
)
from tokenline.runtime.tracing_export import Recorder

CLOCK = SystemClock()


def a_new_ticket(**changes):
    return a_ticket(CLOCK, a_conversation(CLOCK), **changes)


class Recording:
    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()

    def process(self, service: str) -> None:
        """From here on the spans are another process's."""
        record_with(Recorder(service, "one", SimpleSpanProcessor(self._exporter)))

    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._exporter.get_finished_spans()}


@pytest.fixture
def recording():
    made = Recording()
    made.process("gateway")
    yield made
    close_tracing()


def test_processes_that_know_only_the_ticket_share_its_trace(recording):
    ticket = a_new_ticket()
    with ticket_span("ticket.accept", ticket, kind=SpanKind.SERVER, root=True):
        pass
    recording.process("agent-worker")
    with ticket_span("ticket.answer", ticket) as span:
        span.add_event("first_token")
    accept, answer = recording.spans()["ticket.accept"], recording.spans()["ticket.answer"]
    assert accept.parent is None
    assert answer.parent.span_id == accept.context.span_id
    assert f"{accept.context.trace_id:032x}" == f"{answer.context.trace_id:032x}" == ticket.id.replace("-", "")
    assert [event.name for event in answer.events] == ["first_token"]
    services = [span.resource.attributes["service.name"] for span in (accept, answer)]
    assert services == ["tokenline-gateway", "tokenline-agent-worker"]


def test_every_root_has_the_ids_of_its_own_ticket(recording):
    first, second = a_new_ticket(), a_new_ticket()
    with ticket_span("first", first, root=True), ticket_span("second", second, root=True):
        pass
    with ticket_span("third", first):
        pass
    spans = recording.spans()
    assert spans["first"].context.trace_id == spans["third"].context.trace_id != spans["second"].context.trace_id
    assert len({span.context.span_id for span in spans.values()}) == 3


def test_stages_stand_below_their_file(recording):
    file = an_attachment(CLOCK, name="my diary.txt")
    with attachment_span("attachment.index", file) as whole, stage_span("attachment.index.extract", whole):
        pass
    spans = recording.spans()
    assert spans["attachment.index.extract"].parent.span_id == spans["attachment.index"].context.span_id
    assert f"{spans['attachment.index'].context.trace_id:032x}" == file.id.replace("-", "")
    assert "diary" not in "".join(span.to_json() for span in spans.values())


@pytest.mark.parametrize(
    ("error", "code"), [(StoreUnavailable("secret words"), "store_unavailable"), (KeyError("secret words"), "KeyError")]
)
def test_an_error_is_recorded_by_its_code_alone(recording, error, code):
    with pytest.raises(type(error)), ticket_span("ticket.accept", a_new_ticket(), root=True):
        raise error
    span = recording.spans()["ticket.accept"]
    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, code)
    assert "secret words" not in span.to_json()


def test_being_cancelled_is_no_error(recording):
    with pytest.raises(asyncio.CancelledError), ticket_span("ticket.answer", a_new_ticket()):
        raise asyncio.CancelledError
    assert recording.spans()["ticket.answer"].status.status_code is StatusCode.UNSET


def test_sampling_keeps_the_asked_share_and_whole_traces(recording, monkeypatch):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.3")
    clock = ManualClock()
    kept: dict[str, set[str]] = {"gateway": set(), "worker": set()}
    tickets = [a_ticket(clock, a_conversation(clock), id=spread(number)) for number in range(200)]
    for service, names in kept.items():
        recording.process(service)
        for ticket in tickets:
            with ticket_span("span", ticket, root=service == "gateway") as span:
                if span.is_recording():
                    names.add(ticket.id)
    assert kept["gateway"] == kept["worker"]
    assert len(kept["gateway"]) == 60


def spread(number):
    """A UUIDv7 whose 62 random bits are ``number`` / 200 of the way up."""
    low = 0b10 << 62 | (number * 2**62 // 200 + 1)
    return f"01900000-0000-7000-{low >> 48:04x}-{low & (1 << 48) - 1:012x}"


def test_the_operators_names_come_first(monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "chat")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    exporter = InMemorySpanExporter()
    record_with(Recorder("gateway", "gateway-1", SimpleSpanProcessor(exporter)))
    with ticket_span("ticket.accept", a_new_ticket(), root=True):
        pass
    close_tracing()
    (span,) = exporter.get_finished_spans()
    told = span.resource.attributes
    assert (told["service.name"], told["service.instance.id"]) == ("chat", "gateway-1")
    assert told["deployment.environment.name"] == "test"


def test_log_lines_name_the_trace_of_the_ticket_they_name(recording):
    assert add_trace_id(None, "info", {"ticket_id": "0190-ab"}) == {"ticket_id": "0190-ab", "trace_id": "0190ab"}
    assert add_trace_id(None, "info", {"event": "service.starting"}) == {"event": "service.starting"}
    record_with(None)
    assert add_trace_id(None, "info", {"ticket_id": "0190-ab"}) == {"ticket_id": "0190-ab"}


def test_off_it_makes_nothing():
    assert tracing._recorder is None
    with ticket_span("ticket.accept", a_new_ticket(), root=True) as one, ticket_span("x", a_new_ticket()) as other:
        assert one is other is NO_SPAN
    with stage_span("x", NO_SPAN) as stage:
        assert stage is NO_SPAN


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_wanted_only_with_an_endpoint(environment, expected):
    assert wanted(environment) is expected
