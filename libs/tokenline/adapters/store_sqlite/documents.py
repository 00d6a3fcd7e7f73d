"""Structs as JSON documents in rows."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

from tokenline.contracts.base import Shape, to_json

T = TypeVar("T", bound=Shape)

Parameters = Sequence[object]


def encode(value: Shape) -> str:
    return to_json(value).decode()


class Documents(Generic[T]):
    """Reads the ``doc`` column of a query back into one kind of Struct."""

    def __init__(self, kind: type[T]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode

    def one(self, connection: sqlite3.Connection, sql: str, parameters: Parameters = ()) -> T | None:
        row = connection.execute(sql, parameters).fetchone()
        return None if row is None else self._decode(row[0])

    def all(self, connection: sqlite3.Connection, sql: str, parameters: Parameters = ()) -> list[T]:
        return [self._decode(doc) for (doc,) in connection.execute(sql, parameters)]

    def of_row(self, row: tuple[str]) -> T:
        return self._decode(row[0])

    def of(self, docs: Iterable[str]) -> list[T]:
        return [self._decode(doc) for doc in docs]


def as_list(values: Sequence[str]) -> str:
    """A bound parameter for ``IN (SELECT value FROM json_each(?))``: any number of values, one statement."""
    return to_json(list(values)).decode()


def next_seq(connection: sqlite3.Connection) -> int:
    """The next number of the store-wide counter; call it inside a write."""
    row = connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'seq' RETURNING value").fetchone()
    value: int = row[0]
    return value
