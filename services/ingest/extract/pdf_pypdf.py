"""Pages by pypdf: pure Python, forgiving with damaged files, ten times slower than pdfium."""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from pypdf import PageObject, PdfReader, apply_configuration
from pypdf.errors import DependencyError, DeprecationError, LimitReachedError, PyPdfError

from services.ingest.extract.pdf_pages import Pages, check_pages
from services.ingest.extract.source import Source
from tokenline.contracts.errors import Corrupted, Encrypted, TooComplex

UNPACKED_BYTES = 32 * 1024 * 1024
"""Of one stream. Pages of text are some 10 KiB; the sum over streams is bounded by memory and time."""

_FAULTS = (
    *(PyPdfError, DependencyError, DeprecationError, struct.error, zlib.error),
    *(
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        NotImplementedError,
        ArithmeticError,
        AssertionError,
        EOFError,
    ),
)
"""pypdf lets the second line through on files that break the format's rules."""


def pages_of(source: Source) -> Pages:
    """Raises `Corrupted`, `Encrypted`, `TooComplex`, `TooLarge`."""
    with apply_configuration(
        zlib_maximum_output_length=UNPACKED_BYTES,
        lzw_maximum_output_length=UNPACKED_BYTES,
        run_length_maximum_output_length=UNPACKED_BYTES,
        array_based_stream_maximum_output_length=UNPACKED_BYTES,
        jbig2dec_binary=None,
    ):
        try:
            reader = _opened(source)
            pages = _texts(reader, source)
        except (LimitReachedError, RecursionError) as error:
            raise TooComplex(f"“{source.name}” would unpack to more than a document needs.") from error
        except _FAULTS as error:
            raise Corrupted(f"“{source.name}” is damaged and cannot be read.") from error
        try:
            _describe(reader, pages)
        except (LimitReachedError, RecursionError, *_FAULTS):
            pages.outline.clear()  # what is beside the text is worth no failure
    return pages


def _opened(source: Source) -> PdfReader:
    reader = PdfReader(io.BytesIO(source.data))
    if reader.is_encrypted:
        # Many files are encrypted only against editing and open with an empty password.
        try:
            opened = bool(reader.decrypt(""))
        except DependencyError:
            opened = False
        if not opened:
            raise Encrypted(f"“{source.name}” is protected with a password. Please attach it without one.")
    return reader


def _texts(reader: PdfReader, source: Source) -> Pages:
    pages = Pages()
    _ = reader.pages[0]  # makes the list of pages, which is as long as it is, whatever the file says
    count = len(reader.flattened_pages or ())
    check_pages(count, source.name)
    chars = 0
    for number in range(count):
        try:
            page = reader.pages[number]
        except LimitReachedError:
            raise
        except _FAULTS:
            pages.damaged = True
            break
        text = _page_text(page)
        chars += len(text)
        source.check(chars)
        pages.texts.append(text)
        source.tell(number + 1, count)
    return pages


def _page_text(page: PageObject) -> str:
    """One damaged page among good ones is empty rather than the end of the file."""
    try:
        return page.extract_text()
    except LimitReachedError:
        raise
    except _FAULTS:
        return ""


def _describe(reader: PdfReader, pages: Pages) -> None:
    metadata: dict[str, Any] = dict(reader.metadata or {})
    for ours, theirs in (("title", "/Title"), ("author", "/Author"), ("created", "/CreationDate")):
        if isinstance(value := metadata.get(theirs), str):
            pages.info[ours] = str(value)
    pages.outline = [
        (level, str(entry.title or ""), number)
        for level, entry in _entries(reader.outline, 1)
        if (number := reader.get_destination_page_number(entry)) is not None
    ]


def _entries(outline: Sequence[Any], level: int) -> Iterator[tuple[int, Any]]:
    """A list after an entry holds what stands under it."""
    for entry in outline:
        if isinstance(entry, list):
            yield from _entries(entry, level + 1)
        else:
            yield level, entry
