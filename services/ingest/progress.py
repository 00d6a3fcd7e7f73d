"""Where an attachment stands: written to the store, told to everybody."""

from typing import Any

from msgspec.structs import replace

from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.events import AttachmentChanged
from tokenline.contracts.ids import AttachmentId
from tokenline.core.ports.store import AttachmentStore
from tokenline.runtime.announcer import Announcer

ENDED = frozenset({AttachmentState.INDEXED, AttachmentState.FAILED})


class Superseded(Exception):
    """The attachment was deleted or ended by somebody else: whoever reads it stops."""


class Progress:
    def __init__(self, store: AttachmentStore, announcer: Announcer) -> None:
        self._store = store
        self._announcer = announcer

    async def advance(self, attachment_id: AttachmentId, state: AttachmentState, **changes: Any) -> Attachment:
        """Write the new state on whatever else was changed meanwhile. Raises `Superseded`."""
        while True:
            current = await self._store.get_attachment(attachment_id)
            if current is None or current.state in ENDED:
                raise Superseded
            written = replace(current, state=state, version=current.version + 1, **changes)
            # Another version in between is the binding to a conversation: only one process reads a file at a time.
            if await self._store.replace_attachment(written):
                await self.tell(written)
                return written

    async def tell(self, attachment: Attachment) -> None:
        self._announcer.announce(AttachmentChanged(attachment=attachment))
