"""Limits as OpenAI's clients know them: headers on answers, and their shape of refusal."""

import pytest

from services.gateway.openai_api.limits import span
from tests.integration.limits.conftest import Gateway, MakeGateway, a_minute
from tokenline.core.clock import ManualClock
from tokenline.runtime.limits import LimitSettings

ASK = {"model": "assistant", "messages": [{"role": "user", "content": "Hello"}], "stream": True}


@pytest.fixture
async def gateway(make_gateway: MakeGateway) -> Gateway:
    gateway: Gateway = await make_gateway(limits=LimitSettings(messages=a_minute(2), tokens=a_minute(100)))
    await gateway.sign_in()
    return gateway


async def test_answers_say_what_is_left_and_refusals_when_to_come_back(gateway: Gateway, clock: ManualClock) -> None:
    # Two questions that nobody answers: the refusal is of the limit, not of them.
    for _ in range(2):
        assert (await gateway.ask()).status_code == 202
        clock.advance(10)
    refused = await gateway.post("/v1/chat/completions", ASK)
    assert refused.status_code == 429
    assert refused.json() == {
        "error": {
            "message": "2 messages are allowed in 60 s. You can send again in 40 s.",
            "type": "rate_limit_error",
            "param": None,
            "code": "rate_limited",
        }
    }
    assert refused.headers["retry-after"] == "40"
    assert refused.headers["x-ratelimit-limit-requests"] == "2"
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert refused.headers["x-ratelimit-reset-requests"] == "40s"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0ms"), (0.02, "20ms"), (1, "1s"), (59.6, "1m0s"), (360, "6m0s"), (3723, "1h2m3s")]
)
def test_spans_are_as_go_writes_them(seconds: float, said: str) -> None:
    assert span(seconds) == said
