"""Which passages an answer refers to. Its text stays as the model wrote it; what counts is found once, at its end.

A mark is ``[1]``, ``[1, 2]``, or the ``【1】`` and ``【1†source】`` that some models were trained to write. It
counts when the number was given to the model in this run, and when the answer itself says it: not in code, not in a
link (``[1](…)``), not as a footnote (``[^1]``), and not in words that are quoted from a file, whose numbers are the
file's own.
"""

import re
from collections.abc import Sequence

from tokenline.contracts.attachments import Passage
from tokenline.contracts.chat import Citation

# Fences of Markdown end with the text, or with as many marks as they began with; spans with as many backticks, here
# within 2,000 characters, which bounds what an odd backtick costs.
_FENCE = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)
_SPAN = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\n).){1,2000}?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_QUOTED = re.compile(r"“([^“”]*)”|„([^„“]*)“|«([^«»]*)»|\"([^\"\n]*)\"")
_MARK = re.compile(r"(?<!\\)[\[【]\s*(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\s*(?:†[^\]】\n]{0,80})?[\]】](?!\()")


def cited(text: str, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """The passages that an answer names, by number; numbers that nobody gave are ignored.

    ``passages`` are those of `passages.render`, in the same order.
    """
    if not passages:
        return ()
    marks = _MARK.findall(_own_words(text, passages))
    numbers = {int(number) for mark in marks for number in re.findall(r"\d+", mark)}
    return tuple(_citation(number, passage) for number, passage in enumerate(passages, 1) if number in numbers)


def _own_words(text: str, passages: Sequence[Passage]) -> str:
    """Without code, and without what is quoted word for word from the passages."""
    prose = _SPAN.sub(" ", _FENCE.sub("\n", text))
    if not _MARK.search(prose):
        return ""
    contents = [_squeezed(passage.content) for passage in passages]

    def unless_quoted(found: re.Match[str]) -> str:
        words = _squeezed(next(group for group in found.groups() if group is not None)).rstrip("…")
        return " " if words and any(words in content for content in contents) else found[0]

    return _QUOTED.sub(unless_quoted, prose)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _citation(number: int, passage: Passage) -> Citation:
    return Citation(
        number=number,
        attachment_id=passage.attachment_id,
        name=passage.name,
        page=passage.page,
        start=passage.start,
        end=passage.end,
        passage=passage.content,
        similarity=passage.similarity,
        section=passage.section,
    )
