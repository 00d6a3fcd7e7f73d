"""Word documents: paragraphs, headings, lists, tables, notes, headers and footers, in the order of reading.

Text that was inserted with changes tracked, stands in content controls or in text boxes is part of the document; what
was deleted, field codes and macros are not.
"""

from collections.abc import Iterator

from lxml import etree

from services.ingest.extract.about import about
from services.ingest.extract.archive import Archive, resolve
from services.ingest.extract.docx_styles import Numbering, Styles, child, children, local, value
from services.ingest.extract.source import Read, Source
from services.ingest.extract.writer import Writer
from tokenline.contracts.attachments import DocumentInfo
from tokenline.contracts.errors import NoText, Unsupported
from tokenline.core.filetype import DOCX, SUPPORTED

_SKIPPED = frozenset({"del", "moveFrom", "Fallback", "pPr", "rPr", "instrText", "delText"})
_MARKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_TWICE_TOLD = ("header", "footer")


def read_docx(source: Source) -> Read:
    archive = Archive(source.data, source.name)
    main = _target(archive, "", "/officeDocument") or "word/document.xml"
    document = archive.xml(main)
    body = None if document is None or local(document) != "document" else child(document, "body")
    if body is None:
        raise Unsupported(f"“{source.name}” is an archive without a Word document in it. {SUPPORTED}")
    reader = _Reader(archive, main, source)
    reader.blocks(body)
    reader.notes()
    reader.edges()
    text = reader.out.finish(DOCX)
    if not text.text.strip():
        raise NoText(f"“{source.name}” has no text in it.")
    return Read(text=text, document=_about(archive))


class _Reader:
    def __init__(self, archive: Archive, main: str, source: Source) -> None:
        self.out = Writer()
        self._archive = archive
        self._main = main
        self._source = source
        self._styles = Styles(self._part("/styles"))
        self._numbering = Numbering(self._part("/numbering"))
        self._notes: list[tuple[str, str]] = []

    def blocks(self, parent: etree._Element) -> None:
        for element in parent:
            match local(element):
                case "p":
                    self._paragraph(element)
                case "tbl":
                    self.out.table(list(self._rows(element)), header=True)
                case "sdt" | "sdtContent" | "ins" | "moveTo" | "customXml" | "AlternateContent" | "Choice":
                    self.blocks(element)
            self._source.check(self.out.chars)

    def notes(self) -> None:
        """Where they are referred to stands ``[^1]``; what they say stands at the end."""
        for kind in ("footnote", "endnote"):
            wanted = {identity for of, identity in self._notes if of == kind}
            part = self._part(f"/{kind}s") if wanted else None
            for note in children(part, kind):
                if value(note, "id") in wanted:
                    self.out.block(f"[^{value(note, 'id')}]: {self._flat(note)}")
                    self._source.check(self.out.chars)

    def edges(self) -> None:
        """Headers and footers, once each."""
        said = set()
        for kind in _TWICE_TOLD:
            for target in _targets(self._archive, self._main, f"/{kind}"):
                part = self._archive.xml(target)
                text = "" if part is None else self._flat(part)
                if any(c.isalpha() for c in text) and text not in said:
                    said.add(text)
                    self.out.block(text)
                    self._source.check(self.out.chars)

    def _paragraph(self, element: etree._Element) -> None:
        boxes: list[etree._Element] = []
        text = "".join(self._text(element, boxes))
        properties = child(element, "pPr")
        style = value(child(properties, "pStyle"))
        level = self._styles.level(style, properties)
        if level is not None:
            self.out.heading(level, text)
        elif text.strip():
            mark = self._numbering.mark(self._styles.numbering(style, properties))
            self.out.block(mark + text if mark else text, gap="\n" if mark else "\n\n")
        for box in boxes:
            self.blocks(box)

    def _text(self, element: etree._Element, boxes: list[etree._Element]) -> Iterator[str]:
        """Text boxes are put aside: they are blocks of their own."""
        for part in element:
            tag = local(part)
            if tag == "t":
                yield part.text or ""
            elif tag in _MARKS:
                yield _MARKS[tag]
            elif tag == "txbxContent":
                boxes.append(part)
            elif tag in ("footnoteReference", "endnoteReference"):
                identity = value(part, "id") or ""
                self._notes.append((tag.removesuffix("Reference"), identity))
                yield f"[^{identity}]"
            elif tag not in _SKIPPED:
                yield from self._text(part, boxes)

    def _flat(self, element: etree._Element) -> str:
        """All text in it on one line, tables and boxes too."""
        boxes: list[etree._Element] = []
        lines = [" ".join("".join(self._text(p, boxes)).split()) for p in element.iter() if local(p) == "p"]
        return " ".join(line for line in lines if line)

    def _rows(self, table: etree._Element) -> Iterator[list[str]]:
        for row in _through(table, "tr"):
            cells: list[str] = []
            for cell in _through(row, "tc"):
                properties = child(cell, "tcPr")
                merged = child(properties, "vMerge")
                continues = merged is not None and value(merged) in (None, "continue")
                cells.append("" if continues else self._flat(cell))
                span = value(child(properties, "gridSpan")) or "1"
                cells += [""] * (min(int(span), 64) - 1 if span.isdecimal() else 0)
            yield cells

    def _part(self, kind: str) -> etree._Element | None:
        target = _target(self._archive, self._main, kind)
        return None if target is None else self._archive.xml(target)


def _through(parent: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Children of this kind, those in content controls and tracked insertions too."""
    for element in parent:
        if local(element) == tag:
            yield element
        elif local(element) in ("sdt", "sdtContent", "ins", "customXml"):
            yield from _through(element, tag)


def _target(archive: Archive, part: str, kind: str) -> str | None:
    return next(iter(_targets(archive, part, kind)), None)


def _targets(archive: Archive, part: str, kind: str) -> list[str]:
    """Parts that ``part`` is related to in this way, never what is outside of the archive."""
    folder, _, name = part.rpartition("/")
    relations = archive.xml(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels")
    return [
        resolve(part, relation.get("Target", ""))
        for relation in children(relations, "Relationship")
        if relation.get("Type", "").endswith(kind) and relation.get("TargetMode") != "External"
    ]


def _about(archive: Archive) -> DocumentInfo | None:
    core = archive.xml(_target(archive, "", "/core-properties") or "docProps/core.xml")
    said = {} if core is None else {local(element): element.text for element in core}
    return about(said.get("title"), said.get("creator"), said.get("created"), said.get("language"))
