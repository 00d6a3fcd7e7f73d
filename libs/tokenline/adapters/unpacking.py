"""Undoes the packing of an HTTP answer in small steps: what a kilobyte unpacks to is never in memory at once."""

import zlib
from collections.abc import AsyncIterator, Iterator

from tokenline.contracts.errors import NotFetched

STEP_BYTES = 64 * 1024
PACKINGS = "gzip, deflate"
_ANY_HEADER = zlib.MAX_WBITS | 32  # gzip or zlib, whichever it begins with


async def unpacked(chunks: AsyncIterator[bytes], packing: str) -> AsyncIterator[bytes]:
    """In pieces of `STEP_BYTES` at most. Raises `NotFetched` for other packings, damaged data and a missing end."""
    packing = packing.strip().lower()
    if packing in ("", "identity"):
        async for chunk in chunks:
            for begin in range(0, len(chunk), STEP_BYTES):
                yield chunk[begin : begin + STEP_BYTES]
        return
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise NotFetched("The page is packed in a way that was not asked for.")
    unpacker = _Unpacker(raw_too=packing == "deflate")
    async for chunk in chunks:
        for piece in unpacker.feed(chunk):
            yield piece
    if not unpacker.whole:
        raise NotFetched("The page broke off before its end.")


class _Unpacker:
    def __init__(self, *, raw_too: bool) -> None:
        self._raw_too = raw_too
        self._unpacker = zlib.decompressobj(_ANY_HEADER)
        self._begun = False

    @property
    def whole(self) -> bool:
        return self._unpacker.eof or not self._begun

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._unpacker.eof:
                if not chunk.startswith(b"\x1f\x8b"):
                    return  # padding after the end, which browsers pass over, too
                self._unpacker = zlib.decompressobj(_ANY_HEADER)
            piece = self._step(chunk)
            if piece:
                yield piece
            # After the end, what came behind it; before, what did not fit into this step.
            chunk = self._unpacker.unused_data if self._unpacker.eof else self._unpacker.unconsumed_tail

    def _step(self, chunk: bytes) -> bytes:
        try:
            piece = self._unpacker.decompress(chunk, STEP_BYTES)
        except zlib.error as error:
            if self._begun or not self._raw_too:
                raise NotFetched("The page is damaged.") from error
            # "deflate" without its header, as old servers send it.
            self._unpacker, self._raw_too = zlib.decompressobj(-zlib.MAX_WBITS), False
            return self._step(chunk)
        self._begun = True
        return piece
