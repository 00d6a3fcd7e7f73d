"""What arrives goes on at once; the task that waits is woken for the rest."""

from tokenline.adapters.model_openai.chunks import AnswerReader
from tokenline.adapters.model_openai.pouring import Pouring
from tokenline.contracts.errors import ModelUnavailable
from tokenline.core.ports.model import ModelCall, ModelText

SAID = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
CALLED = b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"f"}}]}}]}\n\n'
CALL = ModelCall(index=0, id="1", name="f", arguments="")


class Heard:
    def __init__(self, *, at_once: bool) -> None:
        self.texts: list[ModelText] = []
        self.progress: list[int] = []
        self.pouring = Pouring(self.texts.append if at_once else None, self._go_on)

    def _go_on(self, reader: AnswerReader) -> None:
        self.progress.append(reader.progress)


def test_text_goes_on_and_wakes_nobody() -> None:
    heard = Heard(at_once=True)
    assert heard.pouring.take(SAID)
    assert heard.texts == [ModelText(text="a", tokens=1)]
    assert heard.pouring.events == []


def test_without_a_taker_text_is_an_event() -> None:
    heard = Heard(at_once=False)
    assert not heard.pouring.take(SAID + CALLED)
    assert heard.pouring.events == [ModelText(text="a", tokens=1), CALL]


def test_calls_wake_behind_the_text_that_came_with_them() -> None:
    heard = Heard(at_once=True)
    assert not heard.pouring.take(SAID + CALLED)
    assert (len(heard.texts), heard.pouring.events) == (1, [CALL])


def test_what_the_model_does_is_progress_and_keep_alives_are_not() -> None:
    heard = Heard(at_once=True)
    for data in (b": alive\n\n", SAID, b": alive\n\n", SAID[:20], SAID[20:]):
        assert heard.pouring.take(data)
    assert heard.progress == [1, 2]


def test_the_end_wakes() -> None:
    heard = Heard(at_once=True)
    assert not heard.pouring.take(SAID + b"data: [DONE]\n\n")
    assert heard.pouring.reader.done


def test_what_cannot_be_read_is_for_the_one_who_waits() -> None:
    heard = Heard(at_once=True)
    assert not heard.pouring.take(b"data: nonsense\n\n")
    assert isinstance(heard.pouring.failure, ModelUnavailable)
