"""Titles after the first exchange: by the rule, or by a model that may fail without harm."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from services.agent_worker import titles
from services.agent_worker.deps import Deps
from services.agent_worker.settings import WorkerSettings
from services.agent_worker.titles import Titles
from tests.support.drafts import a_conversation, a_question, a_ticket, an_answer
from tokenline.contracts.chat import Conversation, MessageStatus, TitleSource
from tokenline.contracts.errors import ModelOverloaded, TokenlineError
from tokenline.contracts.events import ConversationChanged
from tokenline.core.clock import ManualClock
from tokenline.core.conversation import ConversationChange, changed
from tokenline.core.ports.model import ModelEnd, ModelRequest, ModelText
from tokenline.runtime.agents import load_agents

CLOCK = ManualClock()
HEADED = "# Height of Mont Blanc\n\n4,806 metres."


class World:
    """Store, model and announcer of one conversation."""

    def __init__(self, **conversation: Any) -> None:
        asked: dict[str, Any] = {"title": "How high?", "title_from": TitleSource.QUESTION}
        self.conversation = a_conversation(CLOCK, **(asked | conversation))
        self.ticket = a_ticket(CLOCK, self.conversation)
        self.told: list[ConversationChanged] = []
        self.asked: list[ModelRequest] = []
        self.calls = 0
        self.says: str | TokenlineError | None = "“Mont Blanc”"
        """``None``: it hangs."""
        self.meanwhile: Callable[[], None] = lambda: None
        """While the model thinks."""

    def titles(self, title_model: str | None = None) -> Titles:
        settings = WorkerSettings(port=1, openai_api_key=SecretStr("none"), title_model=title_model)
        deps = SimpleNamespace(
            store=self,
            model=self,
            agents=load_agents(None, "its-model"),
            line=SimpleNamespace(announcer=SimpleNamespace(announce=self.told.append)),
        )
        return Titles(cast(Deps, deps), settings)

    async def named(
        self, answer: str, question: str = "How high?", *, by: str | None = None, **changes: Any
    ) -> Conversation:
        said = an_answer(CLOCK, self.ticket, content=answer, **changes)
        await self.titles(by).name("assistant", a_question(CLOCK, self.ticket, content=question), said)
        return self.conversation

    async def get_conversation(self, _: str) -> Conversation:
        self.calls += 1
        return self.conversation

    async def change_conversation(self, _: str, change: ConversationChange) -> Conversation:
        self.calls += 1
        self.conversation = changed(self.conversation, change)
        return self.conversation

    @asynccontextmanager
    async def stream(self, request: ModelRequest, _: object = None) -> AsyncIterator[AsyncIterator[Any]]:
        self.asked.append(request)
        if isinstance(self.says, TokenlineError):
            raise self.says

        async def events() -> AsyncIterator[Any]:
            if self.says is None:
                await asyncio.Event().wait()
            self.meanwhile()
            yield ModelText(text=str(self.says))
            yield ModelEnd(finish_reason="stop", usage=None)

        yield events()


async def test_the_rule_names_it_and_says_so_to_everybody() -> None:
    world = World()
    named = await world.named(HEADED)
    assert (named.title, named.title_from) == ("Height of Mont Blanc", TitleSource.EXCHANGE)
    assert [event.conversation for event in world.told] == [named]
    assert world.asked == []


async def test_where_the_question_says_it_best_nothing_is_read_or_written() -> None:
    world = World()
    assert (await world.named("4,806 metres.")).title == "How high?"
    assert (world.calls, world.told, world.asked) == (0, [], [])


@pytest.mark.parametrize("changes", [{"status": MessageStatus.CANCELLED}, {"status": MessageStatus.INCOMPLETE}])
async def test_half_an_answer_names_nothing(changes: dict[str, Any]) -> None:
    world = World()
    assert (await world.named(HEADED, **changes)).title == "How high?"


@pytest.mark.parametrize(("by", "model"), [("agent", "its-model"), ("small", "small")])
async def test_a_model_names_it_by_setting_and_is_shown_no_more_than_it_needs(by: str, model: str) -> None:
    world = World()
    named = await world.named("x" * 100_000, by=by)
    assert (named.title, named.title_from) == ("Mont Blanc", TitleSource.EXCHANGE)
    [request] = world.asked
    assert (request.model, request.max_tokens) == (model, titles.MAX_TOKENS)
    assert len(request.turns[-1].content) < 2 * titles.EXCERPT + 100


@pytest.mark.parametrize("says", [ModelOverloaded(), "", "  \n"])
async def test_a_model_that_has_no_name_for_it_leaves_it_to_the_rule(says: str | TokenlineError) -> None:
    world = World()
    world.says = says
    assert (await world.named(HEADED, by="agent")).title == "Height of Mont Blanc"


async def test_a_model_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(titles, "LIMIT_S", 0.01)
    world = World()
    world.says = None
    assert (await world.named(HEADED, by="agent")).title == "Height of Mont Blanc"


async def test_what_its_user_has_named_or_nobody_sees_in_a_list_is_not_asked_about() -> None:
    mine = World(title="Mine", title_from=TitleSource.USER)
    assert await mine.named(HEADED, by="agent") == mine.conversation
    assert (mine.conversation.title, mine.told, mine.asked) == ("Mine", [], [])
    programs = World(archived=True)
    await programs.named("4,806 metres.", by="agent")
    assert programs.asked == []


async def test_a_user_who_names_it_meanwhile_is_faster() -> None:
    world = World()

    def rename() -> None:
        world.conversation = replace(world.conversation, title="Mine", title_from=TitleSource.USER)

    world.meanwhile = rename
    await world.named(HEADED, by="agent")
    assert len(world.asked) == 1
    assert (world.conversation.title, world.told) == ("Mine", [])
