"""PDF: the text of each page, the outline as headings, and which pages have no text."""

import re
from collections.abc import Sequence

from services.ingest.extract import pdf_pdfium, pdf_pypdf
from services.ingest.extract.about import about
from services.ingest.extract.pdf_pages import Pages
from services.ingest.extract.source import Read, Source
from services.ingest.extract.writer import TITLE_CHARS
from tokenline.contracts.errors import Corrupted, NoText
from tokenline.contracts.texts import ExtractedText, Heading
from tokenline.core.filetype import PDF

PAGE_BREAK = "\f"
MAX_HEADINGS = 5_000
NAMED_RANGES = 5
"""So many stretches of pages without text are named one by one."""

# pdfium marks a word that goes on in the next line with the first two; no control character is text.
_CONTROLS = re.compile("[\x02\ufffe\x00-\x08\x0b-\x1f\x7f]")


def read_pdf(source: Source) -> Read:
    pages = _pages(source)
    texts = [_clean(text) for text in pages.texts]
    if not any(text.strip() for text in texts):
        raise NoText(f"“{source.name}” has no text in it. {_why_none(source, pages)}")
    starts = _starts(texts)
    return Read(
        text=ExtractedText(
            mime_type=PDF,
            text=PAGE_BREAK.join(texts),
            page_starts=tuple(starts),
            headings=_headings(pages.outline, texts, starts),
        ),
        document=about(pages.info.get("title"), pages.info.get("author"), pages.info.get("created")),
        warning=_warning(texts, pages, source),
    )


def _pages(source: Source) -> Pages:
    if source.pdf_reader != "pypdf":
        try:
            return pdf_pdfium.pages_of(source)
        except Corrupted:
            if source.pdf_reader == "pdfium":
                raise
    return pdf_pypdf.pages_of(source)


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.replace("\n", "").isprintable():  # ten times faster, and so it is on most pages
        return text
    return _CONTROLS.sub("", text)


def _starts(texts: Sequence[str]) -> list[int]:
    starts, at = [], 0
    for text in texts:
        starts.append(at)
        at += len(text) + len(PAGE_BREAK)
    return starts


def _headings(
    outline: Sequence[tuple[int, str, int]], texts: Sequence[str], starts: Sequence[int]
) -> tuple[Heading, ...]:
    """An outline names pages; the place on the page is where its title stands."""
    found = []
    for level, raw, page in outline[:MAX_HEADINGS]:
        title = " ".join(raw.split())[:TITLE_CHARS]
        if title and 0 <= page < len(texts):
            at = max(0, texts[page].find(title))
            found.append(Heading(start=starts[page] + at, level=max(1, level), title=title))
    return tuple(sorted(found, key=lambda heading: heading.start))


def _why_none(source: Source, pages: Pages) -> str:
    if source.ocr is None:
        return "It may be a scan."
    if pages.out_of_time:
        return f"Recognising what is on its pages takes more than {source.ocr.seconds} s."
    return "Nothing on its pages was recognised as text either."


def _warning(texts: Sequence[str], pages: Pages, source: Source) -> str | None:
    sentences = []
    if pages.scanned:
        word, verb = ("Page", "is a scan") if len(pages.scanned) == 1 else ("Pages", "are scans")
        which = _ranges(pages.scanned)
        sentences.append(f"{word} {which} {verb}: what they say was recognised, and may be wrong in places.")
    empty = [number for number, text in enumerate(texts, 1) if not text.strip()]
    if empty:
        word, verb = ("Page", "has") if len(empty) == 1 else ("Pages", "have")
        sentences.append(f"{word} {_ranges(empty)} {verb} no text.")
    if pages.out_of_time and source.ocr is not None:
        sentences.append(f"Recognising more would have taken longer than {source.ocr.seconds} s.")
    if pages.damaged:
        sentences.append("The file is damaged; some pages may be missing.")
    return " ".join(sentences) or None


def _ranges(numbers: Sequence[int]) -> str:
    """``3–7, 9 and 12``."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    named = [str(first) if first == last else f"{first}–{last}" for first, last in ranges[:NAMED_RANGES]]
    if len(ranges) > NAMED_RANGES:
        rest = sum(last - first + 1 for first, last in ranges[NAMED_RANGES:])
        named.append(f"{rest} more")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
