"""Deleting an account with all that is its own, in steps that may be repeated."""

from typing import Protocol

from tokenline.contracts.accounts import Erasure
from tokenline.contracts.attachments import Attachment
from tokenline.contracts.ids import ConversationId, UserId


class ErasureStore(Protocol):
    async def begin_erasure(self, erasure: Erasure) -> bool:
        """Note what is to be done, and `close_account`. False: there is no such user.

        Raises `LastAdministrator` for the only one who is not disabled. Not safe against two administrators who do this
        at the same moment: hold a lease.
        """
        ...

    async def close_account(self, user_id: UserId) -> None:
        """Delete the user, their sign-ins, identities and API keys: nobody gets in, and the address is free.

        May be repeated.
        """
        ...

    async def erasures(self, limit: int) -> list[Erasure]:
        """Those that are not finished, the oldest first."""
        ...

    async def owned_attachments(self, owner: UserId, limit: int) -> list[Attachment]:
        """Any of them, in a conversation or not."""
        ...

    async def owned_conversations(self, owner: UserId, limit: int) -> list[ConversationId]: ...

    async def finish_erasure(self, erasure: Erasure) -> None:
        """Delete all that is left, and take the name out of the audit log; at last the note of `begin_erasure`.

        Conversations and attachments are the caller's to delete first.
        """
        ...
