"""Telling a program of a user's something over HTTP, wherever that may be."""

from collections.abc import Mapping
from typing import Protocol


class NotPosted(Exception):
    """The receiver did not get it, or did not say so in time. The text says why, for the owner to read."""


class Poster(Protocol):
    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status that it was answered with, redirects included: none is followed. The answer's body is not read.

        Raises `AddressRefused`, before anything is sent, and `NotPosted`.
        """
        ...

    async def close(self) -> None: ...
