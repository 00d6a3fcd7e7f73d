"""The store at scale: a MongoDB server or replica set, shared by all processes of all machines."""

from tokenline.adapters.store_mongo.store import MongoStore

__all__ = ["MongoStore"]
