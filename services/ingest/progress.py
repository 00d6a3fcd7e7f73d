"""Where an attachment stands: written to the store, told to everybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace

from tokenline.contracts.attachments import Attachment, AttachmentState, ReadingProgress
from tokenline.contracts.events import AttachmentChanged
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.texts import ExtractedText
from tokenline.core.ports.store import AttachmentStore
from tokenline.core.texts import page_at
from tokenline.runtime.announcer import Announcer
from tokenline.runtime.supervisor import Supervisor

ENDED = frozenset({AttachmentState.INDEXED, AttachmentState.FAILED})


class Superseded(Exception):
    """The attachment was deleted or ended by somebody else: whoever reads it stops."""


TELL_S = 0.5
"""Between two words on how far a file is; what is read in less says nothing."""
EXTRACTING_SHARE = 0.5
"""Of all the work; the other half is embedding and writing."""


class Steps:
    """How far a file is: the latest only. The numbers may come from the sandbox, so they may be anything."""

    def __init__(self) -> None:
        self._latest: ReadingProgress | None = None

    def read(self, done: int, of: int) -> None:
        """So many pages are extracted."""
        if 0 < done <= of:
            self._latest = ReadingProgress(done=done, of=of, share=EXTRACTING_SHARE * done / of)

    def wrote(self, end: int, text: ExtractedText) -> None:
        """All passages up to this offset are in the index."""
        self._latest = ReadingProgress(
            done=page_at(text.page_starts, max(0, end - 1)) or 1,
            of=len(text.page_starts or (0,)),
            share=EXTRACTING_SHARE + (1 - EXTRACTING_SHARE) * end / max(1, len(text.text)),
        )

    def take(self) -> ReadingProgress | None:
        """Each step once."""
        latest, self._latest = self._latest, None
        return latest


class Progress:
    """States are written and told. How far a file is within a state is only told."""

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

    @asynccontextmanager
    async def steps(self, attachment_id: AttachmentId) -> AsyncIterator[Steps]:
        """Tells of the steps noted within, at most one each `TELL_S`."""
        steps = Steps()

        async def tell() -> None:
            step = steps.take()
            if step is None:
                return
            current = await self._store.get_attachment(attachment_id)
            if current is not None and current.state not in ENDED:
                await self.tell(replace(current, progress=step))

        async with Supervisor() as supervisor:
            supervisor.forever(f"progress {attachment_id}", tell, every_s=TELL_S)
            yield steps
