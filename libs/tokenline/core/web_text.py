"""Text in an old encoding that only the answer's header names: statistics can tell few of them apart."""

import codecs

from tokenline.core.filetype import CSV, HTML, JSON, MARKDOWN, PLAIN, encoding_of
from tokenline.core.web_names import charset_of

TEXTS = frozenset({HTML, MARKDOWN, PLAIN, CSV, JSON})
_KNOWN_BY_ITSELF = frozenset({"utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "iso2022_jp"})
# What is called so on the web is Windows' superset of it (WHATWG Encoding).
_CALLED_WESTERN = frozenset({"iso8859-1", "ascii"})
# Python's codecs of that name also unpack and unescape.
_OF_PAGES = ("cp", "iso8859", "iso2022", "koi8", "gb", "big5", "euc", "shift", "mac", "tis", "hz", "johab")


def declared_encoding(head: bytes, mime_type: str, content_type: str | None) -> str | None:
    """The codec that the header names; `None`: the content says it itself, is no text, or the header is of no use."""
    charset = charset_of(content_type)
    if charset is None or mime_type not in TEXTS or encoding_of(head) in _KNOWN_BY_ITSELF:
        return None
    try:
        name = codecs.lookup(charset).name
        name = "cp1252" if name in _CALLED_WESTERN else name
        if not name.startswith(_OF_PAGES):
            return None
        codecs.getincrementaldecoder(name)().decode(head)
    except (LookupError, UnicodeError):
        return None
    return name


class Recoder:
    """To UTF-8, piece by piece."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def feed(self, piece: bytes, *, final: bool = False) -> bytes:
        return self._decoder.decode(piece, final).encode("utf-8", "replace")
