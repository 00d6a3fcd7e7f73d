"""Webhooks, decided: signatures, secrets, addresses, and what follows an attempt."""

import base64
import json

import pytest
from msgspec.structs import replace

from tests.support.drafts import a_conversation, a_ticket
from tokenline.contracts.errors import BadRequest, ErrorInfo
from tokenline.contracts.tickets import TicketState, Usage
from tokenline.contracts.webhooks import Delivery, DeliveryState, Webhook
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.webhooks import (
    MAX_URL,
    OVERLAP_S,
    RetryPlan,
    again,
    attempted,
    body_of,
    check_url,
    first_delivery,
    secret_of,
    secrets_of,
    signature,
    signed_headers,
)

NOW = 1_800_000_000.0
PLAN = RetryPlan(attempts=12, first_s=5, longest_s=21_600)
PENDING = Delivery(ticket_id="t", webhook_id="w", owner_id="ann", due_at=NOW, created_at=NOW)
WEBHOOK = Webhook(id="w", owner_id="ann", url="https://hooks.example/", created_at=NOW)
KEY = "k" * 32


def test_signatures_are_those_of_standard_webhooks():
    """The example of the specification's reference libraries."""
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_are_32_bytes_of_their_webhook_generation_and_installation():
    secret = secret_of(KEY, "w", 1)
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret[6:], validate=True)) == 32
    assert secret == secret_of(KEY, "w", 1)
    others = {secret_of(KEY, "v", 1), secret_of(KEY, "w", 2), secret_of("j" * 32, "w", 1)}
    assert len(others | {secret}) == 4


def test_the_former_secret_signs_for_a_day_beside_the_new_one():
    rotated = replace(WEBHOOK, generation=2, rotated_at=NOW)
    both = [secret_of(KEY, "w", 2), secret_of(KEY, "w", 1)]
    assert secrets_of(KEY, WEBHOOK, NOW) == both[1:]
    assert secrets_of(KEY, rotated, NOW + OVERLAP_S - 1) == both
    assert secrets_of(KEY, rotated, NOW + OVERLAP_S) == both[:1]
    headers = signed_headers(both, "t", NOW + 0.9, b"{}")
    assert headers["webhook-id"] == "t"
    assert headers["webhook-timestamp"] == str(int(NOW))
    assert headers["webhook-signature"].split(" ") == [signature(secret, "t", int(NOW), b"{}") for secret in both]


@pytest.mark.parametrize(
    "url", ["https://hooks.example", "https://hooks.example:8443/a?b=c", "http://10.0.0.1/x", "https://[2a00::1]/"]
)
def test_addresses_that_may_be_registered(url: str):
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user@hooks.example/",
        "https://user:word@hooks.example/",
        "https://@hooks.example/",
        "https://hooks.example/#part",
        "https://hooks.example:99999/",
        "https://hooks.example:0/",
        "https://hooks.example:x/",
        "https://[::1/",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nx: y",
        "https://hooks.example\\@other.example/",
        "https://h\u00f6ks.example/",
        "https://hooks.example/" + "a" * MAX_URL,
    ],
)
def test_addresses_that_may_not(url: str):
    with pytest.raises(BadRequest):
        check_url(url)


def test_an_ended_ticket_with_a_webhook_is_news_that_is_due_at_once():
    clock = ManualClock()
    draft = a_ticket(clock, a_conversation(clock))
    assert first_delivery(moves.cancel(draft, now=NOW)) is None
    assert first_delivery(replace(draft, webhook_id="w")) is None
    delivery = first_delivery(moves.cancel(replace(draft, webhook_id="w"), now=NOW))
    assert delivery == replace(PENDING, ticket_id=draft.id)


def test_what_is_told_names_the_end_and_no_text():
    clock = ManualClock()
    running = replace(a_ticket(clock, a_conversation(clock)), state=TicketState.STREAMING)
    done = body_of(moves.complete(running, usage=Usage(), now=NOW + 0.25), "a")
    assert json.loads(done) == {
        "type": "ticket.complete",
        "timestamp": "2027-01-15T08:00:00.250Z",
        "data": {
            "ticket_id": running.id,
            "conversation_id": running.conversation_id,
            "state": "complete",
            "question_id": running.question_id,
            "answer_id": "a",
            "error": None,
        },
    }
    failed = json.loads(body_of(moves.fail(running, ErrorInfo(code="x", message="No."), now=NOW), None))
    assert failed["type"] == "ticket.error"
    assert failed["data"]["error"] == {"code": "x", "message": "No.", "detail": {}}


def test_a_failing_receiver_is_asked_again_ever_later_until_a_day_is_over():
    def waits(random: float) -> list[float]:
        delivery, now, found = PENDING, NOW, []
        while delivery.due_at is not None:
            found.append(delivery.due_at - now)
            now = delivery.due_at
            delivery = attempted(delivery, 500, "no", now=now, random=random, plan=PLAN)
        assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, PLAN.attempts)
        return found[1:]

    shortest, longest = waits(0.0), waits(1.0)
    assert longest == [5, 15, 45, 135, 405, 1215, 3645, 10935, 21600, 21600, 21600]
    assert shortest == [wait / 2 for wait in longest]
    assert 11 < sum(shortest) / 3600 < sum(longest) / 3600 < 24


def test_an_attempt_is_written_down_whatever_its_outcome():
    failed = attempted(PENDING, None, "It is away.", now=NOW, random=1.0, plan=PLAN)
    assert failed == replace(PENDING, attempts=1, error="It is away.", due_at=NOW + 5, attempted_at=NOW, version=1)
    done = attempted(failed, 200, None, now=NOW + 5, random=1.0, plan=PLAN)
    assert (done.state, done.attempts, done.status, done.error) == (DeliveryState.DELIVERED, 2, 200, None)
    assert (done.due_at, done.version) == (None, 2)
    gone = attempted(PENDING, 410, "Gone.", now=NOW, random=1.0, plan=PLAN)
    assert (gone.state, gone.due_at) == (DeliveryState.FAILED, None)
    once_more = again(gone, now=NOW + 9)
    assert (once_more.state, once_more.due_at, once_more.attempts) == (DeliveryState.PENDING, NOW + 9, 1)
