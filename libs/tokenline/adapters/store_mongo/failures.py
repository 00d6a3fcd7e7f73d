"""What the driver's exceptions mean to a caller."""

from pymongo.errors import PyMongoError

from tokenline.contracts.errors import StorageFull, StoreUnavailable

# OutOfDiskSpace, and an exhausted quota of the file system or the database.
_FULL = frozenset({14031, 12501})
# Unauthorized, AuthenticationFailed.
_REFUSED = frozenset({13, 18})


def engine_failure(error: PyMongoError) -> type[StoreUnavailable]:
    """What to tell callers. What they did wrong themselves, such as a document too large, is no `PyMongoError`."""
    return StorageFull if getattr(error, "code", None) in _FULL else StoreUnavailable


def refuses_us(error: BaseException | None) -> bool:
    """Whether the server is well and the credentials are at fault."""
    return isinstance(error, PyMongoError) and getattr(error, "code", None) in _REFUSED
