"""Limits as OpenAI's clients know them: ``x-ratelimit-…`` headers, on answers and on refusals."""

from collections.abc import Sequence
from typing import Any

from tokenline.contracts.limits import LimitName, Used

_KINDS = {LimitName.MESSAGES: "requests", LimitName.TOKENS: "tokens"}


def headers(used: Sequence[Used], now: float) -> dict[str, str]:
    """Where user and key both have a limit, of the one that has less left."""
    said: dict[str, str] = {}
    for one in sorted(used, key=lambda one: -one.remaining):
        if (kind := _KINDS.get(one.name)) is not None:
            said |= _headers(kind, one.max, one.remaining, (one.reset_at or now) - now)
    return said


def of_refusal(detail: dict[str, Any]) -> dict[str, str]:
    """From the ``detail`` of a `RateLimited`; empty for a limit that OpenAI has no name for."""
    kind = next((kind for name, kind in _KINDS.items() if name.value == detail.get("limit")), None)
    if kind is None:
        return {}
    return _headers(kind, detail["max"], 0, detail["retry_after_s"])


def _headers(kind: str, most: int, remaining: int, reset_s: float) -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{kind}": str(most),
        f"x-ratelimit-remaining-{kind}": str(remaining),
        f"x-ratelimit-reset-{kind}": span(reset_s),
    }


def span(seconds: float) -> str:
    """As Go writes it, which is how OpenAI does: ``1h2m3s``, ``6m0s``, ``20ms``."""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))}ms"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"
