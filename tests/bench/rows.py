"""One figure next to its target, the table of them, and the file they are kept in."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """``id`` as in the list of targets. ``target`` is the most it may be, or the least where ``at_least``; ``None``:
    only shown."""

    id: str
    what: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def table(rows: Sequence[Row]) -> str:
    width = max(len(row.what) for row in rows)
    marks = {None: "", True: "met", False: "MISSED"}
    return "\n".join(
        f"{row.id:<4} {row.what:<{width}} {row.value:>10.1f} {row.unit:<5}"
        + (f"  {'≥' if row.at_least else '≤'} {row.target:<6g} {marks[row.met]}" if row.target is not None else "")
        for row in rows
    )


def save(rows: Sequence[Row], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = [msgspec.structs.asdict(row) | {"met": row.met} for row in rows]
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
