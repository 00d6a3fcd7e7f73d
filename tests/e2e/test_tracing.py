"""What a collector gets to see: one trace per question and per file, across the processes."""

import json
import signal
from collections.abc import Iterator

import pytest

from tests.support.collector import Collected, Collector, collecting
from tests.support.system import System

SECRET_WORDS = "pangolins sleep soundly"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


def trace_of(subject: str, collector: Collector) -> dict[str, Collected]:
    spans = {seen.span.name: seen for seen in collector.spans() if seen.trace_id == subject.replace("-", "")}
    root = next(seen.span for seen in spans.values() if not seen.span.parent_span_id)
    ids = {seen.span.span_id for seen in spans.values()}
    assert all(seen.span.parent_span_id in ids for seen in spans.values() if seen.span is not root)
    return spans


def test_a_question_and_a_file_are_one_trace_each_across_processes(system: System, collector: Collector) -> None:
    # An hour between exports: what arrives was sent because the processes were asked to stop.
    system.for_all(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="3600000")
    system.model()
    system.ingest()
    system.worker()
    system.gateway()
    with system.client() as client:
        upload = {"file": ("notes.txt", f"At noon {SECRET_WORDS}.".encode())}
        file = client.post("/api/v1/attachments", files=upload).json()
        question = {"content": f"When do {SECRET_WORDS}?", "attachment_ids": [file["id"]], "wait": True}
        ticket = client.post("/api/v1/chat/messages", json=question).json()["ticket"]
        assert ticket["state"] == "complete"
    assert collector.bodies == []
    for process in ("gateway-1", "worker-1", "ingest"):
        system.signal(process, signal.SIGTERM)
        assert system.processes[process].wait(15) == 0

    asked = trace_of(ticket["id"], collector)
    assert set(asked) == {"ticket.accept", "ticket.publish", "ticket.answer"}
    assert (asked["ticket.accept"].service, asked["ticket.accept"].instance) == ("tokenline-gateway", "gateway-1")
    answer = asked["ticket.answer"]
    assert (answer.service, answer.instance) == ("tokenline-agent-worker", "worker-1")
    assert answer.span.parent_span_id == asked["ticket.accept"].span.span_id
    assert [event.name for event in answer.span.events] == ["prompt_built", "first_token"]
    said = answer.attributes
    assert said["tokenline.ticket_id"] == ticket["id"]
    assert said["tokenline.conversation_id"] == ticket["conversation_id"]
    assert (said["tokenline.pool"], said["tokenline.attempt"], said["tokenline.state"]) == ("default", 1, "complete")

    read = trace_of(file["id"], collector)
    assert set(read) == {"attachment.accept", "attachment.index", "attachment.index.extract", "attachment.index.index"}
    assert {seen.service for seen in read.values()} == {"tokenline-gateway", "tokenline-ingest"}
    assert read["attachment.index"].attributes["tokenline.chunks"] == 1

    everything = b"".join(collector.bodies)
    assert SECRET_WORDS.encode() not in everything
    assert b"notes.txt" not in everything
    lines = [json.loads(line) for line in system.log("worker-1").read_text().splitlines()]
    traces = {line["trace_id"] for line in lines if line.get("ticket_id") == ticket["id"]}
    assert traces == {ticket["id"].replace("-", "")}


def test_a_collector_that_is_away_holds_nobody_up(system: System) -> None:
    with collecting() as gone:
        system.for_all(OTEL_EXPORTER_OTLP_ENDPOINT=gone.url, OTEL_BSP_SCHEDULE_DELAY="100")
    system.model()
    system.worker()
    system.gateway()
    with system.client() as client:
        answer = client.post("/api/v1/chat/messages", json={"content": "Hello there", "wait": True})
        assert answer.json()["ticket"]["state"] == "complete"
    for process in ("gateway-1", "worker-1"):
        system.signal(process, signal.SIGTERM)
        assert system.processes[process].wait(15) == 0
