"""Temporary conversations: kept while somebody has them before them, then deleted with all that belongs to them."""

from collections import Counter

import structlog

from services.gateway.resumable import Resumable
from services.gateway.uploads import Uploads
from tokenline.contracts.chat import Conversation
from tokenline.contracts.errors import TokenlineError
from tokenline.contracts.events import ConversationChanged
from tokenline.contracts.ids import ConversationId
from tokenline.core.ledger import Ledger
from tokenline.core.ports.store import Store
from tokenline.runtime.announcer import Announcer
from tokenline.runtime.line import Line

log = structlog.get_logger()

RENEW_S = 30.0
HELD_S = 5 * RENEW_S
"""What a renewal is good for: if this gateway dies, its clients have the time to come back at another one."""
GRACE_S = 60.0
"""For a reload, or a way out of a tunnel."""
BATCH = 100


class Temporary:
    """A socket holds the conversation it follows. Other gateways renew theirs by themselves, so whoever leaves may
    shorten the time without asking: it is put right within `RENEW_S`, half of `GRACE_S`."""

    def __init__(
        self, store: Store, line: Line, ledger: Ledger, uploads: Uploads, resumable: Resumable, announcer: Announcer
    ) -> None:
        self._store = store
        self._line = line
        self._ledger = ledger
        self._uploads = uploads
        self._resumable = resumable
        self._announcer = announcer
        self._held: Counter[ConversationId] = Counter()

    async def hold(self, conversation_id: ConversationId) -> None:
        self._held[conversation_id] += 1
        await self._store.keep_temporary(conversation_id, HELD_S)

    async def let_go(self, conversation_id: ConversationId) -> None:
        self._held[conversation_id] -= 1
        if self._held[conversation_id] <= 0:
            del self._held[conversation_id]
            await self._store.keep_temporary(conversation_id, GRACE_S)

    async def renew(self) -> None:
        """Run it every `RENEW_S`."""
        for conversation_id in list(self._held):
            await self._store.keep_temporary(conversation_id, HELD_S)

    async def sweep(self) -> None:
        """Delete those whose time is over; one with a live question when that has been stopped. For the keeper."""
        for conversation in await self._store.expired_conversations(BATCH):
            try:
                await self._delete(conversation)
            except TokenlineError as error:
                # Ingest may be away. It is tried again at the next sweep, and holds up no other one.
                log.warning("temporary.undeleted", conversation_id=conversation.id, reason=error.code)

    async def _delete(self, conversation: Conversation) -> None:
        live = self._ledger.of_conversation(conversation.owner_id, conversation.id)
        for entry in live:
            ticket = await self._store.get_ticket(entry.ticket_id)
            if ticket is not None:
                await self._line.stop(ticket)
        if not live:
            await self._resumable.forget_conversation(conversation.owner_id, conversation.id)
            await self._uploads.purge_conversation(conversation.id)
            self._announcer.announce(ConversationChanged(conversation=conversation, deleted=True))
