"""Uploaded files in a local folder, or in S3, GCS or Azure when given their URL."""

import asyncio
import re
import time
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import suppress
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store, from_url

from tokenline.contracts.errors import BadRequest, NotFound, StorageFull, StoreUnavailable

if TYPE_CHECKING:
    from obstore import GetOptions, ObjectMeta  # exist for type checkers only

CHUNK_BYTES = 256 * 1024
PART_BYTES = 5 * 1024 * 1024
"""The smallest part S3 takes; at most two are in memory per upload."""

UNFINISHED_S = 86_400.0
"""Nothing takes so long to arrive."""

_SORTED = (S3Store, GCSStore, AzureStore)
"""They list in alphabetical order. A folder does so in its own."""

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}(/[a-z0-9][a-z0-9._-]{0,127}){0,3}")


class ObstoreFiles:
    """``place`` is a folder or a URL (``s3://bucket/prefix``, ``gs://…``, ``az://…``).

    Credentials of a remote store come from its own customary variables. Keys are lower-case names joined by ``/``: any
    other spelling of a key finds nothing.
    """

    def __init__(self, place: str | Path) -> None:
        self._folder = None if isinstance(place, str) and "://" in place else Path(place).absolute()
        self._store = _open(place)

    async def put(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Raises `BadRequest` for a bad key, `StorageFull`, `StoreUnavailable`, and what ``chunks`` raises."""
        if not _is_safe(key):
            raise BadRequest("This is no name for a file.")
        source = _Counted(chunks)
        try:
            await obstore.put_async(self._store, key, source, chunk_size=PART_BYTES, max_concurrency=2)
        except (BaseError, OSError) as error:
            if error is source.failure:
                raise
            raise _unavailable(error) from error
        finally:
            source.abandon()
        return source.bytes

    async def get(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        try:
            found = await obstore.get_async(self._store, _safe(key), options=_part(start, end))
            async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)
        except FileNotFoundError as error:
            raise NotFound from error
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    async def keys(self, under: str) -> AsyncIterator[str]:
        try:
            async for found in obstore.list(self._store, _safe(under)):
                for one in found:
                    yield one["path"]
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    async def page(self, under: str, after: str | None, limit: int) -> list[str]:
        try:
            found = obstore.list(self._store, _safe(under), offset=None if after is None else _safe(after))
            if isinstance(self._store, _SORTED):
                return await _first(found, limit)
            return await _smallest(found, limit)
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    async def tidy(self) -> None:
        """In a folder. Remote stores have rules for uploads in parts that were never completed."""
        if self._folder is not None:
            await asyncio.to_thread(_remove_unfinished, self._folder, time.time() - UNFINISHED_S)

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, _safe(key))
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error


class _Counted:
    """Counts what passes, tells the source's own failure from the store's, and ends a step nobody waits for."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._step: asyncio.Task[object] | None = None
        self.bytes = 0
        self.failure: Exception | None = None

    def __aiter__(self) -> "_Counted":
        return self

    async def __anext__(self) -> bytes:
        self._step = asyncio.current_task()
        try:
            chunk = await anext(self._chunks)
        except Exception as error:
            self.failure = error
            raise
        self._step = None
        self.bytes += len(chunk)
        return chunk

    def abandon(self) -> None:
        # obstore runs each step in a task of its own and forgets it when it is cancelled itself.
        if self._step is not None:
            self._step.cancel()


def _remove_unfinished(folder: Path, before: float) -> None:
    """obstore writes ``name#1`` and gives it its name at the end. Blocks."""
    for path in folder.rglob("*#*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


async def _first(found: AsyncIterable[Sequence["ObjectMeta"]], limit: int) -> list[str]:
    keys: list[str] = []
    async for some in found:
        keys += [one["path"] for one in some]
        if len(keys) >= limit:
            break
    return keys[:limit]


async def _smallest(found: AsyncIterable[Sequence["ObjectMeta"]], limit: int) -> list[str]:
    """Looks at all, and has no more than twice ``limit`` of them in memory."""
    keys: list[str] = []
    async for some in found:
        keys += [one["path"] for one in some]
        if len(keys) > 2 * limit:
            keys = nsmallest(limit, keys)
    return nsmallest(limit, keys)


def _open(place: str | Path) -> ObjectStore:
    if isinstance(place, str) and "://" in place:
        return from_url(place)
    return LocalStore(Path(place).absolute(), mkdir=True, automatic_cleanup=True)


def _part(start: int, end: int | None) -> "GetOptions":
    if end is not None:
        return {"range": (start, end)}
    return {"range": {"offset": start}} if start else {}


def _is_safe(key: str) -> bool:
    return _KEY.fullmatch(key) is not None and ".." not in key


def _safe(key: str) -> str:
    if not _is_safe(key):
        raise NotFound
    return key


def _unavailable(error: Exception) -> StorageFull | StoreUnavailable:
    if "os error 28" in str(error):  # ENOSPC, which obstore knows only as text
        return StorageFull()
    return StoreUnavailable("The file store cannot be reached.")
