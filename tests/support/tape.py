"""Records what a client said and heard, for the TypeScript client to be held against: ``make recordings``.

A tape is one client's, over all of its sockets. Ids and times are replaced by small ones that keep their order.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from tests.support.chat import Chat, Frame

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_EPOCH = 1_700_000_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", type=Path, help="folder for recordings of what the sockets said")


class Tape:
    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []

    def write(self, path: Path, what: str, answers: dict[str, Any]) -> None:
        """``answers``: what REST says of every ticket in the end."""
        told = {"what": what, "answers": answers, "steps": self.steps}
        path.write_text(json.dumps(_plain(told), ensure_ascii=False, indent=1) + "\n")


class Taped(Chat):
    """A strict client whose frames go on a tape. Given a former one it goes on with what that one had."""

    def __init__(self, socket: ClientConnection, tape: Tape, former: "Taped | None" = None) -> None:
        super().__init__(socket)
        self.tape = tape
        if former is not None:
            self.tickets, self.by_message = former.tickets, former.by_message
            tape.steps.append({"cut": True})

    async def send(self, **frame: object) -> None:
        if frame["type"] != "auth":
            self.tape.steps.append({"said": frame})
        await super().send(**frame)

    def take(self, frame: Frame) -> None:
        self.tape.steps.append({"heard": frame})
        super().take(frame)


def _plain(told: dict[str, Any]) -> Any:
    text = json.dumps(told)
    ids = {
        found: f"00000000-0000-7000-8000-{number:012}" for number, found in enumerate(sorted(set(_ID.findall(text))))
    }
    first = min((time for time in _times(told)), default=0.0)
    return _replaced(json.loads(_ID.sub(lambda own: ids[own[0]], text)), first)


def _times(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _times(inner)
    elif isinstance(value, float) and value > _EPOCH:
        yield value


def _replaced(value: Any, first: float) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, first) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, first) for inner in value]
    if isinstance(value, float):
        return round(_EPOCH + value - first, 3) if value > _EPOCH else round(value, 1)
    return value
