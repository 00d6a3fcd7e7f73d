"""Removes stored files that nobody has: left by a process that ended between two writes, or by a restored store."""

from collections.abc import AsyncIterator

import structlog

from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.metrics import ORPHANS
from tokenline.core.file_keys import DERIVED, FILES
from tokenline.core.ports.files import Files
from tokenline.core.ports.store import Store
from tokenline.runtime.metrics import Metrics

log = structlog.get_logger()

EVERY_S = 3600.0
"""Between two passes: far longer than it takes from a file's last byte to its record."""
BATCH = 500
FEW = 20
"""So many orphans are believed in any case; beyond it, where most files are nobody's, it is the store that is wrong."""


class Orphans:
    """What two passes in a row find without a record is removed; in between a file may have been about to get one."""

    def __init__(self, store: Store, files: Files, metrics: Metrics) -> None:
        self._store = store
        self._files = files
        self._metrics = metrics
        self._suspects: set[str] = set()

    async def sweep(self) -> None:
        """Costs a listing, and a look-up for each 500 files. Raises `StoreUnavailable`; then the next pass goes on."""
        await self._files.tidy()
        kept, found = 0, set[str]()
        async for keys in self._batches():
            kept += len(keys)
            found |= await self._unknown(keys)
        if len(found) > max(FEW, kept // 2):
            log.error("files.most_are_nobodys", kept=kept, nobodys=len(found))
            return
        for key in sorted(found & self._suspects):
            # An upload that was broken off may have been finished since it was looked up.
            if not await self._unknown({key.rpartition("/")[2]: key}):
                continue
            await self._files.delete(key)
            self._metrics.add(ORPHANS)
            log.info("file.orphan_removed", key=key)
        self._suspects = found - self._suspects

    async def _batches(self) -> AsyncIterator[dict[AttachmentId, str]]:
        for folder in (FILES, *DERIVED):
            batch: dict[AttachmentId, str] = {}
            async for key in self._files.keys(folder):
                batch[key.rpartition("/")[2]] = key
                if len(batch) == BATCH:
                    yield batch
                    batch = {}
            yield batch

    async def _unknown(self, keys: dict[AttachmentId, str]) -> set[str]:
        known = {attachment.id for attachment in await self._store.attachments(list(keys))}
        return {key for attachment_id, key in keys.items() if attachment_id not in known}
