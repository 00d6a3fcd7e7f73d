"""What a file is, by its content; the name only chooses between kinds of text, which look alike."""

import codecs
import re
from pathlib import PurePosixPath

from charset_normalizer import from_bytes

from tokenline.contracts.errors import Encrypted, NoText, Unsupported

HEAD_BYTES = 8192
"""How much of a file's beginning `sniff` looks at."""

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML = "text/html"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"
CSV = "text/csv"
JSON = "application/json"
PNG = "image/png"
JPEG = "image/jpeg"
WEBP = "image/webp"
GIF = "image/gif"
PICTURES = frozenset({PNG, JPEG, WEBP, GIF})
"""Looked at by models that can; no text is read from them."""
READABLE = frozenset({PDF, DOCX, HTML, MARKDOWN, PLAIN, CSV, JSON}) | PICTURES
SUPPORTED = "PDF, Word (.docx), HTML, Markdown, text, CSV, JSON and pictures (PNG, JPEG, WebP, GIF) can be."

_BY_SUFFIX = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".csv": CSV,
    ".tsv": CSV,
    ".json": JSON,
    ".jsonl": JSON,
    ".ndjson": JSON,
}
_GUESSABLE_BYTES = 48
"""In less text than this, no statistics can tell one language's letters from another's."""
_WESTERN = "cp1252"
_LIKELY = ("cp125", "iso8859", "koi8", "gb", "big5", "cp932", "cp949", "euc", "shift", "utf")
"""Files from DOS and old Macs are rare."""
_SHIFTED = b"\x1b$"
"""Begins Japanese in ISO-2022-JP, which is ASCII by its bytes."""
_HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})

# What people most often try, so that the refusal can name it. Only the beginning of a file is compared.
_REFUSED = (
    (b"RIFF", "a sound or film"),
    (b"BM", "a picture (BMP)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an old Office (save a .doc as .docx)"),
    (b"{\\rtf", "a rich text document (RTF)"),
    (b"%!PS", "a PostScript document"),
    (b"\x1f\x8b", "an archive (gzip)"),
    (b"7z\xbc\xaf\x27\x1c", "an archive (7z)"),
    (b"Rar!\x1a\x07", "an archive (RAR)"),
    (b"BZh", "an archive (bzip2)"),
    (b"\xfd7zXZ\x00", "an archive (xz)"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3\x00", "a database"),
)
_REFUSED_TEXT = (b"{\\rtf", b"%!PS")
_PICTURE_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
)
ZIP_MAGIC = b"PK\x03\x04"
_OFFICE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# How Office packs what it encrypts: the only stream of that name.
_OFFICE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Names of members stand in the archive uncompressed.
_ZIPPED = (
    (b"xl/workbook", "an Excel workbook"),
    (b"xl/worksheets", "an Excel workbook"),
    (b"ppt/slides", "a PowerPoint presentation"),
    (b"ppt/presentation", "a PowerPoint presentation"),
    (b"application/vnd.oasis", "an OpenDocument file (save it as .docx or PDF)"),
    (b"application/epub", "an e-book (EPUB)"),
    (b"Index/Document.iwa", "a Pages, Numbers or Keynote document (export it as .docx or PDF)"),
    (b"AndroidManifest.xml", "a program"),
    (b"META-INF/MANIFEST.MF", "a program"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters that no text has; tab, line ends, form feed and escape are found in real ones.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_PROLOGUE = r"\s*(?:<\?xml[^>]*\?>\s*|<!--.*?-->\s*)*"
_HTML_START = re.compile(_PROLOGUE + r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_ANY_TAG = re.compile(r"<[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", re.IGNORECASE)


def sniff(head: bytes, name: str) -> str:
    """MIME type of the file that begins with ``head`` (at least `HEAD_BYTES`, or all of a shorter file).

    Raises `Unsupported` for what cannot be read, `Encrypted` for Office documents with a password, `NoText` for an
    empty file; all name the file. A name that lies is overruled: a PDF called ``.txt`` is a PDF, a picture called
    ``.pdf`` a picture.
    """
    head = head[:HEAD_BYTES]
    if not head.strip():
        raise NoText(f"“{name}” is empty.", name=name)
    if _is_pdf(head, name):
        return PDF
    text = _as_text(head)
    if text is not None and not head.startswith(_REFUSED_TEXT):
        return _text_kind(text, name)
    picture = _picture(head)
    if picture is not None:
        return picture
    if is_word(head) or (head.startswith(ZIP_MAGIC) and _suffix(name) == ".docx" and zipped_kind(head) is None):
        return DOCX  # read in full, it may yet turn out to be another archive
    if head.startswith(_OFFICE_MAGIC) and (_OFFICE_ENCRYPTED in head or _suffix(name) == ".docx"):
        raise Encrypted(f"“{name}” is protected with a password. Please attach it without one.", name=name)
    raise unsupported(name, _refused_kind(head))


def unsupported(name: str, kind: str | None) -> Unsupported:
    """``kind`` as in "an archive (ZIP)"; ``None``: nobody knows."""
    what = f"is {kind}, which cannot be read" if kind else "is of a kind that cannot be read"
    return Unsupported(f"“{name}” {what}. {SUPPORTED}", name=name)


def is_word(part: bytes) -> bool:
    """Whether this part of an archive names what only a Word document has."""
    return part.startswith(ZIP_MAGIC) and b"word/" in part and zipped_kind(part) is None


def zipped_kind(part: bytes) -> str | None:
    """What is packed like a Word document and is none, as far as this part of an archive shows."""
    return next((kind for mark, kind in _ZIPPED if mark in part), None)


def encoding_of(data: bytes) -> str | None:
    """Name of the codec that decodes this text, ``None``: no text. ``data`` may end inside a character."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return encoding
    unmarked = _utf16_without_mark(data) if b"\x00" in data else None
    if unmarked is not None or _decodes(data, "utf-8"):
        shifted = _SHIFTED in data and _decodes(data, "iso2022_jp")
        return unmarked or ("iso2022_jp" if shifted else "utf-8")
    if b"\x00" in data:
        return None
    if len(data) < _GUESSABLE_BYTES:
        return "cp1252" if _decodes(data, "cp1252") else None
    return _guessed(data)


def _guessed(data: bytes) -> str | None:
    matches = from_bytes(data, threshold=0.15)
    best = matches.best()
    if best is None:
        return None
    # Letters of western and eastern Europe share their bytes, and a tie goes to the more common ones.
    western = next((match for match in matches if match.encoding == _WESTERN), None)
    likely = best.encoding.startswith(_LIKELY)
    if (
        western
        and western.chaos <= best.chaos + 0.05
        and western.coherence >= best.coherence - (0.02 if likely else 0.1)
    ):
        return _WESTERN
    return best.encoding


def _utf16_without_mark(data: bytes) -> str | None:
    """By where the zero bytes of its ASCII letters stand."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    if min(even, odd) * 20 > max(even, odd) or max(even, odd) * 4 < len(data):
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    return encoding if _decodes(data, encoding) else None


def _picture(head: bytes) -> str | None:
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    return next((mime_type for magic, mime_type in _PICTURE_MAGIC if head.startswith(magic)), None)


def _is_pdf(head: bytes, name: str) -> bool:
    if head.lstrip(b"\xef\xbb\xbf \t\r\n\x00").startswith(b"%PDF-"):
        return True
    # Readers allow junk before the header (ISO 32000 annex H.3); text about PDF must not be taken for one.
    return _suffix(name) == ".pdf" and b"%PDF-" in head[:1024]


def _refused_kind(head: bytes) -> str | None:
    if head.startswith((ZIP_MAGIC, b"PK\x05\x06")):
        return zipped_kind(head) or "an archive (ZIP)"
    if head[4:8] == b"ftyp":
        return "a film or picture"
    return next((kind for magic, kind in _REFUSED if head.startswith(magic)), None)


def _as_text(head: bytes) -> str | None:
    encoding = encoding_of(head)
    if encoding is None:
        return None
    try:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    except UnicodeError:
        return None
    return None if _CONTROLS.search(text) else text


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeError:  # decoders of East Asian encodings raise more than `UnicodeDecodeError`
        return False
    return True


def _text_kind(text: str, name: str) -> str:
    if _HTML_START.match(text):
        return HTML
    suffix = _suffix(name)
    if suffix in _HTML_SUFFIXES and _ANY_TAG.search(text):
        return HTML
    return _BY_SUFFIX.get(suffix, PLAIN)


def _suffix(name: str) -> str:
    return PurePosixPath(name.lower()).suffix
