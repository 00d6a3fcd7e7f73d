"""What the model is asked: instructions, passages from the files, and as much history as the budget allows."""

import asyncio
from typing import Any

from tokenline.contracts.agents import Agent
from tokenline.contracts.attachments import AttachmentKind, AttachmentState, Passage, SearchRequest
from tokenline.contracts.base import Shape, to_json
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
LENGTHS = frozenset({"max_tokens", "max_completion_tokens"})
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
    options = bounded(question.options, agent)
    budget = agent.context_tokens * CHARACTERS_PER_TOKEN - len(system) - len(to_json(options))
    turns = (ChatTurn(role="system", content=system), *cut(history, budget))
    limit = None if options.keys() & LENGTHS else agent.max_tokens
    request = ModelRequest(
        model=agent.model, turns=turns, temperature=agent.temperature, max_tokens=limit, extra=options
    )
    return Prompt(request=request, question=question, passages=passages)


def bounded(options: dict[str, Any], agent: Agent) -> dict[str, Any]:
    """What the caller chose, no longer an answer than the agent allows."""
    if agent.max_tokens is None:
        return options
    return {name: min(value, agent.max_tokens) if name in LENGTHS else value for name, value in options.items()}


async def _history(store: Store, question: Message) -> list[ChatTurn]:
    """What was said up to and with the question, oldest first."""
    asked = ChatTurn(role="user", content=question.content)
    if question.context:
        brought = [
            ChatTurn(role=turn.role, content=turn.content, tool_calls=turn.tool_calls, tool_call_id=turn.tool_call_id)
            for turn in question.context
        ]
        return brought if question.after_tools else [*brought, asked]
    page = await store.messages(question.conversation_id, limit=HISTORY_MESSAGES)
    before = [message for message in page.items if message.seq < question.seq and not _unsaid(message)]
    return [*(ChatTurn(role=message.role, content=message.content) for message in before), asked]


def _unsaid(message: Message) -> bool:
    """Who withdraws a question does not expect a model to read it; and calls of tools are nothing without results."""
    return (message.role == "user" and message.status is MessageStatus.CANCELLED) or not message.content


def cut(turns: list[ChatTurn], budget: int) -> list[ChatTurn]:
    """The newest turns that fit into ``budget`` characters, in order; instructions and the last one always.

    Tool calls go with their results: models refuse the ones without the others.
    """
    groups = _groups(turns)
    budget -= sum(_length(group) for group in groups if _instructs(group))
    kept: list[list[ChatTurn]] = []
    some, full = False, False
    for group in reversed(groups):
        if not _instructs(group):
            budget -= _length(group)
            full = full or (some and budget < 0)
            if full:
                continue
            some = True
        kept.append(group)
    return [turn for group in reversed(kept) for turn in group]


def _groups(turns: list[ChatTurn]) -> list[list[ChatTurn]]:
    groups: list[list[ChatTurn]] = []
    for turn in turns:
        if turn.role == "tool" and groups:
            groups[-1].append(turn)
        else:
            groups.append([turn])
    return groups


def _instructs(group: list[ChatTurn]) -> bool:
    return group[0].role == "system"


def _length(group: list[ChatTurn]) -> int:
    return sum(
        len(turn.content) + sum(len(call.name) + len(call.arguments) for call in turn.tool_calls) for turn in group
    )


async def _from_files(store: Store, search: Search, question: Message) -> tuple[tuple[Passage, ...], list[str]]:
    """Passages that bear on the question or else open the files, and notes on files that could not be used."""
    files = await store.attachments_of(question.conversation_id)
    notes = [
        render_unread(UnreadFile(name=file.name, reason=file.error.message if file.error else "The reason is unknown."))
        for file in files
        if file.state is AttachmentState.FAILED
    ] + [
        render_unread(UnreadFile(name=file.name, reason="It is a picture, and only text can be searched."))
        for file in files
        if file.state is AttachmentState.INDEXED and file.kind is AttachmentKind.IMAGE
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
