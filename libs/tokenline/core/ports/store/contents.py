"""Which files hold the same, so that it need not be read twice."""

from typing import Protocol

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.ids import AttachmentId, UserId


class ContentStore(Protocol):
    async def note_content(self, attachment_id: AttachmentId, content: str) -> None:
        """``content`` stands for all that its reading depends on. Changes no attachment's ``version``."""
        ...

    async def same_content(self, owner: UserId, content: str, index_no: int) -> Attachment | None:
        """The newest `indexed` file of this owner with that note, in the index of this number or a later one."""
        ...
