"""What a document says of itself, made short and plain: it is shown to people and comes from anybody."""

import re
from typing import Any

from tokenline.contracts.attachments import DocumentInfo

VALUE_CHARS = 200

_DATE = re.compile(r"(?:D:)?(\d{4})-?(\d{2})-?(\d{2})")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")


def about(
    title: object = None, author: object = None, created: object = None, language: object = None
) -> DocumentInfo | None:
    """``created`` as PDF (``D:20261124…``) or ISO 8601 write dates. ``None`` when nothing is left."""
    info = DocumentInfo(
        title=line_of(title), author=line_of(author), created=_date(created), language=_language(language)
    )
    return None if info == DocumentInfo() else info


def line_of(value: Any) -> str | None:
    """One printable line; ``None`` when that is empty."""
    if not isinstance(value, str):
        return None
    printable = "".join(c if c.isprintable() else " " for c in value[: 4 * VALUE_CHARS])
    line = " ".join(printable.split())
    return line[:VALUE_CHARS] or None


def _date(value: object) -> str | None:
    found = _DATE.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    return f"{year:04}-{month:02}-{day:02}" if year and 1 <= month <= 12 and 1 <= day <= 31 else None


def _language(value: object) -> str | None:
    found = _LANGUAGE.fullmatch(value.strip()) if isinstance(value, str) else None
    return found.group().replace("_", "-") if found else None
