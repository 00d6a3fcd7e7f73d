"""What conversations are called: titles as people type them, and those made of what was said. Pure."""

import re
import unicodedata

from msgspec.structs import replace

from tokenline.contracts.chat import Conversation, TitleSource
from tokenline.contracts.errors import BadRequest

MAX_TITLE = 200
"""Characters a user may give a title."""
MADE_TITLE = 60
"""Characters of one that is made; about what a sidebar shows."""

_LOOKED_AT = 2000
# Letters may be joined by these; alone they are nothing to see.
_JOINERS = "\u200c\u200d"
_HEADING = re.compile(r"^#{1,3}\s+(.+?)\s*#*$")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_MARKS = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}|\[\d+\]|^\s*(?:[-*+>]|\d+\.)\s+")
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+")
_GREETINGS = frozenset({"hi", "hello", "hey", "hallo", "moin", "servus", "thanks", "thank", "please", "help", "test"})


def clean(title: str) -> str:
    """On one line, without control characters and what turns text around. Raises `BadRequest` when nothing is left."""
    cleaned = fold(title)
    if not any(unicodedata.category(c)[0] not in "CZ" for c in cleaned):
        raise BadRequest("A title needs something to see in it.")
    if len(cleaned) > MAX_TITLE:
        raise BadRequest(f"A title can have at most {MAX_TITLE} characters.")
    return cleaned


def fold(text: str) -> str:
    words = text.split()
    if "".join(words).isprintable():
        # All of it shows, as nearly always: looking at each character would take half a millisecond an answer.
        return " ".join(words)
    return " ".join("".join(c if _shows(c) else " " if unicodedata.category(c) == "Cc" else "" for c in text).split())


def _shows(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in ("Cc", "Cf", "Cs")


def of_question(question: str) -> str:
    """The first line of a question, cut at a word. Empty when there is nothing to see."""
    return _cut(fold(question))


def of_exchange(question: str, answer: str) -> str:
    """The answer's heading, if it begins with one; its first sentence, if the question says too little; or else as
    `of_question`."""
    question, answer = question[:_LOOKED_AT], answer[:_LOOKED_AT]
    heading = _HEADING.match(answer.strip().partition("\n")[0])
    if heading and len(title := _plain(heading[1])) <= MADE_TITLE and len(title.split()) > 1:
        return title
    if _says_little(question):
        sentence = _SENTENCE.split(_plain(_FENCE.sub(" ", answer)))[0].rstrip(" .:")
        if len(sentence.split()) > 2:
            return _cut(sentence)
    return of_question(question)


def of_model(said: str) -> str:
    """What a model that was asked for a title means by it; empty when that is nothing."""
    lines = [line for line in said.strip().splitlines() if line.strip()]
    if not lines:
        return ""
    title = re.sub(r"(?i)^(title|titel)\s*:\s*", "", _plain(lines[0].lstrip("# ")))
    return _cut(title.strip(" \"'“”„«».").strip())


def renamed(stored: Conversation, title: str, source: TitleSource) -> Conversation:
    """Called by a made title, unless its user has named it, a better one was made already, or it is to have none."""
    improves = stored.title_from is TitleSource.QUESTION and source is TitleSource.EXCHANGE
    if not title or stored.temporary or (stored.title and not improves):
        return stored
    return replace(stored, title=title, title_from=source)


def _says_little(question: str) -> bool:
    words = [word.strip(".,!?:;").casefold() for word in _FENCE.sub(" ", question).split()]
    return len([word for word in words if word and word not in _GREETINGS]) < 2


def _plain(text: str) -> str:
    """Without the marks of Markdown."""
    return fold(_MARKS.sub(lambda found: found[1] or "", text))


def _cut(line: str) -> str:
    if len(line) <= MADE_TITLE:
        return line
    return line[:MADE_TITLE].rsplit(" ", 1)[0] + "…"
