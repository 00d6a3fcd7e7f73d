"""CSV and JSON as text that reads well in pieces: rows under their header, values with their path."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from services.ingest.extract.source import Source
from services.ingest.extract.writer import Writer
from tokenline.contracts.texts import ExtractedText
from tokenline.core.filetype import CSV, JSON

DELIMITERS = ",;\t|"
_LOOKED_AT = 20
"""Lines that decide about the delimiter."""
FIELD_CHARS = 1_000_000

_NUMBER = re.compile(r"[\s\d.,%€$£+-]+")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def csv_text(text: str, source: Source) -> ExtractedText | None:
    """``None``: it is no table. Raises `TooLarge`."""
    source.check(len(text))
    delimiter = _delimiter(text)
    if delimiter is None:
        return None
    csv.field_size_limit(FIELD_CHARS)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return None
    out = Writer()
    first = next((row for row in rows if any(cell.strip() for cell in row)), [])
    out.table(rows, header=bool(first) and all(_names(cell) for cell in first))
    source.check(out.chars)
    return out.finish(CSV)


def json_text(text: str, source: Source) -> ExtractedText | None:
    """A line for each value, ``orders[3].customer.name: Ann``. ``None``: it is no JSON, or nothing but nesting.

    Raises `TooLarge`.
    """
    source.check(len(text))
    try:
        # Numbers stay as they are written: no reader should round what it quotes.
        document = _loaded(text)
        out = Writer()
        for key, item in _top(document):
            if key:
                out.heading(1, key)
            for line in _lines(item, key):
                out.block(line, gap="\n")
                _check_growth(out.chars, len(text))
                source.check(out.chars)
    except (ValueError, RecursionError, _TooLong):
        return None
    return out.finish(JSON)


class _TooLong(Exception):
    """The paths take more room than the values: the file itself reads better."""


def _check_growth(chars: int, original: int) -> None:
    if chars > 5 * original + 1000:
        raise _TooLong


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line, parse_int=str, parse_float=str) for line in lines]  # JSON Lines


def _top(document: Any) -> Iterator[tuple[str, Any]]:
    """The members of an object each get a heading; anything else is one piece."""
    if isinstance(document, dict) and any(isinstance(item, dict | list) for item in document.values()):
        yield from ((_key("", key), item) for key, item in document.items())
    else:
        yield "", document


def _lines(item: Any, path: str) -> Iterator[str]:
    """Raises `RecursionError`."""
    if isinstance(item, dict) and item:
        for key, inner in item.items():
            yield from _lines(inner, _key(path, key))
    elif isinstance(item, list) and any(isinstance(inner, dict | list) for inner in item):
        for number, inner in enumerate(item):
            yield from _lines(inner, f"{path}[{number}]")
    elif isinstance(item, list):
        yield _line(path, ", ".join(map(_scalar, item)))
    else:
        yield _line(path, _scalar(item))


def _line(path: str, said: str) -> str:
    return f"{path}: {said}" if path else said


def _scalar(item: Any) -> str:
    if item is None or isinstance(item, bool | dict):
        return json.dumps(item)
    return str(item)


def _key(path: str, key: str) -> str:
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _delimiter(text: str) -> str | None:
    """The one that cuts the first lines into equally many cells, the more the better."""
    lines = [line for line in text[:100_000].split("\n") if line.strip()][:_LOOKED_AT]
    best, most = None, 0
    for delimiter in DELIMITERS:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        usual = max(set(counts), key=counts.count, default=1)
        if usual > 1 and counts.count(usual) * 10 >= len(counts) * 7 and usual > most:
            best, most = delimiter, usual
    return best


def _names(cell: str) -> bool:
    """Whether this may be the name of a column."""
    return bool(cell.strip()) and not _NUMBER.fullmatch(cell)
