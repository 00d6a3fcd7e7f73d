"""HTML: the main part of a page, or all that a reader sees of it; headings, lists and tables kept."""

from collections.abc import Iterator
from html.parser import HTMLParser

import lxml.html
import trafilatura
from lxml import etree

from services.ingest.extract.about import about
from services.ingest.extract.source import Read, Source
from services.ingest.extract.texts import storable
from services.ingest.extract.writer import Writer
from tokenline.contracts.attachments import DocumentInfo
from tokenline.contracts.errors import NoText
from tokenline.core.filetype import HTML

MAIN_PART_CHARS = 2_000_000
"""Finding the main part of a larger page takes too long; all of it is read instead."""

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDDEN = "//script|//style|//noscript|//template|//head|//svg|//iframe|//object"
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "li", "main", "nav", "ol", "p"),
        *("section", "summary", "tbody", "td", "th", "thead", "tr", "ul"),
        *("code", "list", "item", "quote"),  # as trafilatura calls them
    )
)


def read_html(text: str, source: Source) -> Read:
    # In an encoding of our own, or a `meta` that lies about it would be believed.
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = lxml.html.document_fromstring(text.encode(errors="replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise _empty(source) from error
    info = _about(tree)
    out = _main_part(tree) if len(text) <= MAIN_PART_CHARS else Writer()
    if out.chars == 0:
        for hidden in tree.xpath(_HIDDEN):
            hidden.drop_tree()
        out = _written(tree)
    if out.chars == 0:
        out.block(_bare(text))
    source.check(out.chars)
    if out.chars == 0:
        raise _empty(source)
    return Read(text=out.finish(HTML), document=info)


def _main_part(tree: lxml.html.HtmlElement) -> Writer:
    try:
        found = trafilatura.bare_extraction(
            tree, favor_recall=True, include_comments=False, include_tables=True, include_formatting=False
        )
    except (RecursionError, ValueError, AttributeError, TypeError, etree.LxmlError):
        return Writer()  # pages nested deeper than anybody writes
    body = getattr(found, "body", None)
    return Writer() if body is None else _written(body)


def _written(root: etree._Element) -> Writer:
    """Iterative: pages nest deeper than Python's stack."""
    out = Writer()
    line: list[str] = []

    def flush(mark: str = "") -> None:
        said = " ".join("".join(line).split())
        line.clear()
        if said:
            out.block(mark + storable(said), gap="\n" if mark else "\n\n")

    mark = ""
    skip: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if skip is not None:
            if event == "end" and element is skip:
                skip = None
                line.append(element.tail or "")
            continue
        if event == "start":
            level = _HEADINGS.get(tag) or (_HEADINGS.get(element.get("rend", "")) if tag == "head" else None)
            if level or tag == "table" or tag == "pre":
                flush(mark)
                mark = ""
                if level:
                    out.heading(level, storable("".join(element.itertext())))
                elif tag == "pre":
                    out.block(storable("".join(element.itertext())))
                else:
                    rows = list(_rows(element))
                    out.table(rows, header=len(rows) > 1)
                skip = element
                continue
            if tag in _BLOCKS:
                flush(mark)
                mark = "- " if tag in ("li", "item") else ""
            elif tag in ("br", "lb"):
                line.append("\n")
            line.append(element.text or "")
        else:
            if tag in _BLOCKS:
                flush(mark)
                mark = ""
            line.append(element.tail or "" if element is not root else "")
    flush(mark)
    return out


class _Bare(HTMLParser):
    """The text between tags, however deep: the tree that others build ends at some depth."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden and (line := " ".join(data.split())):
            self.said.append(line)


def _bare(text: str) -> str:
    parser = _Bare()
    try:
        parser.feed(text)
        parser.close()
    except (AssertionError, ValueError, RecursionError):
        pass  # what came before it stands
    return storable("\n".join(parser.said))


def _rows(table: etree._Element) -> Iterator[list[str]]:
    for row in table.iter("tr", "row"):
        cells = [storable(" ".join("".join(cell.itertext()).split())) for cell in row.iterchildren("td", "th", "cell")]
        if cells:
            yield cells


def _about(tree: lxml.html.HtmlElement) -> DocumentInfo | None:
    author = tree.xpath("string(//meta[@name='author']/@content)")
    return about(tree.xpath("string(//title)"), author, None, tree.get("lang"))


def _empty(source: Source) -> NoText:
    return NoText(f"“{source.name}” has no text in it.")
