"""How much of what was said, and found, fits into an agent's budget.

Sizes are bytes of UTF-8: tokens cannot be counted without the model's own vocabulary. Four bytes for one is right for
English, and nearer than four characters where a character takes two or three bytes.
"""

from collections.abc import Iterator, Sequence

from tokenline.contracts.attachments import Passage
from tokenline.core.passages import render
from tokenline.core.ports.model import ChatTurn

BYTES_PER_TOKEN = 4
"""OpenAI's rule of thumb for English; good enough to stay inside a budget with a margin."""

TURN_BYTES = 4 * BYTES_PER_TOKEN
"""What a turn costs beside its text: its role, and where it begins and ends."""

PASSAGES_SHARE = 0.5
"""Of the budget, for passages from files: what was said has the other half at least."""


def recent(turns: Sequence[ChatTurn], budget: int) -> list[ChatTurn]:
    """The newest turns that fit into ``budget`` bytes, in order; instructions and the last one always.

    Tool calls go with their results: models refuse the ones without the others.
    """
    groups = list(_groups(turns))
    budget -= sum(size_of(group) for group in groups if _instructs(group))
    kept: list[list[ChatTurn]] = []
    some, full = False, False
    for group in reversed(groups):
        if not _instructs(group):
            budget -= size_of(group)
            full = full or (some and budget < 0)
            if full:
                continue
            some = True
        kept.append(group)
    return [turn for group in reversed(kept) for turn in group]


def affordable(passages: Sequence[Passage], budget: int) -> tuple[Passage, ...]:
    """The best of them whose block takes at most its share of ``budget`` bytes."""
    room = int(budget * PASSAGES_SHARE)
    kept = tuple(passages)
    while kept and len(render(kept).encode()) > room:
        kept = kept[:-1]
    return kept


def size_of(turns: Sequence[ChatTurn]) -> int:
    """Bytes that the turns take of a budget."""
    return sum(TURN_BYTES + _bytes(turn.content) + _calls(turn) + _pictures(turn) for turn in turns)


def _calls(turn: ChatTurn) -> int:
    return sum(TURN_BYTES + _bytes(call.name) + _bytes(call.arguments) for call in turn.tool_calls)


def _pictures(turn: ChatTurn) -> int:
    return sum(picture.tokens * BYTES_PER_TOKEN for picture in turn.pictures)


def _bytes(text: str) -> int:
    # A lone surrogate, which JSON can bring, is no reason to fail here.
    return len(text.encode("utf-8", "surrogatepass"))


def _groups(turns: Sequence[ChatTurn]) -> Iterator[list[ChatTurn]]:
    """Each turn by itself, but for the results of tools, which go with what they follow."""
    group: list[ChatTurn] = []
    for turn in turns:
        if turn.role != "tool" and group:
            yield group
            group = []
        group.append(turn)
    if group:
        yield group


def _instructs(group: list[ChatTurn]) -> bool:
    return group[0].role == "system"
