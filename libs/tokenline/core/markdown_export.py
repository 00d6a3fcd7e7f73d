"""A conversation as a person wants to read it outside: Markdown. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.chat import Citation, Conversation, Message, MessageStatus
from tokenline.contracts.ids import AttachmentId

UNTITLED = "Conversation"
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$", re.MULTILINE)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


def beginning(conversation: Conversation, agent: str, now: float) -> str:
    return f"# {_line(conversation.title) or UNTITLED}\n\n*{_line(agent)} · {_day(now)}*\n"


def section(message: Message, agent: str, files: Mapping[AttachmentId, Attachment]) -> str:
    """What was said as it was said; below it what it rests on."""
    who = "You" if message.role == "user" else _line(agent) if message.role == "assistant" else "Instructions"
    parts = [f"\n## {who} · {_moment(message.created_at)}\n\n{closed(message.content).strip()}\n"]
    if message.status in (MessageStatus.CANCELLED, MessageStatus.INCOMPLETE):
        parts.append("\n*Stopped.*\n" if message.status is MessageStatus.CANCELLED else "\n*The answer broke off.*\n")
    if names := [_line(files[i].name) for i in message.attachment_ids if i in files]:
        parts.append(f"\nFiles: {', '.join(f'`{name}`' for name in names)}\n")
    if message.citations:
        parts.append("\nSources:\n\n")
        parts += [f"- [{one.number}] `{_line(one.name)}`{_place(one)}\n" for one in message.citations]
    return "".join(parts)


def _place(citation: Citation) -> str:
    """Headings are the file's own words: they stand in code, as its name does."""
    if citation.page is not None:
        return f", page {citation.page}"
    return f", section `{_line(citation.section)}`" if citation.section else ""


def closed(text: str) -> str:
    """With an end to the code that it breaks off in: it would swallow what follows."""
    fence = ""
    for found in _FENCE.finditer(text):
        marks, rest = found[1], found[2].strip()
        if not fence:
            # An info string of backticks cannot have one.
            fence = "" if marks[0] == "`" and "`" in rest else marks
        elif marks[0] == fence[0] and len(marks) >= len(fence) and not rest:
            fence = ""
    return f"{text.rstrip()}\n{fence}" if fence else text


def disposition(title: str, extension: str) -> str:
    """``Content-Disposition`` of a download that is called after this title."""
    shown = "".join(character for character in _UNSAFE.sub(" ", title) if character.isprintable())
    name = " ".join(shown.split()).strip(" .")[:80] or UNTITLED.lower()
    plain = re.sub(r"[^A-Za-z0-9 ._-]+", "_", name)
    return f"attachment; filename=\"{plain}.{extension}\"; filename*=UTF-8''{quote(f'{name}.{extension}', safe='')}"


def _line(text: str) -> str:
    return " ".join(text.replace("`", "'").split())


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
