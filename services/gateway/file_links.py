"""Links by which a file is downloaded without signing in: signed, for a day, and nowhere kept."""

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import NotFound, NotSignedIn, TokenExpired
from tokenline.contracts.files import FileLink
from tokenline.core.clock import Clock
from tokenline.core.ports.store import Store
from tokenline.runtime.auth.tokens import Tokens

PATH = "/api/public/files"
FOR_S = 24 * 3600


class FileLinks:
    def __init__(self, store: Store, tokens: Tokens, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock

    def make(self, attachment: Attachment) -> FileLink:
        """The link names the file and its end, and nobody."""
        expires_at = int(self._clock.now()) + FOR_S
        token = self._tokens.note("file-link", FOR_S, file=attachment.id)
        return FileLink(url=f"{PATH}/{token}", expires_at=expires_at)

    async def open(self, token: str) -> Attachment:
        """For anybody. Raises `NotFound`, the same for each: it is not ours, is over, or its file or owner is gone."""
        try:
            note = self._tokens.read_note(token, "file-link")
        except (NotSignedIn, TokenExpired):
            raise _Nowhere from None
        attachment = await self._store.get_attachment(note["file"])
        owner = None if attachment is None else await self._store.get_user(attachment.owner_id)
        if attachment is None or owner is None or owner.disabled:
            raise _Nowhere
        return attachment


class _Nowhere(NotFound):
    default_message = "This link leads to no file, or does so no longer. Ask for a new one."
