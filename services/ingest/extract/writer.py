"""Puts an extracted text together while noting where its headings are and where passages should begin."""

from collections.abc import Sequence

from tokenline.contracts.texts import ExtractedText, Heading

TITLE_CHARS = 150
BLOCK_CHARS = 690
"""Rows of a table stand in blocks of at most so many characters, each under the table's header: a block is one passage,
which may end from 700 on."""
HEADER_CHARS = 300
"""A longer header is not repeated: the cells name their columns instead."""
COLUMN_CHARS = 40


class Writer:
    """``block`` after ``block``, an empty line between them."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._headings: list[Heading] = []
        self._breaks: list[int] = []
        self.chars = 0

    def block(self, text: str, *, gap: str = "\n\n") -> None:
        """``gap`` separates it from what is there already."""
        text = text.strip("\n")
        if not text.strip():
            return
        if self._parts:
            self._add(gap)
        self._add(text)

    def heading(self, level: int, title: str) -> None:
        title = " ".join(title.split())
        if not title:
            return
        self.block(f"{'#' * min(level, 6)} {title}")
        start = self.chars - len(self._parts[-1])
        self._headings.append(Heading(start=start, level=level, title=title[:TITLE_CHARS]))

    def table(self, rows: Sequence[Sequence[str]], *, header: bool) -> None:
        """Rows like Markdown's. ``header``: the first row names the columns."""
        rows = [[_cell(cell) for cell in row] for row in rows if any(cell.strip() for cell in row)]
        if not rows:
            return
        head = [_row(rows[0]), _row(["---"] * len(rows[0]))] if header else []
        if sum(map(len, head)) > HEADER_CHARS:
            self._records(rows)
            return
        lines: list[str] = []
        size = empty = sum(map(len, head)) + len(head)
        for row in rows[1:] if header else rows:
            line = _row(row)
            if lines and size + len(line) > BLOCK_CHARS:
                self._breakable([*head, *lines])
                lines, size = [], empty
            lines.append(line)
            size += len(line) + 1
        self._breakable([*head, *lines])

    def finish(self, mime_type: str) -> ExtractedText:
        return ExtractedText(
            mime_type=mime_type,
            text="".join(self._parts),
            headings=tuple(self._headings),
            breaks=tuple(self._breaks),
        )

    def _records(self, rows: Sequence[Sequence[str]]) -> None:
        names = [name[:COLUMN_CHARS] for name in rows[0]]
        for row in rows[1:]:
            named = (f"{names[i] if i < len(names) else i + 1}: {cell}" for i, cell in enumerate(row) if cell)
            self._breakable(["; ".join(named)])

    def _breakable(self, lines: Sequence[str]) -> None:
        text = "\n".join(lines)
        if text.strip():
            self.block(text)
            self._breaks.append(self.chars - len(self._parts[-1]))

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self.chars += len(text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
