"""A database of an older version gets the indexes that it lacks, beside those that it has."""

from pymongo import MongoClient

from tokenline.adapters.store_mongo import MongoStore
from tokenline.adapters.store_mongo.schema import VERSION
from tokenline.core.clock import SystemClock


async def opened(url: str) -> None:
    store = MongoStore(url, SystemClock())
    await store.open()
    await store.ping()
    await store.close()


async def test_only_the_missing_indexes_are_made(mongo_url: str):
    """FerretDB 1.24 falls over when it is asked for those that are there."""
    await opened(mongo_url)
    with MongoClient[dict[str, object]](mongo_url) as client:
        database = client.get_default_database()
        before = database["attachments"].index_information()
        database["attachments"].drop_index("unsent_since_1")
        database["schema"].update_one({"_id": "schema"}, {"$set": {"version": VERSION - 1}})
        await opened(mongo_url)
        assert database["attachments"].index_information() == before
        assert database["schema"].find_one({"_id": "schema"}) == {"_id": "schema", "version": VERSION}
