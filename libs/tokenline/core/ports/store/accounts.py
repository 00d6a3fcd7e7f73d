"""Users, and what opens their accounts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from tokenline.contracts.accounts import ApiKey, Identity, RefreshToken, User
from tokenline.contracts.base import Shape
from tokenline.contracts.ids import ApiKeyId, UserId


class Revoked(Shape):
    """``mark`` grows with every right that is changed or taken back. ``users`` are those concerned since an earlier
    mark; ``None``: anybody may be."""

    mark: int
    users: frozenset[UserId] | None


UserChange = Callable[[User], User]
"""From the user as stored to the user as wanted; the same object: nothing is to change. Pure, may be called again."""


class AccountStore(Protocol):
    async def create_user(self, user: User) -> None:
        """Raises `Conflict` when the e-mail address is taken."""
        ...

    async def get_user(self, user_id: UserId) -> User | None: ...

    async def get_users(self, user_ids: Sequence[UserId]) -> list[User]:
        """In the order asked for; missing ones are left out."""
        ...

    async def user_by_email(self, email: str) -> User | None: ...

    async def update_user(self, user: User) -> None:
        """Raises `Conflict` when the e-mail address is another user's."""
        ...

    async def change_user(self, user_id: UserId, change: UserChange) -> User | None:
        """As `update_user`, from what is stored at that moment: of changes made at the same time none is lost.

        Returns the user as they are then; ``None``: there is no such user.
        """
        ...

    async def has_admin(self, besides: UserId | None = None) -> bool:
        """Disabled ones count, unless somebody is looked for ``besides`` one."""
        ...

    async def add_refresh_token(self, token: RefreshToken) -> None:
        """A token added to a revoked family is revoked from the start. Forgets expired ones on the way."""
        ...

    async def spend_refresh_token(self, token_hash: str, now: float) -> RefreshToken | None:
        """Mark as spent and return it as it was before; ``None``: unknown or revoked."""
        ...

    async def revoke_refresh_family(self, family: str, user_id: UserId) -> None: ...

    async def refresh_family_is_live(self, family: str) -> bool:
        """False once it was revoked or its last token expired, and for an unknown one."""
        ...

    async def sign_ins(self, user_id: UserId) -> list[RefreshToken]:
        """The unspent token of each of the user's families that lives; the one issued last comes first."""
        ...

    async def revoke_refresh_families(self, user_id: UserId, *, except_family: str | None = None) -> None:
        """All of the user's families, but for that one."""
        ...

    async def identity(self, issuer: str, subject: str) -> Identity | None: ...

    async def put_identity(self, identity: Identity) -> None:
        """In place of what is known of this issuer and subject."""
        ...

    async def add_api_key(self, key: ApiKey) -> None: ...

    async def api_keys(self, user_id: UserId) -> list[ApiKey]:
        """Those not revoked, oldest first."""
        ...

    async def api_key_by_hash(self, key_hash: str) -> ApiKey | None:
        """Revoked ones answer as missing."""
        ...

    async def revoke_api_key(self, key_id: ApiKeyId, user_id: UserId, now: float) -> bool:
        """False when there is no such key of this user."""
        ...

    async def note_keys_used(self, used: Mapping[ApiKeyId, float]) -> None:
        """When these keys were last used. Never goes back; unknown ones are left out."""
        ...

    async def revoked_since(self, mark: int) -> Revoked:
        """Whose rights may have changed: users updated, families and keys revoked.

        Who reads a mark and then a right sees at least what had happened by that mark. Cheap: asked all the time.
        """
        ...
