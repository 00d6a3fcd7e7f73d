"""To which level a ticket goes when an administrator puts it first or last. Pure.

The levels are absolute, so that doing it twice is doing it once.
"""

from tokenline.contracts.events import LineEntry
from tokenline.contracts.tickets import TicketState
from tokenline.contracts.topology import HIGHEST
from tokenline.core.ledger import PoolLine

LOWEST = 0


def front_level(line: PoolLine, entry: LineEntry) -> int:
    """One above the highest level that has tickets before this one; its own when nothing is before it.

    Those that resume after a crash (above `HIGHEST`) stay first. On a crowded `HIGHEST` it goes behind the others.
    """
    own = entry.priority
    before = [level for level in range(own, HIGHEST + 1) if _others_before(line, entry, level)]
    return max(own, min(before[-1] + 1, HIGHEST)) if before else own


def back_level(line: PoolLine, entry: LineEntry) -> int:
    """One below the lowest level that has tickets behind this one; its own when nothing is behind it."""
    own = entry.priority
    behind = [level for level in range(LOWEST, own + 1) if _others_behind(line, entry, level)]
    return max(behind[0] - 1, LOWEST) if behind else own


def _others_before(line: PoolLine, entry: LineEntry, level: int) -> int:
    lane = line.lanes[level]
    return lane.rank(entry.seq) if _stands_in(entry, level) else len(lane)


def _others_behind(line: PoolLine, entry: LineEntry, level: int) -> int:
    lane = line.lanes[level]
    if _stands_in(entry, level):
        return len(lane) - lane.rank(entry.seq) - 1
    # A held ticket enters its own level behind everybody.
    return len(lane) if level < entry.priority else 0


def _stands_in(entry: LineEntry, level: int) -> bool:
    return entry.state is TicketState.QUEUED and entry.priority == level
