"""What the driver's exceptions mean to a caller."""

from pymongo.errors import PyMongoError

from tokenline.contracts.errors import StorageFull, StoreUnavailable

# OutOfDiskSpace, and an exhausted quota of the file system or the database.
_FULL = frozenset({14031, 12501})


def engine_failure(error: PyMongoError) -> type[StoreUnavailable]:
    """What to tell callers. What they did wrong themselves, such as a document too large, is no `PyMongoError`."""
    return StorageFull if getattr(error, "code", None) in _FULL else StoreUnavailable
