"""Uploads that are not finished."""

from typing import Protocol

from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.contracts.uploads import Upload


class UploadStore(Protocol):
    async def add_upload(self, upload: Upload, most: int) -> bool:
        """False, with nothing added: its owner has ``most`` of them already.

        Of several at once fewer than allowed may be added, never more.
        """
        ...

    async def get_upload(self, upload_id: AttachmentId) -> Upload | None: ...

    async def replace_upload(self, upload: Upload) -> bool:
        """Compare-and-set on ``version`` as for tickets: false when another was faster, or it is gone."""
        ...

    async def delete_upload(self, upload_id: AttachmentId) -> bool:
        """False: there was none."""
        ...

    async def owned_uploads(self, owner: UserId, limit: int) -> list[Upload]:
        """Any of them."""
        ...

    async def expired_uploads(self, now: float, limit: int) -> list[Upload]:
        """The longest expired first."""
        ...
