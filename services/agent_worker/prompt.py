"""What the model is asked: instructions, passages from the files, and as much history as the budget allows."""

import asyncio
from collections.abc import Sequence
from typing import Any

from services.agent_worker.context import BYTES_PER_TOKEN, affordable, recent
from services.agent_worker.pictures import BLIND, Gallery, Said, Shown, pictures_of
from tokenline.contracts.agents import Agent
from tokenline.contracts.attachments import Attachment, AttachmentState, Passage, SearchRequest
from tokenline.contracts.base import Shape, to_json
from tokenline.contracts.chat import Message, MessageStatus, UnreadFile
from tokenline.contracts.errors import NotFound, SearchUnavailable
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.tickets import Ticket
from tokenline.core.passages import UNSEARCHABLE, render, render_unread
from tokenline.core.ports.model import ChatTurn, ModelRequest
from tokenline.core.ports.search import Search
from tokenline.core.ports.store import Asked, Store

HISTORY_MESSAGES = 1000
"""As many are read at most, however short they are."""

LENGTHS = frozenset({"max_tokens", "max_completion_tokens"})
PASSAGES = 5


class Prompt(Shape):
    request: ModelRequest
    question: Message
    passages: tuple[Passage, ...]
    unread: tuple[UnreadFile, ...] = ()
    """Of the question's own files."""


async def build_prompt(
    store: Store, search: Search, gallery: Gallery, agent: Agent, ticket: Ticket, asked: Asked | None = None
) -> Prompt:
    """``asked``: if it has been read already. Raises `NotFound` when the question was deleted meanwhile."""
    question, attached = await _asked(store, ticket) if asked is None else (asked.question, asked.attachments)
    if question is None:
        raise NotFound("The question was deleted.")
    whole = agent.context_tokens * BYTES_PER_TOKEN
    if attached:
        files, history = await asyncio.gather(_from_files(attached, search, question), _history(store, question, whole))
    else:
        files, history = NO_FILES, await _history(store, question, whole)
    shown = await _shown(gallery, agent, history, files.pictures, whole)
    passages = affordable(files.passages, whole)
    notes = (*files.notes, *map(render_unread, shown.unseen))
    system = "\n\n".join([agent.system_prompt, *notes, *([render(passages)] if passages else [])])
    options = bounded(question.options, agent)
    said = recent([ChatTurn(role="system", content=system), *shown.turns], whole - len(to_json(options)))
    limit = None if options.keys() & LENGTHS else agent.max_tokens
    request = ModelRequest(
        model=agent.model, turns=tuple(said), temperature=agent.temperature, max_tokens=limit, extra=options
    )
    return Prompt(request=request, question=question, passages=passages, unread=files.unread)


async def _asked(store: Store, ticket: Ticket) -> tuple[Message | None, Sequence[Attachment]]:
    # At once: one hand-over to the store's thread and back.
    return await asyncio.gather(store.get_message(ticket.question_id), store.attachments_of(ticket.conversation_id))


async def _shown(
    gallery: Gallery, agent: Agent, said: list[Said], pictures: dict[AttachmentId, Attachment], budget: int
) -> Shown:
    if pictures and agent.sees:
        return await gallery.show(said, pictures, budget)
    unseen = [UnreadFile(name=picture.name, reason=BLIND) for picture in pictures.values()]
    return Shown([turn for turn, _ in said], unseen)


def bounded(options: dict[str, Any], agent: Agent) -> dict[str, Any]:
    """What the caller chose, no longer an answer than the agent allows."""
    if agent.max_tokens is None:
        return options
    return {name: min(value, agent.max_tokens) if name in LENGTHS else value for name, value in options.items()}


async def _history(store: Store, question: Message, budget: int) -> list[Said]:
    """What was said on the path to the question and with it, oldest first: as much of its end as may fit."""
    asked = Said(ChatTurn(role="user", content=question.content), question.attachment_ids)
    if question.context:
        earlier = {file_id for turn in question.context for file_id in turn.pictures}
        brought = [
            Said(
                ChatTurn(
                    role=turn.role, content=turn.content, tool_calls=turn.tool_calls, tool_call_id=turn.tool_call_id
                ),
                turn.pictures,
            )
            for turn in question.context
        ]
        own = tuple(file_id for file_id in asked.files if file_id not in earlier)
        return brought if question.after_tools else [*brought, asked._replace(files=own)]
    if question.branch_id and question.depth == 0:
        return [asked]  # it begins the path
    # No more is read than what fills the budget: a conversation may have 5,000 messages of 100 KB.
    page = await store.path(question.conversation_id, to=question, limit=HISTORY_MESSAGES, characters=budget)
    before = [message for message in page.items if message.id != question.id and not _unsaid(message)]
    said = [Said(ChatTurn(role=message.role, content=message.content), message.attachment_ids) for message in before]
    return [*said, asked]


def _unsaid(message: Message) -> bool:
    """Who withdraws a question does not expect a model to read it; and calls of tools are nothing without results."""
    return (message.role == "user" and message.status is MessageStatus.CANCELLED) or not message.content


class _Files(Shape):
    passages: tuple[Passage, ...]
    notes: tuple[str, ...]
    """For the model: files that could not be used."""
    unread: tuple[UnreadFile, ...]
    pictures: dict[AttachmentId, Attachment]


NO_FILES = _Files(passages=(), notes=(), unread=(), pictures={})


async def _from_files(files: Sequence[Attachment], search: Search, question: Message) -> _Files:
    """Passages that bear on the question or else open the files, and what could not be used.

    A file that could not be read is no hindrance to the others.
    """
    failed = {file.id: _unread(file) for file in files if file.state is AttachmentState.FAILED}
    notes = tuple(map(render_unread, failed.values()))
    unread = tuple(failed[file_id] for file_id in question.attachment_ids if file_id in failed)
    pictures = pictures_of(files)
    if not any(file.state is AttachmentState.INDEXED and file.id not in pictures for file in files):
        return _Files(passages=(), notes=notes, unread=unread, pictures=pictures)
    request = SearchRequest(
        owner_id=question.owner_id,
        conversation_id=question.conversation_id,
        query=question.content,
        top_k=PASSAGES,
        opening=True,
    )
    try:
        found = await search.passages(request)
    except SearchUnavailable:
        return _Files(passages=(), notes=(*notes, UNSEARCHABLE), unread=unread, pictures=pictures)
    return _Files(passages=found, notes=notes, unread=unread, pictures=pictures)


def _unread(file: Attachment) -> UnreadFile:
    return UnreadFile(name=file.name, reason=file.error.message if file.error else "The reason is unknown.")
