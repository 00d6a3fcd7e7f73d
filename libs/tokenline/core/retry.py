"""Whether and when a failed attempt is tried again."""

from tokenline.contracts.errors import Retryable, TokenlineError

ATTEMPTS = 3
"""Per ticket, lost workers included; counted in the store."""

BASE_S = 0.5
LONGEST_S = 15.0
LONGEST_ASKED_S = 300.0
"""An endpoint that asks for more patience than this is taken to be gone."""


def may_retry(error: TokenlineError, spent: int, attempts: int = ATTEMPTS) -> bool:
    """``spent`` attempts are, this one included."""
    patience = asked_s(error) <= LONGEST_ASKED_S
    return isinstance(error, Retryable) and spent < attempts and patience


def delay_s(error: TokenlineError, attempt: int, random: float) -> float:
    """Full jitter over a doubling range ("Exponential Backoff And Jitter", AWS 2015), at least what was asked for.

    ``random`` is uniform in [0, 1).
    """
    return max(asked_s(error), random * min(LONGEST_S, BASE_S * float(2**attempt)))


def asked_s(error: TokenlineError) -> float:
    """The ``Retry-After`` of the endpoint, seconds; 0 where it named none."""
    return float(error.detail.get("retry_after_s") or 0.0)
