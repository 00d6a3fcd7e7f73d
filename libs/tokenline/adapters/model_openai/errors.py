"""What an endpoint's refusals mean for a ticket. Nothing an endpoint says about keys is passed on."""

import re
import time
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz
from typing import Any

from tokenline.contracts.errors import (
    AnswerIncomplete,
    ModelOverloaded,
    ModelRejected,
    ModelUnavailable,
    TokenlineError,
)

_OVERLOADED = frozenset({429, 503, 529})
_OVERLOADED_WORDS = ("rate_limit", "overloaded", "too_many_requests")
_MAX_REASON = 300
_KEYLIKE = re.compile(r"\b(?:sk|pk|key|token|bearer)[-_ ][\w\-.*]{6,}|[\w\-]{32,}", re.IGNORECASE)

_REFUSALS = {
    401: "The model's endpoint does not accept the configured key. An administrator must correct it.",
    402: "The model's endpoint wants to be paid first. An administrator must see to it.",
    403: "The model's endpoint does not allow the configured key to do this.",
    404: "The model's endpoint does not know this model or address.",
    413: "The question with its context is too long for the model.",
}


def from_status(status: int, headers: Mapping[str, str], body: object) -> TokenlineError:
    """The error for an HTTP status of 400 or more. ``body``: the decoded JSON, or the text."""
    if status in _OVERLOADED:
        return ModelOverloaded(retry_after_s=retry_after_s(headers, time.time()))
    if 400 <= status < 500 and status != 408:
        return _rejected(status, body)
    return ModelUnavailable(status=status)


def from_error_object(error: object, *, began: bool) -> TokenlineError:
    """The error for one that came inside the stream. ``began``: part of the answer was there already."""
    code = error.get("code") if isinstance(error, dict) else None
    kind = error.get("type") if isinstance(error, dict) else None
    status = int(code) if isinstance(code, int | str) and str(code).isdecimal() else 0
    words = f"{code} {kind}".lower()
    if status in _OVERLOADED or any(word in words for word in _OVERLOADED_WORDS):
        return ModelOverloaded(retry_after_s=None)
    if 400 <= status < 500 or "invalid_request" in words or "context_length" in words:
        return _rejected(status or 400, {"error": error})
    return AnswerIncomplete() if began else ModelUnavailable()


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to stay away, as the endpoint wishes; ``None``: it named none. ``now``: seconds since 1970."""
    for name, per_second in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            wait_s = float(headers.get(name, "")) / per_second
        except ValueError:
            continue
        if 0 <= wait_s < float("inf"):
            return wait_s
    date = parsedate_tz(headers.get("retry-after", ""))
    return None if date is None else max(mktime_tz(date) - now, 0.0)


def _rejected(status: int, body: object) -> ModelRejected:
    if status in _REFUSALS:
        return ModelRejected(_REFUSALS[status], status=status)
    detail: dict[str, Any] = {"status": status}
    error = body.get("error", body) if isinstance(body, dict) else None
    reason = error.get("message") if isinstance(error, dict) else error
    if isinstance(reason, str) and reason:
        detail["reason"] = _KEYLIKE.sub("…", reason)[:_MAX_REASON]
    return ModelRejected(**detail)
