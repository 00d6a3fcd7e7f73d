"""Drafts of what a store keeps, with every field that a test does not care about filled in."""

import itertools
import secrets
from typing import Any

from msgspec.structs import replace

from tokenline.contracts.accounts import User
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.chat import Conversation, Message, MessageStatus
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.uploads import Upload
from tokenline.core.clock import Clock, new_id
from tokenline.core.ports.store import Accepted, Store

_numbers = itertools.count(secrets.randbits(70))


def an_id(clock: Clock) -> str:
    """Rising within a process even while the clock stands still, and different from those of every other process."""
    return new_id(clock.now(), next(_numbers))


def a_conversation(clock: Clock, owner: str = "ann", **changes: Any) -> Conversation:
    now = clock.now()
    draft = Conversation(
        id=an_id(clock), owner_id=owner, agent_id="assistant", title="", created_at=now, updated_at=now
    )
    return replace(draft, **changes)


def a_ticket(clock: Clock, conversation: Conversation, **changes: Any) -> Ticket:
    draft = Ticket(
        id=an_id(clock),
        conversation_id=conversation.id,
        owner_id=conversation.owner_id,
        agent_id=conversation.agent_id,
        pool="default",
        question_id=an_id(clock),
        answer_id=an_id(clock),
        priority=4,
        created_at=clock.now(),
        deadline_at=clock.now() + 600,
    )
    return replace(draft, **changes)


def a_question(clock: Clock, ticket: Ticket, **changes: Any) -> Message:
    draft = Message(
        id=ticket.question_id,
        conversation_id=ticket.conversation_id,
        owner_id=ticket.owner_id,
        role="user",
        content="What is a ticket?",
        status=MessageStatus.SENT,
        ticket_id=ticket.id,
        created_at=clock.now(),
    )
    return replace(draft, **changes)


def an_answer(clock: Clock, ticket: Ticket, **changes: Any) -> Message:
    draft = Message(
        id=ticket.answer_id,
        conversation_id=ticket.conversation_id,
        owner_id=ticket.owner_id,
        role="assistant",
        content="A place in the line.",
        status=MessageStatus.COMPLETE,
        parent_id=ticket.question_id,
        ticket_id=ticket.id,
        created_at=clock.now(),
    )
    return replace(draft, **changes)


def an_upload(clock: Clock, owner: str = "ann", **changes: Any) -> Upload:
    draft = Upload(
        id=an_id(clock),
        owner_id=owner,
        conversation_id=None,
        name="report.pdf",
        size_bytes=10,
        metadata="filename cmVwb3J0LnBkZg==",
        created_at=clock.now(),
        expires_at=clock.now() + 60,
    )
    return replace(draft, **changes)


def an_attachment(clock: Clock, owner: str = "ann", **changes: Any) -> Attachment:
    draft = Attachment(
        id=an_id(clock),
        owner_id=owner,
        conversation_id=None,
        name="notes.txt",
        size_bytes=12,
        mime_type="text/plain",
        state=AttachmentState.INDEXED,
        created_at=clock.now(),
    )
    return replace(draft, **changes)


def a_user(clock: Clock, email: str = "ann@example.org", **changes: Any) -> User:
    return replace(User(id=an_id(clock), email=email, password_hash="$argon2id$", created_at=clock.now()), **changes)


async def ask(
    store: Store,
    clock: Clock,
    conversation: Conversation | None = None,
    *,
    owner: str = "ann",
    client_message_id: str | None = None,
    attachment_ids: tuple[str, ...] = (),
    user_limit: int = 2,
    pool_limit: int = 1000,
    **ticket_changes: Any,
) -> Accepted:
    """Have one question accepted, in a conversation of its own unless one is given."""
    conversation = conversation or a_conversation(clock, owner)
    ticket = a_ticket(clock, conversation, **ticket_changes)
    question = a_question(clock, ticket, client_message_id=client_message_id, attachment_ids=attachment_ids)
    return await store.accept(
        ticket, question, conversation, user_limit=user_limit, pool_limit=pool_limit, now=clock.now()
    )
