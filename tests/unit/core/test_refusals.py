"""A used up limit is told with all that a page or a program needs to wait for it."""

import pytest

from tokenline.contracts.limits import Charge, Limit, LimitName, Used
from tokenline.core import windows
from tokenline.core.refusals import rate_limited, span


def used_up(name: LimitName, subject: str = "user:ann") -> Used:
    one = Charge(name=name, subject=subject, limit=Limit(max=60, per_s=60))
    return windows.state(((0.0, 60),), one, 20.0)


def test_it_says_what_how_many_and_when() -> None:
    error = rate_limited([used_up(LimitName.MESSAGES)], 20.0)
    assert (error.code, error.status) == ("rate_limited", 429)
    assert error.message == "60 messages are allowed in 60 s. You can send again in 40 s."
    assert error.detail == {
        "limit": "messages",
        "of": "user",
        "max": 60,
        "per_s": 60,
        "used": 60,
        "retry_after_s": 40.0,
        "reset_at": 60.0,
    }


@pytest.mark.parametrize("name", LimitName)
def test_every_limit_has_words(name: LimitName) -> None:
    message = rate_limited([used_up(name)], 20.0).message
    assert "40 s" in message
    assert "{" not in message


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "1 s"), (0.2, "1 s"), (40, "40 s"), (40.01, "41 s"), (120, "120 s"), (121, "3 min"), (600, "10 min"),
     (7200, "120 min"), (7201, "3 h"), (86400, "24 h")],
)  # fmt: skip
def test_spans_are_in_units_that_people_use_and_never_too_short(seconds: float, said: str) -> None:
    assert span(seconds) == said
