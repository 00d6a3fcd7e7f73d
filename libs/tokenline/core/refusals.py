"""How a used up limit is told: what it was, and when it works again."""

import math
from collections.abc import Sequence

from tokenline.contracts.errors import RateLimited
from tokenline.contracts.limits import LimitName, Used
from tokenline.core.windows import first_to_name

_WORDS = {
    LimitName.MESSAGES: ("{max} messages are allowed in {per}.", "You can send again in {wait}."),
    LimitName.TOKENS: ("{max} tokens are allowed in {per}.", "You can send again in {wait}."),
    LimitName.UPLOADS: ("{max} uploads are allowed in {per}.", "You can upload again in {wait}."),
    LimitName.CONVERSATIONS: (
        "{max} new conversations are allowed in {per}.",
        "You can begin another one in {wait}, and write in those you have.",
    ),
    LimitName.SEARCHES: ("{max} searches are allowed in {per}.", "You can search again in {wait}."),
    LimitName.SIGN_INS: ("There were too many failed sign-ins.", "Please try again in {wait}."),
    LimitName.REGISTRATIONS: ("Too many accounts were made from your network.", "Please try again in {wait}."),
}


def rate_limited(used_up: Sequence[Used], now: float) -> RateLimited:
    """For limits that have no room, at least one."""
    one = first_to_name(used_up)
    reset_at = one.next_at or now
    retry_after_s = max(0.0, reset_at - now)
    what, when = _WORDS[one.name]
    said = f"{what} {when}".format(max=f"{one.max:,}", per=span(one.per_s), wait=span(retry_after_s))
    return RateLimited(
        said,
        limit=one.name.value,
        of=one.of.value,
        max=one.max,
        per_s=one.per_s,
        used=one.used,
        retry_after_s=retry_after_s,
        reset_at=reset_at,
    )


def span(seconds: float) -> str:
    """In whole seconds up to two minutes, minutes up to two hours, and hours; never too short."""
    for unit, size, below in (("s", 1, 120), ("min", 60, 120), ("h", 3600, math.inf)):
        number = max(1, math.ceil(round(seconds / size, 6)))
        if number <= below:
            return f"{number} {unit}"
    raise AssertionError("hours have no end")
