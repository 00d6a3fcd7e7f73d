"""C4, C8: a model is sent the path to its question, and no more of it is read than its budget has room for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from services.agent_worker.prompt import build_prompt
from tests.support.drafts import a_conversation, a_question, a_ticket, an_answer, an_id
from tests.support.in_process.processes import NO_PICTURES
from tokenline.adapters.search_http import IngestSearch
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.agents import Agent
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import MessageId
from tokenline.contracts.tickets import Ticket, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import MessagePage

AGENT = Agent(id="assistant", name="Assistant", model="m", system_prompt="Be brief.", context_tokens=1000)
BUDGET = 4 * AGENT.context_tokens


class Counting(SqliteStore):
    """Keeps the pages of messages that it has read."""

    def __init__(self, path: Path, clock: ManualClock) -> None:
        super().__init__(path, clock)
        self.pages: list[MessagePage] = []

    async def path(
        self,
        conversation_id: str,
        *,
        to: Message | None = None,
        cursor: str | None = None,
        limit: int = 50,
        characters: int | None = None,
    ) -> MessagePage:
        page = await super().path(conversation_id, to=to, cursor=cursor, limit=limit, characters=characters)
        self.pages.append(page)
        return page


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Counting]:
    store = Counting(tmp_path / "store.db", clock)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def search() -> AsyncIterator[IngestSearch]:
    search = IngestSearch("http://127.0.0.1:9", "")
    yield search
    await search.close()


async def ask(
    store: Counting, clock: ManualClock, conversation: Conversation, text: str, instead_of: MessageId | None = None
) -> Ticket:
    clock.advance(1)
    ticket = a_ticket(clock, conversation)
    question = a_question(clock, ticket, content=text)
    accepted = await store.accept(
        ticket, question, conversation, user_limit=9, pool_limit=99, now=clock.now(), instead_of=instead_of
    )
    return accepted.ticket


async def finish(store: Counting, clock: ManualClock, ticket: Ticket, text: str) -> None:
    running = moves.claim(ticket, worker="w", incarnation="i", now=clock.now())
    assert await store.replace_ticket(running)
    done = moves.complete(running, usage=Usage(), now=clock.now())
    assert await store.replace_ticket(done, an_answer(clock, running, content=text))


async def test_a_question_is_sent_with_its_own_branch_and_with_answers_that_came_after_it_was_asked(
    store: Counting, search: IngestSearch, clock: ManualClock
) -> None:
    conversation = a_conversation(clock)
    first = await ask(store, clock, conversation, "one")
    waiting = await ask(store, clock, conversation, "two")
    await finish(store, clock, first, "one!")
    beside = await ask(store, clock, conversation, "deux", waiting.question_id)
    again = await ask(store, clock, conversation, "uno", first.question_id)

    async def said(ticket: Ticket) -> list[str]:
        prompt = await build_prompt(store, search, NO_PICTURES, AGENT, ticket)
        return [turn.content for turn in prompt.request.turns[1:]]

    assert await said(waiting) == ["one", "one!", "two"]
    assert await said(beside) == ["one", "one!", "deux"]
    store.pages.clear()
    assert await said(again) == ["uno"]
    assert store.pages == []  # it begins its path: there is nothing to read


async def test_a_long_conversation_is_read_from_its_end_until_the_budget_is_full(
    store: Counting, search: IngestSearch, clock: ManualClock
) -> None:
    conversation = a_conversation(clock)
    await store.create_conversation(conversation)
    made: list[Message] = []
    for n in range(400):
        draft = (an_answer if n % 2 else a_question)(clock, a_ticket(clock, conversation), content=f"{n:5}" + "x" * 995)
        message = replace(draft, id=an_id(clock), ticket_id=None, parent_id=made[-1].id if made else None)
        made.append(message)
    assert await store.add_messages(conversation.id, made)
    assert await store.switch_path(conversation.id, made[-1].id)
    ticket = await ask(store, clock, conversation, "Why?")

    prompt = await build_prompt(store, search, NO_PICTURES, AGENT, ticket)
    said = [turn.content.strip()[:3] for turn in prompt.request.turns]
    assert said == ["Be ", "397", "398", "399", "Why"]
    [page] = store.pages
    read = sum(len(message.content) for message in page.items)
    # The message that passes the budget is the last to be read.
    assert BUDGET <= read < BUDGET + 1000
