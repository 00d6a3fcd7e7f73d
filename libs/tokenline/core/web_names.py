"""What a page from the web is called as a file: by itself, by its address, or by its title."""

import re
from email.message import Message
from html import unescape
from pathlib import PurePosixPath
from urllib.parse import unquote

from tokenline.core.filetype import CSV, DOCX, GIF, HTML, JPEG, JSON, MARKDOWN, PDF, PLAIN, PNG, WEBP, encoding_of
from tokenline.core.web_address import WebAddress

_SUFFIXES = {
    PDF: (".pdf",),
    DOCX: (".docx",),
    HTML: (".html", ".htm", ".xhtml"),
    MARKDOWN: (".md", ".markdown"),
    CSV: (".csv", ".tsv"),
    JSON: (".json", ".jsonl", ".ndjson"),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    WEBP: (".webp",),
    GIF: (".gif",),
}
_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
TITLE_CHARACTERS = 120


def disposition_name(header: str | None) -> str | None:
    """The file name of a ``Content-Disposition``, in either of its spellings; `None`: it has none."""
    if not header:
        return None
    message = Message()
    message["content-disposition"] = header
    try:
        name = message.get_filename()
    except (LookupError, ValueError):  # an encoding that nobody knows
        return None
    return name or None


def charset_of(content_type: str | None) -> str | None:
    message = Message()
    message["content-type"] = content_type or ""
    try:
        return message.get_content_charset()
    except (LookupError, ValueError):
        return None


def address_name(address: WebAddress) -> str:
    """The last part of its path, or else its host."""
    return unquote(address.target.partition("?")[0]).rstrip("/").rpartition("/")[2] or address.host


def title_of(head: bytes) -> str | None:
    """Of the page that begins with these bytes; `None`: it has none there."""
    encoding = encoding_of(head)
    found = _TITLE.search(head.decode(encoding, "replace")) if encoding else None
    title = " ".join(unescape(found[1]).split()).replace("/", "-") if found else ""
    return title[:TITLE_CHARACTERS].strip() or None


def with_suffix(name: str, mime_type: str) -> str:
    """So that it opens as what it is once it is downloaded; any text may be called anything."""
    suffixes = _SUFFIXES.get(mime_type)
    if mime_type == PLAIN and not PurePosixPath(name).suffix:
        return name + ".txt"
    if suffixes is None or name.lower().endswith(suffixes):
        return name
    return name + suffixes[0]
