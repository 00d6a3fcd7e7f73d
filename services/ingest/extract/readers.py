"""Reads the text of a file, page by page. Runs inside the sandbox only."""

import io
import re

import lxml.html
import trafilatura
from lxml.etree import LxmlError
from pypdf import PageObject, PdfReader, apply_configuration
from pypdf.errors import DependencyError, DeprecationError, LimitReachedError, PyPdfError

from tokenline.contracts.errors import Corrupted, Encrypted, NoText, TooComplex, TooLarge, Unsupported
from tokenline.core.filetype import HEAD_BYTES, HTML, PDF, encoding_of, sniff

UNPACKED_BYTES = 32 * 1024 * 1024
"""Of one stream of a PDF. Pages of text are some 10 KiB; the sum over streams is bounded by memory and time."""

# Halves of surrogate pairs, which no encoding can hold, and NUL, which no engine stores.
_UNSTORABLE = re.compile("[\ud800-\udfff\x00]")
_PDF_FAULTS = (PyPdfError, DependencyError, DeprecationError, ValueError, LookupError, TypeError, AttributeError)
"""pypdf lets the last four through on files that break the format's rules."""


def read(data: bytes, name: str, max_chars: int) -> tuple[str, list[str]]:
    """MIME type and pages (one, where the format has none). Raises `Rejected` with a sentence that names the file."""
    mime_type = sniff(data[:HEAD_BYTES], name)
    if mime_type == PDF:
        pages = _pdf(data, name, max_chars)
    elif mime_type == HTML:
        pages = [_html(_decoded(data, name))]
    else:
        pages = [_decoded(data, name)]
    pages = [_UNSTORABLE.sub("\ufffd", page) for page in pages]
    _check_length(pages, name, max_chars)
    if not any(page.strip() for page in pages):
        raise NoText(f"“{name}” has no text in it." + (" It may be a scan." if mime_type == PDF else ""))
    return mime_type, pages


def _pdf(data: bytes, name: str, max_chars: int) -> list[str]:
    pages: list[str] = []
    with apply_configuration(
        zlib_maximum_output_length=UNPACKED_BYTES,
        lzw_maximum_output_length=UNPACKED_BYTES,
        run_length_maximum_output_length=UNPACKED_BYTES,
        array_based_stream_maximum_output_length=UNPACKED_BYTES,
        jbig2dec_binary=None,
    ):
        try:
            reader = _opened(data, name)
            for page in reader.pages:
                pages.append(_page_text(page))
                _check_length(pages, name, max_chars)
        except (LimitReachedError, RecursionError) as error:
            raise TooComplex(f"“{name}” would unpack to more than a document needs.") from error
        except _PDF_FAULTS as error:
            raise Corrupted(f"“{name}” is damaged and cannot be read.") from error
    return pages


def _opened(data: bytes, name: str) -> PdfReader:
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        # Many files are encrypted only against editing and open with an empty password.
        try:
            opened = bool(reader.decrypt(""))
        except DependencyError:
            opened = False
        if not opened:
            raise Encrypted(f"“{name}” is protected with a password.")
    return reader


def _page_text(page: PageObject) -> str:
    """One damaged page among good ones is empty rather than the end of the file."""
    try:
        return page.extract_text()
    except LimitReachedError:
        raise
    except _PDF_FAULTS:
        return ""


def _html(text: str) -> str:
    main = trafilatura.extract(text, favor_recall=True, include_comments=False, include_tables=True)
    return main or _all_text(text)


def _all_text(text: str) -> str:
    """Everything a reader sees: for fragments and pages whose main part cannot be told."""
    try:
        tree = lxml.html.document_fromstring(text.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    except LxmlError:
        return ""
    for hidden in tree.xpath("//script|//style|//noscript|//template|//head"):
        hidden.drop_tree()
    lines = (" ".join(line.split()) for line in tree.text_content().splitlines())
    return "\n".join(line for line in lines if line)


def _decoded(data: bytes, name: str) -> str:
    encoding = encoding_of(data[:HEAD_BYTES])
    try:
        return data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        # Begins like one encoding and goes on in another: judge by the place that does not fit.
        encoding = encoding_of(data[max(0, error.start - HEAD_BYTES // 2) : error.start + HEAD_BYTES // 2])
    if encoding is None:
        raise Unsupported(f"“{name}” begins like text, but is none.")
    return data.decode(encoding, errors="replace")


def _check_length(pages: list[str], name: str, max_chars: int) -> None:
    if sum(map(len, pages)) > max_chars:
        raise TooLarge(f"“{name}” has more than {max_chars:,} characters of text.")
