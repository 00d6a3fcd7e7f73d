"""Where an attachment stands: written to the store, told to everybody."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from tokenline.contracts.attachments import Attachment, AttachmentState, ReadingProgress
from tokenline.contracts.events import AttachmentChanged
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.texts import ExtractedText
from tokenline.core.clock import Clock
from tokenline.core.ports.store import AttachmentStore
from tokenline.core.texts import page_at
from tokenline.runtime.announcer import Announcer

ENDED = frozenset({AttachmentState.INDEXED, AttachmentState.FAILED})


class Superseded(Exception):
    """The attachment was deleted or ended by somebody else: whoever reads it stops."""


TELL_S = 0.5
"""Between two words on how far a file is; what is read in less says nothing."""
EXTRACTING_SHARE = 0.5
"""Of all the work; the other half is embedding and writing."""


class Progress:
    """States are written and told. How far a file is within a state is only told, on what was written last."""

    def __init__(self, store: AttachmentStore, announcer: Announcer, clock: Clock) -> None:
        self._store = store
        self._announcer = announcer
        self._clock = clock
        self._written: dict[AttachmentId, tuple[Attachment, float]] = {}
        """With when it was last told of. Of files being read, so as many as are read at a time."""

    async def advance(self, attachment_id: AttachmentId, state: AttachmentState, **changes: Any) -> Attachment:
        """Write the new state on whatever else was changed meanwhile. Raises `Superseded`."""
        while True:
            current = await self._store.get_attachment(attachment_id)
            if current is None or current.state in ENDED:
                raise Superseded
            written = replace(current, state=state, version=current.version + 1, **changes)
            # Another version in between is the binding to a conversation: only one process reads a file at a time.
            if await self._store.replace_attachment(written):
                self._written[attachment_id] = (written, self._clock.monotonic())
                await self.tell(written)
                return written

    async def tell(self, attachment: Attachment) -> None:
        self._announcer.announce(AttachmentChanged(attachment=attachment))

    def reader(self, attachment_id: AttachmentId) -> Callable[[int, int], None]:
        """Hears how many pages of how many are read. The numbers come from the sandbox: anything."""

        def read(done: int, of: int) -> None:
            if 0 < done <= of:
                self._tell(attachment_id, ReadingProgress(done=done, of=of, share=EXTRACTING_SHARE * done / of))

        return read

    def wrote(self, attachment_id: AttachmentId, end: int, text: ExtractedText) -> None:
        """All passages up to this offset are in the index."""
        share = EXTRACTING_SHARE + (1 - EXTRACTING_SHARE) * end / max(1, len(text.text))
        done, of = page_at(text.page_starts, end - 1) or 1, len(text.page_starts or (0,))
        self._tell(attachment_id, ReadingProgress(done=done, of=of, share=share))

    def forget(self, attachment_id: AttachmentId) -> None:
        self._written.pop(attachment_id, None)

    def _tell(self, attachment_id: AttachmentId, progress: ReadingProgress) -> None:
        attachment, told = self._written[attachment_id]
        now = self._clock.monotonic()
        if now - told >= TELL_S:
            self._written[attachment_id] = (attachment, now)
            self._announcer.announce(AttachmentChanged(attachment=replace(attachment, progress=progress)))
