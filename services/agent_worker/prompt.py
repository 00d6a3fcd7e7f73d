"""What the model is asked: instructions, passages from the files, and as much history as the budget allows."""

import asyncio

from tokenline.contracts.agents import Agent
from tokenline.contracts.attachments import AttachmentState, Passage, SearchRequest
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import Message, MessageStatus
from tokenline.contracts.errors import NotFound, SearchUnavailable
from tokenline.contracts.tickets import Ticket
from tokenline.core.passages import UNSEARCHABLE, UnreadFile, render, render_unread
from tokenline.core.ports.model import ChatTurn, ModelRequest
from tokenline.core.ports.search import Search
from tokenline.core.ports.store import Store

CHARACTERS_PER_TOKEN = 4
"""OpenAI's rule of thumb for English; good enough to stay inside a budget with a margin."""

HISTORY_MESSAGES = 100
PASSAGES = 5


class Prompt(Shape):
    request: ModelRequest
    question: Message
    passages: tuple[Passage, ...]


async def build_prompt(store: Store, search: Search, agent: Agent, ticket: Ticket) -> Prompt:
    """Raises `NotFound` when the question was deleted meanwhile."""
    question = await store.get_message(ticket.question_id)
    if question is None:
        raise NotFound("The question was deleted.")
    (passages, notes), history = await asyncio.gather(_from_files(store, search, question), _history(store, question))
    system = "\n\n".join([agent.system_prompt, *notes, *([render(passages)] if passages else [])])
    budget = agent.context_tokens * CHARACTERS_PER_TOKEN - len(system)
    turns = (ChatTurn(role="system", content=system), *cut(history, budget))
    request = ModelRequest(model=agent.model, turns=turns, temperature=agent.temperature, max_tokens=agent.max_tokens)
    return Prompt(request=request, question=question, passages=passages)


async def _history(store: Store, question: Message) -> list[ChatTurn]:
    """What was said up to and with the question, oldest first."""
    asked = ChatTurn(role="user", content=question.content)
    if question.context:
        return [*(ChatTurn(role=turn.role, content=turn.content) for turn in question.context), asked]
    page = await store.messages(question.conversation_id, limit=HISTORY_MESSAGES)
    before = [message for message in page.items if message.seq < question.seq and not _withdrawn(message)]
    return [*(ChatTurn(role=message.role, content=message.content) for message in before), asked]


def _withdrawn(message: Message) -> bool:
    """Who withdraws a question does not expect a model to read it."""
    return message.role == "user" and message.status is MessageStatus.CANCELLED


def cut(turns: list[ChatTurn], budget: int) -> list[ChatTurn]:
    """The newest turns that fit into ``budget`` characters, in order; the last one always."""
    kept: list[ChatTurn] = []
    for turn in reversed(turns):
        budget -= len(turn.content)
        if kept and budget < 0:
            break
        kept.append(turn)
    return kept[::-1]


async def _from_files(store: Store, search: Search, question: Message) -> tuple[tuple[Passage, ...], list[str]]:
    """Passages that bear on the question or else open the files, and notes on files that could not be used."""
    files = await store.attachments_of(question.conversation_id)
    notes = [
        render_unread(UnreadFile(name=file.name, reason=file.error.message if file.error else "The reason is unknown."))
        for file in files
        if file.state is AttachmentState.FAILED
    ]
    if not any(file.state is AttachmentState.INDEXED for file in files):
        return (), notes
    request = SearchRequest(
        owner_id=question.owner_id,
        conversation_id=question.conversation_id,
        query=question.content,
        top_k=PASSAGES,
        opening=True,
    )
    try:
        return await search.passages(request), notes
    except SearchUnavailable:
        return (), [*notes, UNSEARCHABLE]
