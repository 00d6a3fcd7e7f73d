"""Files as answers: whole or in part, never shown in place."""

from collections.abc import AsyncGenerator, AsyncIterator
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.errors import RangeNotSatisfiable
from tokenline.core.file_keys import file_key
from tokenline.core.ports.files import Files
from tokenline.core.ranges import Part, part_of
from tokenline.runtime.documents.says import BYTES
from tokenline.runtime.http_errors import error_response


async def file_answer(request: Request, files: Files, attachment: Attachment, **more: str) -> Response:
    """For GET and HEAD; ``more`` headers, with ``_`` for ``-``. Raises `NotFound` when the file store has it no more.

    A download that broke off goes on with ``Range`` and ``If-Range``: what a file holds never changes.
    """
    size = attachment.size_bytes
    headers = {
        "accept-ranges": "bytes",
        "content-disposition": f"attachment; filename*=UTF-8''{quote(attachment.name)}",
        "etag": f'"{attachment.id}"',
        "x-content-type-options": "nosniff",
    } | {name.replace("_", "-"): value for name, value in more.items()}
    try:
        part = _wanted(request, headers["etag"], size)
    except RangeNotSatisfiable as error:
        return error_response(error.info(), error.status, {"content-range": f"bytes */{size}"})
    start, end, status = 0, size, 200
    if part is not None:
        start, end, status = part.start, part.end, 206
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    headers["content-length"] = str(end - start)
    if request.method == "HEAD":
        return Response(None, status, headers, media_type=BYTES)
    chunks = await _begun(files.get(file_key(attachment.id), start, None if part is None else end))
    return StreamingResponse(chunks, status, headers, media_type=BYTES)


def _wanted(request: Request, etag: str, size: int) -> Part | None:
    """A part of another file than the asker has the beginning of is of no use: then all of it."""
    if request.headers.get("if-range", etag) != etag or request.method == "HEAD":
        return None
    return part_of(request.headers.get("range"), size)


async def _begun(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Wait for the first: after the head of an answer it is too late to say that there is nothing."""
    first = await anext(chunks, b"")

    async def all_of_it() -> AsyncGenerator[bytes, None]:
        yield first
        async for chunk in chunks:
            yield chunk

    return all_of_it()
