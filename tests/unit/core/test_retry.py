"""When a failed attempt is tried again."""

from tokenline.contracts.errors import ModelOverloaded, ModelRejected
from tokenline.core.retry import delay_s, may_retry


def test_an_endpoint_that_names_no_time_is_asked_again_after_a_jittered_pause() -> None:
    error = ModelOverloaded(retry_after_s=None)
    assert may_retry(error, 1)
    assert delay_s(error, 1, 0.5) == 0.5
    assert delay_s(ModelOverloaded(retry_after_s=7.0), 1, 0.5) == 7.0


def test_a_refusal_is_final() -> None:
    assert not may_retry(ModelRejected(), 1)
