"""Whether and when a failed attempt is tried again."""

from tokenline.contracts.errors import Retryable, TokenlineError

ATTEMPTS = 3
"""Claims per ticket, crashes included; counted in the store."""

BASE_S = 0.5
LONGEST_S = 15.0


def may_retry(error: TokenlineError, attempt: int, attempts: int = ATTEMPTS) -> bool:
    return isinstance(error, Retryable) and attempt < attempts


def delay_s(error: TokenlineError, attempt: int, random: float) -> float:
    """Full jitter over a doubling range ("Exponential Backoff And Jitter", AWS 2015), at least what was asked for.

    ``random`` is uniform in [0, 1).
    """
    asked = float(error.detail.get("retry_after_s", 0.0))
    backoff = random * min(LONGEST_S, BASE_S * float(2**attempt))
    return min(LONGEST_S, max(asked, backoff))
