"""The audit log: what was meant is written first, how it ended afterwards."""

import pytest
from msgspec.structs import replace

from tests.support.drafts import an_id
from tokenline.contracts.admin import AuditAction, AuditEntry
from tokenline.contracts.errors import BadRequest
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


def an_entry(clock: ManualClock) -> AuditEntry:
    return AuditEntry(
        id=an_id(clock), at=clock.now(), actor_id="a", actor="ann@example.org", action=AuditAction.BUMP, target="t"
    )


async def test_entries_come_latest_first_in_pages(store: Store, clock: ManualClock):
    entries = [an_entry(clock) for _ in range(5)]
    for entry in entries:
        await store.add_audit(entry)
    page = await store.audit(limit=3)
    rest = await store.audit(limit=3, cursor=page.next)
    assert [*page.items, *rest.items] == entries[::-1]
    assert rest.next is None
    with pytest.raises(BadRequest):
        await store.audit(cursor="nonsense")


async def test_an_entry_is_closed_with_its_outcome(store: Store, clock: ManualClock):
    entry = an_entry(clock)
    await store.add_audit(entry)
    await store.close_audit("unknown", "done")
    await store.close_audit(entry.id, "done")
    assert (await store.audit()).items == (replace(entry, outcome="done"),)
