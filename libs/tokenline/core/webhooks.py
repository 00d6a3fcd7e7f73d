"""Webhooks, decided: addresses, secrets, signatures, what is told, and when the next attempt is due.

Signed as Standard Webhooks 1.0.0 says (https://www.standardwebhooks.com).
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from tokenline.contracts.base import to_json
from tokenline.contracts.errors import BadRequest
from tokenline.contracts.ids import MessageId
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.webhooks import Delivery, DeliveryState, Webhook

MAX_URL = 2048
OVERLAP_S = 24 * 3600.0
"""For so long after a rotation the former secret signs, too."""
GONE = 410
_GROWTH = 3.0


def check_url(url: str) -> None:
    """Raises `BadRequest` for what could never be delivered to. Where it leads is judged when it is connected to."""
    if len(url) > MAX_URL:
        raise BadRequest(f"The address is longer than {MAX_URL} characters.")
    if not all("!" <= letter <= "~" for letter in url) or "\\" in url:
        raise BadRequest("The address has characters in it that must be percent-encoded.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadRequest("This is not an address.") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise BadRequest("The address must begin with https:// and name a host.")
    if "@" in parts.netloc or parts.fragment:
        raise BadRequest("The address must have neither a user name nor a fragment.")


def secret_of(installation_key: str, webhook_id: str, generation: int) -> str:
    """``whsec_…``, as it is shown to its owner: 32 bytes that nobody stores.

    No access token has a space before its first dot, so no token is ever a secret.
    """
    about = f"tokenline webhook {webhook_id} {generation}".encode()
    return "whsec_" + b64encode(hmac.digest(installation_key.encode(), about, hashlib.sha256)).decode()


def secrets_of(installation_key: str, webhook: Webhook, now: float) -> list[str]:
    """Those that sign at this moment, the present one first."""
    generations = [webhook.generation]
    if webhook.rotated_at is not None and now < webhook.rotated_at + OVERLAP_S:
        generations.append(webhook.generation - 1)
    return [secret_of(installation_key, webhook.id, generation) for generation in generations]


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the signature in base64. ``secret`` with or without its ``whsec_``."""
    key = b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def signed_headers(secrets: Sequence[str], message_id: str, now: float, body: bytes) -> dict[str, str]:
    timestamp = int(now)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in secrets),
    }


def first_delivery(ticket: Ticket) -> Delivery | None:
    """Of a ticket that has ended; ``None``: nobody is to be told."""
    if ticket.webhook_id is None or ticket.finished_at is None:
        return None
    return Delivery(
        ticket_id=ticket.id,
        webhook_id=ticket.webhook_id,
        owner_id=ticket.owner_id,
        due_at=ticket.finished_at,
        created_at=ticket.finished_at,
    )


def body_of(ticket: Ticket, answer_id: MessageId | None) -> bytes:
    """The same at every attempt. No text of question or answer: who is told may fetch it."""
    ended_at = datetime.fromtimestamp(ticket.finished_at or ticket.created_at, UTC)
    return to_json(
        {
            "type": f"ticket.{ticket.state.value}",
            "timestamp": ended_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "data": {
                "ticket_id": ticket.id,
                "conversation_id": ticket.conversation_id,
                "state": ticket.state,
                "question_id": ticket.question_id,
                "answer_id": answer_id,
                "error": msgspec.to_builtins(ticket.error),
            },
        }
    )


class RetryPlan(NamedTuple):
    """How often and how long an installation tries."""

    attempts: int
    first_s: float
    longest_s: float


def attempted(
    delivery: Delivery, status: int | None, error: str | None, *, now: float, random: float, plan: RetryPlan
) -> Delivery:
    """As it is after one more attempt. ``error`` ``None``: it was delivered. ``random`` is uniform in [0, 1)."""
    spent = delivery.attempts + 1
    state, due_at = DeliveryState.PENDING, now + delay_s(spent, random, plan)
    if error is None:
        state = DeliveryState.DELIVERED
    elif status == GONE or spent >= plan.attempts:
        state = DeliveryState.FAILED
    return replace(
        delivery,
        state=state,
        attempts=spent,
        due_at=due_at if state is DeliveryState.PENDING else None,
        status=status,
        error=error,
        attempted_at=now,
        version=delivery.version + 1,
    )


def drop(delivery: Delivery) -> Delivery:
    """There is nobody to tell any more."""
    return replace(delivery, state=DeliveryState.DROPPED, due_at=None, version=delivery.version + 1)


def again(delivery: Delivery, *, now: float) -> Delivery:
    """Due at once, whatever became of it before."""
    return replace(delivery, state=DeliveryState.PENDING, due_at=now, version=delivery.version + 1)


def delay_s(spent: int, random: float, plan: RetryPlan) -> float:
    """Until the attempt after this many: thrice as long each time, and of that the upper half, at random."""
    # Bounded, as floats end at 3**646.
    grown = plan.first_s * _GROWTH ** min(spent - 1, 100)
    return min(plan.longest_s, grown) * (0.5 + random / 2)
