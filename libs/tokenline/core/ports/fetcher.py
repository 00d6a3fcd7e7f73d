"""Fetching what a user's address leads to, over HTTP, wherever that may be."""

from collections.abc import AsyncIterator
from typing import Protocol

from tokenline.core.web_address import WebAddress


class Page(Protocol):
    """An answer that has begun."""

    @property
    def address(self) -> WebAddress:
        """After all redirects."""
        ...

    @property
    def disposition(self) -> str | None:
        """The header, decoded."""
        ...

    @property
    def content_type(self) -> str | None: ...

    @property
    def body(self) -> AsyncIterator[bytes]:
        """To be gone through once; unpacked, in pieces of 64 KiB at most.

        Raises `NotFetched` when it breaks off or takes too long, `TooLarge`.
        """
        ...

    async def close(self) -> None: ...


class Fetcher(Protocol):
    def check(self, url: str) -> WebAddress:
        """Raises `AddressRefused` for what needs no look-up to be refused."""
        ...

    async def open(self, address: WebAddress) -> Page:
        """Follow it to an answer. Nothing is sent to an address that is refused, at any step.

        Raises `AddressRefused`, `NotFetched`, `TooLarge`. The time limit runs from here to the end of the body.
        """
        ...

    async def close(self) -> None: ...
