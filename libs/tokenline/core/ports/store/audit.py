"""What administrators did."""

from typing import Protocol

from tokenline.contracts.admin import AuditEntry
from tokenline.core.ports.store.paging import Page


class AuditPage(Page):
    items: tuple[AuditEntry, ...]


class AuditStore(Protocol):
    async def add_audit(self, entry: AuditEntry) -> None: ...

    async def close_audit(self, entry_id: str, outcome: str) -> None:
        """Write down how an action ended."""
        ...

    async def audit(self, *, cursor: str | None = None, limit: int = 50) -> AuditPage:
        """Latest first. Raises `BadRequest` on a cursor that is not ours."""
        ...
