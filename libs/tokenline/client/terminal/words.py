"""What the terminal says about waiting, as the chat page says it. Pure."""

import unicodedata

from tokenline.client.follow import Event
from tokenline.contracts import frames as f
from tokenline.contracts.tickets import HoldReason
from tokenline.contracts.tools import CURRENT_TIME, SEARCH_FILES

HELD = {
    HoldReason.EARLIER_MESSAGE: "Waiting for your earlier message",
    HoldReason.USER_LIMIT: "Waiting for your other messages",
    HoldReason.INDEXING: "Indexing your files",
    HoldReason.RETRYING: "Trying again in a moment",
}
TOOLS = {SEARCH_FILES: "Searching your files", CURRENT_TIME: "Looking at the clock"}
SECONDS_UP_TO = 90.0
ANY_MOMENT_S = 2.0


def waiting(event: Event) -> str | None:
    """One line for an event before the first text; ``None`` when it says nothing about waiting."""
    match event:
        case f.Accepted():
            return "Finding your place"
        case f.Held(reason=reason):
            return HELD.get(HoldReason(reason), reason) if reason in set(HoldReason) else reason.replace("_", " ")
        case f.Queued() | f.Position():
            parts = [place(event.position), eta(event.eta), event.note]
            return " · ".join(part for part in parts if part)
        case f.Processing(attempt=attempt):
            return "It is your turn" if attempt == 1 else f"Being answered again (attempt {attempt})"
        case f.Restarted(attempt=attempt):
            return f"Being answered again (attempt {attempt})"
        case f.ToolCallFrame(name=name, status="started"):
            return TOOLS.get(name, f"Using {harmless(name)}")
    return None


def place(position: int) -> str:
    return f"{position} ahead of you" if position else "You are next"


def eta(told: f.Eta | None) -> str | None:
    """From the soonest to the worst wait."""
    if told is None:
        return None
    soonest, worst = round(told.soonest_s), round(told.worst_s)
    if worst < ANY_MOMENT_S:
        return "any moment"
    if soonest < ANY_MOMENT_S:
        return f"up to {duration(worst)}"
    if worst < SECONDS_UP_TO:
        return f"about {worst} s" if soonest == worst else f"{soonest}–{worst} s"
    low, high = duration(soonest), duration(worst)
    return f"about {high}" if low == high else f"{low} – {high}"


def duration(seconds: float) -> str:
    """``45 s``, ``3 min``, ``1 h 20 min``."""
    whole = max(0, round(seconds))
    if whole < SECONDS_UP_TO:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def harmless(text: str) -> str:
    """Text of a model or a file name without what would steer the terminal: only line feeds and tabs are left."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") or c == "\u200d")
