"""The model adapter against a real server: answers, refusals, silences and hanging up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest

from tests.support.scripted_model import Script, ScriptedModel, Then
from tokenline.adapters.model_openai import OpenAIModel
from tokenline.contracts.errors import (
    AnswerIncomplete,
    ModelOverloaded,
    ModelRejected,
    ModelUnavailable,
    TokenlineError,
)
from tokenline.contracts.tickets import Usage
from tokenline.core.ports.model import ChatTurn, ModelEnd, ModelRequest, ModelText

Open = Callable[..., OpenAIModel]


@pytest.fixture
async def open_model(scripted_model: ScriptedModel) -> AsyncIterator[Open]:
    opened: list[OpenAIModel] = []

    def open_model(**limits: float) -> OpenAIModel:
        opened.append(OpenAIModel(scripted_model.base_url, "sk-secret", **limits))
        return opened[-1]

    yield open_model
    for model in opened:
        await model.close()


def ask(script: Script) -> ModelRequest:
    turn = ChatTurn(role="user", content=msgspec.json.encode(script).decode())
    return ModelRequest(model="scripted", turns=(turn,))


async def answer(model: OpenAIModel, script: Script, *, at_once: bool = False) -> tuple[str, int, ModelEnd]:
    """``at_once``: text is given to a function, not to the iterator."""
    said: list[ModelText] = []
    end = None
    async with model.stream(ask(script), said.append if at_once else None) as events:
        async for event in events:
            if isinstance(event, ModelText):
                assert not at_once
                said.append(event)
            elif isinstance(event, ModelEnd):
                end = event
    assert end is not None
    return "".join(text.text for text in said), sum(text.tokens for text in said), end


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_whole_answer_with_its_usage(open_model, at_once: bool):
    script = Script(tokens=50, per_second=1000, first_ms=5)
    text, tokens, end = await answer(open_model(), script, at_once=at_once)
    assert (text, tokens) == (script.text(), 50)
    assert end == ModelEnd(finish_reason="stop", usage=Usage(prompt_tokens=7, completion_tokens=50))


async def test_many_answers_at_once_over_few_connections(open_model, scripted_model):
    model = open_model()
    script = Script(tokens=10, per_second=200)
    for _ in range(2):
        answers = await asyncio.gather(*(answer(model, script) for _ in range(20)))
        assert {text for text, _, _ in answers} == {script.text()}
    assert scripted_model.stats.connections == 20


async def test_text_is_there_before_anybody_is_woken(open_model):
    said: list[ModelText] = []
    async with open_model().stream(ask(Script(tokens=20, per_second=1000)), said.append) as events:
        assert isinstance(await anext(events), ModelEnd)
    assert sum(text.tokens for text in said) == 20


async def test_who_takes_the_text_and_fails_ends_the_stream(open_model, scripted_model):
    def fail(_: ModelText) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with open_model().stream(ask(Script(tokens=1000, per_second=100)), fail) as events:
            await anext(events)
    await scripted_model.until(lambda: scripted_model.stats.open_connections == 0)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (Script(status=429, retry_after="7"), ModelOverloaded),
        (Script(status=503), ModelOverloaded),
        (Script(status=500), ModelUnavailable),
        (Script(status=400), ModelRejected),
        (Script(status=404), ModelRejected),
        (Script(tokens=3, then=Then.UNFINISHED), AnswerIncomplete),
        (Script(tokens=3, then=Then.CUT), AnswerIncomplete),
        (Script(tokens=0, then=Then.CUT), ModelUnavailable),
        (Script(tokens=3, then=Then.MALFORMED), ModelUnavailable),
        (Script(tokens=3, then=Then.ERROR), AnswerIncomplete),
        (Script(tokens=0, then=Then.ERROR), ModelUnavailable),
    ],
)
async def test_faults_are_told_apart_and_asked_once(
    open_model, scripted_model, script: Script, kind: type[TokenlineError], at_once: bool
):
    with pytest.raises(kind) as caught:
        await answer(open_model(), script, at_once=at_once)
    assert scripted_model.stats.requests == 1
    assert "sk-secret" not in repr(caught.value.info())
    if script.retry_after:
        assert caught.value.detail["retry_after_s"] == 7.0


async def test_text_before_a_fault_is_delivered(open_model):
    script = Script(tokens=3, then=Then.CUT)
    async with open_model().stream(ask(script)) as events:
        text = ""
        while len(text) < len(script.text()):
            text += (await anext(events)).text
        with pytest.raises(AnswerIncomplete):
            await anext(events)
    assert text == script.text()


async def test_nobody_there(unused_tcp_port: int):
    model = OpenAIModel(f"http://127.0.0.1:{unused_tcp_port}/v1", "")
    with pytest.raises(ModelUnavailable):
        await answer(model, Script())
    await model.close()


async def test_a_page_in_place_of_a_stream_is_told_so(open_model, scripted_model):
    model = OpenAIModel(scripted_model.base_url.removesuffix("/v1"), "")
    with pytest.raises(ModelRejected):
        await answer(model, Script())
    await model.close()


@pytest.mark.parametrize(
    ("limits", "script"),
    [
        ({"first_token_s": 0.1}, Script(first_ms=60_000)),
        ({"first_token_s": 0.1}, Script(first_ms=60_000, role_only=True)),
        ({"first_token_s": 0.1}, Script(tokens=0, then=Then.KEEP_ALIVE)),
        ({"between_tokens_s": 0.1}, Script(tokens=3, then=Then.STALL)),
        ({"between_tokens_s": 0.1}, Script(tokens=3, then=Then.KEEP_ALIVE)),
        ({"total_s": 0.2}, Script(tokens=10_000, per_second=100)),
    ],
)
async def test_silence_ends_in_time_and_hangs_up(open_model, scripted_model, limits, script):
    with pytest.raises(AnswerIncomplete):
        await answer(open_model(**limits), script)
    await scripted_model.until(lambda: scripted_model.stats.open_connections == 0)
    assert scripted_model.stats.count("client") == 1


async def _leave_early(model: OpenAIModel, script: Script) -> None:
    async with model.stream(ask(script)) as events:
        await anext(events)


async def _cancel(model: OpenAIModel, script: Script, when: Callable[[], Awaitable[object]]) -> None:
    task = asyncio.create_task(answer(model, script), name="answer")
    await when()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("first_ms", [0, 60_000])
async def test_200_cancellations_leave_nothing_open(open_model, scripted_model, first_ms):
    """F26: hung up at once, whether the answer streams or has not begun; the pool is back where it was."""
    model = open_model()
    script = Script(tokens=10_000, per_second=20, first_ms=first_ms)
    stats = scripted_model.stats
    running = asyncio.Event()

    async def all_run() -> None:
        await scripted_model.until(lambda: stats.count(None) == 200)
        running.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(all_run())
        for _ in range(200):
            group.create_task(_cancel(model, script, running.wait))
    cancelled_at = asyncio.get_running_loop().time()
    await scripted_model.until(lambda: stats.open_connections == 0)
    assert stats.count("client") == 200
    assert max(record.ended_at for record in stats.records) - cancelled_at < 1.0

    text, _, _ = await answer(model, Script())
    assert text == Script().text()


async def test_leaving_the_context_hangs_up_at_once(open_model, scripted_model):
    await _leave_early(open_model(), Script(tokens=10_000, per_second=20))
    await scripted_model.until(lambda: scripted_model.stats.open_connections == 0)
    assert scripted_model.stats.records[0].tokens < 100
