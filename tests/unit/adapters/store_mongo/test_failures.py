import pytest
from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError, ServerSelectionTimeoutError

from tokenline.adapters.store_mongo.failures import engine_failure
from tokenline.contracts.errors import StorageFull, StoreUnavailable


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AutoReconnect("gone"), StoreUnavailable),
        (ServerSelectionTimeoutError("nobody"), StoreUnavailable),
        (OperationFailure("not allowed", 13), StoreUnavailable),
        (OperationFailure("no room", 14031), StorageFull),
        (OperationFailure("no room for you", 12501), StorageFull),
    ],
)
def test_what_the_driver_says_and_what_callers_hear(error: PyMongoError, kind: type[StoreUnavailable]) -> None:
    assert engine_failure(error) is kind
