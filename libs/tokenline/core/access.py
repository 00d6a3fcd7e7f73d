"""The one ownership check: looking up and checking are one call, and a foreign thing answers as a missing one."""

from typing import Protocol, TypeVar

from tokenline.contracts.errors import NotFound
from tokenline.contracts.ids import UserId


class Owned(Protocol):
    @property
    def owner_id(self) -> UserId: ...


T = TypeVar("T", bound=Owned)


def owned_by(owner: UserId, thing: T | None) -> T:
    """Return ``thing`` if it exists and is the owner's; raise `NotFound` otherwise, the same either way."""
    if thing is None or thing.owner_id != owner:
        raise NotFound
    return thing
