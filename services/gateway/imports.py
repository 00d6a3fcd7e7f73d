"""Conversations on their way in. The whole document is judged before the first of it is written."""

import asyncio
from typing import Literal

import msgspec

from services.gateway.accept import MAX_QUESTION_BYTES
from tokenline.contracts.errors import BadRequest, NotFound, NotSignedIn
from tokenline.contracts.events import ConversationChanged
from tokenline.contracts.export import ExportedConversation, ImportedConversation, ImportReport, Moment
from tokenline.contracts.ids import UserId
from tokenline.core.export import Plan
from tokenline.core.ports.store import Store
from tokenline.runtime.agents import Agents
from tokenline.runtime.announcer import Announcer
from tokenline.runtime.auth.principal import Principal

MAX_CONTENT_BYTES = 8 * MAX_QUESTION_BYTES
"""Of a message: answers may be longer than questions."""
BATCH = 100


class _Outline(msgspec.Struct, forbid_unknown_fields=True):
    """`Export`, but for what is in its conversations."""

    format: Literal["tokenline.conversations"]
    version: Literal[1]
    exported_at: Moment
    conversations: list[msgspec.Raw]


_outline = msgspec.json.Decoder(_Outline)
_conversation = msgspec.json.Decoder(ExportedConversation)


class Imports:
    def __init__(self, store: Store, agents: Agents, announcer: Announcer) -> None:
        self._store = store
        self._agents = agents
        self._announcer = announcer

    async def take(self, asker: Principal, body: bytes) -> ImportReport:
        """Raises `BadRequest` with nothing written, and `NotSignedIn` when the account is deleted meanwhile.

        Cut off in between, or sent twice, it may be sent again: the same document makes the same conversations.
        """
        plans = await self._plans(asker, body)
        return ImportReport(items=tuple([await self._write(plan) for plan in plans]))

    async def _plans(self, asker: Principal, body: bytes) -> list[Plan]:
        try:
            outline = _outline.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequest(f"This is no export of Tokenline, or one of a newer version: {error}") from None
        plans = []
        for number, raw in enumerate(outline.conversations):
            # One at a time: others are served in between.
            await asyncio.sleep(0)
            plans.append(self._plan(asker, number, raw))
        return plans

    def _plan(self, asker: Principal, number: int, raw: msgspec.Raw) -> Plan:
        try:
            source = _conversation.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequest(f"Conversation {number} cannot be imported: {error}", conversation=number) from None
        if any(len(message.content.encode()) > MAX_CONTENT_BYTES for message in source.messages):
            raise BadRequest(f"Conversation {number} has a message that is too long.", conversation=number)
        known = {agent.id for agent in self._agents.all}
        agent_id = source.agent_id if source.agent_id in known else self._agents.default.id
        return Plan(source, asker.user_id, agent_id)

    async def _write(self, plan: Plan) -> ImportedConversation:
        conversation = plan.conversation
        stored = await self._store.get_conversation(conversation.id)
        known = stored is not None and (stored.leaf_id is not None or plan.leaf_id is None)
        if not known:
            await self._check_owner(conversation.owner_id)
            await self._store.create_conversation(conversation)
            for file in plan.files.values():
                await self._check_owner(file.owner_id)
                await self._store.add_attachment(file)
            for start in range(0, len(plan.messages), BATCH):
                if not await self._store.add_messages(conversation.id, plan.messages[start : start + BATCH]):
                    raise NotFound("The conversation was deleted while it was imported.")
            if plan.leaf_id is not None:
                stored = await self._store.switch_path(conversation.id, plan.leaf_id)
            self._announcer.announce(ConversationChanged(conversation=stored or conversation))
        return ImportedConversation(
            conversation_id=conversation.id,
            title=conversation.title,
            messages=len(plan.messages),
            known=known,
        )

    async def _check_owner(self, owner_id: UserId) -> None:
        """Before whatever is written, but for messages, which go where their conversation stands: a long import may
        outlast its account, which was searched for conversations and files already."""
        if await self._store.get_user(owner_id) is None:
            raise NotSignedIn
