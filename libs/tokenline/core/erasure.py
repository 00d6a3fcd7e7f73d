"""Taking somebody's name out of what has to stay."""

import re
from typing import Any

from msgspec.structs import replace

from tokenline.contracts.accounts import Erasure
from tokenline.contracts.admin import AuditEntry

NOBODY = "deleted user"


def without_name(entry: AuditEntry, erased: Erasure) -> AuditEntry:
    """The entry with neither the id nor the e-mail address of the erased user in it."""
    return replace(
        entry,
        actor_id="" if entry.actor_id == erased.user_id else entry.actor_id,
        actor=_anonymous(entry.actor, erased),
        target=_anonymous(entry.target, erased),
        detail=_anonymous(entry.detail, erased),
    )


def _anonymous(value: Any, erased: Erasure) -> Any:
    if isinstance(value, dict):
        return {_anonymous(key, erased): _anonymous(item, erased) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_anonymous(item, erased) for item in value]
    if not isinstance(value, str):
        return value
    # Not a part of somebody else's address: “ann@example.org” stands in “joann@example.org”, too.
    whole = rf"(?<![\w.+-]){re.escape(erased.email)}(?![\w.-]*\w)"
    return re.sub(whole, NOBODY, value, flags=re.IGNORECASE).replace(erased.user_id, NOBODY)
