"""What an endpoint's status means, when to come back, and that keys stay where they are."""

import pytest

from tokenline.adapters.model_openai.errors import from_status, retry_after_s
from tokenline.contracts.errors import ModelOverloaded, ModelRejected, ModelUnavailable, TokenlineError


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ModelRejected),
        (401, ModelRejected),
        (404, ModelRejected),
        (408, ModelUnavailable),
        (422, ModelRejected),
        (429, ModelOverloaded),
        (500, ModelUnavailable),
        (502, ModelUnavailable),
        (503, ModelOverloaded),
        (529, ModelOverloaded),
    ],
)
def test_the_status_decides_the_family(status: int, kind: type[TokenlineError]):
    assert type(from_status(status, {}, None)) is kind


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:20:00 GMT"}, 200.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
    ],
)
def test_when_to_come_back(headers, seconds):
    assert retry_after_s(headers, now=1000.0) == seconds


def test_a_refusal_says_why_but_no_key():
    secret = "sk-proj-abcdef123456"
    error = from_status(400, {}, {"error": {"message": f"Too long. Key {secret} used.", "code": "x"}})
    assert error.detail["reason"].startswith("Too long.")
    assert secret not in str(error.info())


def test_a_refused_key_is_not_repeated():
    error = from_status(401, {}, {"error": {"message": "Incorrect API key: hunter2"}})
    assert "hunter2" not in str(error.info())
