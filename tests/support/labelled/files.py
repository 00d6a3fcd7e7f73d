"""The documents as a user would upload them."""

from itertools import groupby
from pathlib import Path

from tests.support import documents, word

_HERE = Path(__file__).parent


def labelled_files() -> dict[str, bytes]:
    """Content by name."""
    pages = (_HERE / "made" / "report.txt").read_text().split("\n\n")
    made = {"report.pdf": documents.pdf([page.replace("\n", " ") for page in pages]), "minutes.docx": _minutes()}
    return {path.name: path.read_bytes() for path in sorted((_HERE / "files").iterdir())} | made


def _minutes() -> bytes:
    """``# `` begins a heading, ``| `` the row of a table."""
    lines = (_HERE / "made" / "minutes.txt").read_text().splitlines()
    blocks = []
    for is_row, group in groupby(lines, lambda line: line.startswith("| ")):
        if is_row:
            blocks.append(word.table([row.removeprefix("| ").split(" | ") for row in group]))
        else:
            blocks += [_paragraph(line) for line in group]
    return word.docx(*blocks)


def _paragraph(line: str) -> str:
    heading = line.startswith("# ")
    return word.paragraph(line.removeprefix("# "), style="berschrift1" if heading else None)
