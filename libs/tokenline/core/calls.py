"""Tool calls as they grow: pieces in order with a count as cursor, and what they add up to."""

from collections.abc import Sequence

from tokenline.contracts.chat import FunctionCall
from tokenline.contracts.replies import CallPiece
from tokenline.core.stream import Appended


class CallLog:
    """The pieces of one attempt so far. Holds them until it is dropped."""

    def __init__(self, attempt: int = 0) -> None:
        self.attempt = attempt
        self.pieces: list[CallPiece] = []

    def append(self, attempt: int, offset: int, pieces: Sequence[CallPiece]) -> Appended:
        """Take in pieces. A newer attempt starts over; what is known already is left out."""
        if attempt < self.attempt:
            return Appended.REPEATED
        if attempt > self.attempt:
            self.attempt = attempt
            self.pieces.clear()
        if offset > len(self.pieces):
            return Appended.GAP
        fresh = pieces[len(self.pieces) - offset :]
        self.pieces += fresh
        return Appended.GREW if fresh else Appended.REPEATED

    def end(self, attempt: int, calls: Sequence[FunctionCall]) -> None:
        """What is final: pieces that are missing from it are added, those that contradict it give way to it."""
        if attempt > self.attempt or not _begins(calls, self.calls()):
            self.attempt = attempt
            self.pieces.clear()
        known = self.calls()
        for index, call in enumerate(calls):
            if index >= len(known):
                self.pieces.append(CallPiece(index, call.id, call.name, call.arguments))
            elif rest := call.arguments[len(known[index].arguments) :]:
                self.pieces.append(CallPiece(index, call.id, call.name, rest))

    def calls(self) -> tuple[FunctionCall, ...]:
        """What the pieces add up to."""
        first: dict[int, CallPiece] = {}
        arguments: dict[int, list[str]] = {}
        for piece in self.pieces:
            first.setdefault(piece.index, piece)
            arguments.setdefault(piece.index, []).append(piece.arguments)
        return tuple(
            FunctionCall(id=first[index].call_id, name=first[index].name, arguments="".join(arguments[index]))
            for index in sorted(first)
        )


def _begins(whole: Sequence[FunctionCall], part: Sequence[FunctionCall]) -> bool:
    """Whether ``part`` may still grow into ``whole``."""
    return len(part) <= len(whole) and all(
        (some.id, some.name) == (all_.id, all_.name) and all_.arguments.startswith(some.arguments)
        for some, all_ in zip(part, whole, strict=False)
    )
