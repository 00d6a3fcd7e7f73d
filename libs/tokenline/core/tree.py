"""A conversation as a tree of messages, kept as branches: runs of messages in which nothing forks.

A message stands at ``(branch, depth)``. A branch begins where another one was left, at a depth; so the path to any
message is a few ranges of depths, read newest first, and never changes. What is current is one position, the tip.
See docs/adr/0011-branches.md.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from tokenline.contracts.base import Shape
from tokenline.contracts.ids import BranchId, ConversationId, MessageId

TOP = -1
"""Above all messages: the depth of an empty conversation's end."""

Role = Literal["user", "assistant", "system"]


class Branch(Shape):
    """Leaves ``parent`` after the message at depth ``at``. A conversation's first branch has its id, and no record."""

    id: BranchId
    parent: BranchId
    at: int


class Position(NamedTuple):
    branch: BranchId
    depth: int


class Reach(NamedTuple):
    """The messages of a branch deeper than ``above``, down to ``to``."""

    branch: BranchId
    above: int
    to: int


class Place(NamedTuple):
    """Where a message is to be put, and the branch to be made for it, if any."""

    parent_id: MessageId | None
    branch: BranchId
    depth: int
    fork: Branch | None = None


def start(conversation_id: ConversationId) -> Position:
    """The end of a conversation without messages."""
    return Position(conversation_id, TOP)


def below(depth: int, role: Role) -> int:
    """The depth of a message of this role under one at ``depth``: answers stand at odd ones."""
    answers = role == "assistant"
    return depth + 1 + ((depth + 1) % 2 != answers)


def forked(message_id: MessageId, parent_id: MessageId | None, branch: BranchId, depth: int) -> Place:
    """A branch of its own, for a message that belongs at ``depth`` of a branch where another one stands."""
    return Place(parent_id, message_id, depth, Branch(id=message_id, parent=branch, at=depth - 1))


def path_to(end: Position, branches: Mapping[BranchId, Branch]) -> Iterator[Reach]:
    """The ranges that make up the path to ``end``, the deepest first."""
    branch, depth = end
    while True:
        left = branches.get(branch)
        above = TOP if left is None else left.at
        if depth > above:
            yield Reach(branch, above, depth)
        if left is None:
            return
        branch, depth = left.parent, min(depth, left.at)


def grown_from(start: Position, branches: Mapping[BranchId, Branch]) -> list[BranchId]:
    """The branches, but for its own, whose every message has the one at ``start`` above it."""
    return [branch for branch in branches if branch != start.branch and _passes(branch, start, branches)]


def _passes(branch: BranchId, start: Position, branches: Mapping[BranchId, Branch]) -> bool:
    depth: float = math.inf
    while (left := branches.get(branch)) is not None:
        branch, depth = left.parent, min(depth, left.at)
        if branch == start.branch:
            return depth >= start.depth
    return False


def alternatives_key(role: Role, parent_id: MessageId | None) -> str:
    """The same for messages that stand in each other's place."""
    return f"{role}:{parent_id or ''}"


def alternatives(
    keyed: Iterable[tuple[str, MessageId]], asked: Collection[MessageId]
) -> dict[MessageId, tuple[MessageId, ...]]:
    """From keys and ids, oldest first for each key: for each one ``asked`` for that is not alone, all with its key."""
    together: dict[str, list[MessageId]] = {}
    for key, message_id in keyed:
        together.setdefault(key, []).append(message_id)
    return {one: tuple(ids) for ids in together.values() if len(ids) > 1 for one in ids if one in asked}
