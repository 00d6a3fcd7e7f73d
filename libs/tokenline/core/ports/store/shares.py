"""Links to conversations. They go with their conversation."""

from typing import Protocol

from tokenline.contracts.ids import ConversationId, ShareId, UserId
from tokenline.contracts.shares import Share


class ShareStore(Protocol):
    async def add_share(self, share: Share) -> Share | None:
        """Or the one that there is for the same conversation down to the same message. ``None``: no such conversation.

        Two at once may make two.
        """
        ...

    async def get_share(self, share_id: ShareId) -> Share | None: ...

    async def share_by_token(self, token: str) -> Share | None: ...

    async def shares(self, owner: UserId, conversation_id: ConversationId | None = None) -> list[Share]:
        """Latest first."""
        ...

    async def delete_share(self, share_id: ShareId) -> None:
        """From then on its token is unknown everywhere."""
        ...
