"""Writes the tables in docs/ that follow from code: ``python -m deploy.codegen.documents [--check]``.

A table stands between ``<!-- made: name -->`` and ``<!-- end -->``; everything else in the file is written by hand.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.codegen import tables

DOCS = Path(__file__).parents[2] / "docs"

TABLES: dict[str, Callable[[], str]] = {
    "settings": tables.settings,
    "metrics": tables.measured,
    "client frames": tables.client_frames,
    "server frames": tables.server_frames,
    "frame parts": tables.frame_parts,
    "errors": tables.error_codes,
    "close codes": tables.close_codes,
}

_PLACE = re.compile(r"(<!-- made: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def documents() -> list[Path]:
    """Those that hold a made table."""
    return [path for path in sorted(DOCS.glob("*.md")) if _PLACE.search(path.read_text())]


def fresh(text: str) -> str:
    """The document with its tables as the code has them. Raises `KeyError` for a table that nobody makes."""
    return _PLACE.sub(lambda place: place[1] + TABLES[place[2]]() + place[3], text)


def main(arguments: list[str]) -> int:
    stale = [path for path in documents() if path.read_text() != fresh(path.read_text())]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.name} is stale: run `make types`", file=sys.stderr)
        return int(bool(stale))
    for path in stale:
        path.write_text(fresh(path.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
