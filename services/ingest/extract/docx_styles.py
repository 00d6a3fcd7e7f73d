"""What a Word document says apart from its text: which styles are headings, which paragraphs stand in lists.

Elements are told by their local names: the strict and the transitional dialect differ in namespaces only.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from lxml import etree

TITLE_LEVEL = 1
_BASED_ON = 20
"""So many styles may rest on one another."""
_COUNTED = frozenset({"decimal", "decimalZero"})


def local(element: etree._Element) -> str:
    """``p`` of ``w:p``; nothing of an entity."""
    tag = element.tag
    return _local(tag) if isinstance(tag, str) else ""


@cache
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def children(parent: etree._Element | None, name: str) -> Iterator[etree._Element]:
    return iter(()) if parent is None else (element for element in parent if local(element) == name)


def child(parent: etree._Element | None, name: str) -> etree._Element | None:
    return next(children(parent, name), None)


def value(element: etree._Element | None, attribute: str = "val") -> str | None:
    if element is None:
        return None
    return next((str(given) for name, given in element.attrib.items() if _local(str(name)) == attribute), None)


class Styles:
    def __init__(self, part: etree._Element | None) -> None:
        self._by_id = {value(style, "styleId") or "": style for style in children(part, "style")}
        self._levels: dict[str, int | None] = {}

    def level(self, style: str | None, properties: etree._Element | None) -> int | None:
        """Of a heading; ``None``: it is none."""
        own = _outline_level(properties)
        if own is not None or style is None:
            return own
        if style not in self._levels:
            self._levels[style] = next((found for s in self._chain(style) if (found := _level(s)) is not None), None)
        return self._levels[style]

    def numbering(self, style: str | None, properties: etree._Element | None) -> tuple[str, int] | None:
        """Number of the list and depth in it; ``None``: no list."""
        for holder in (properties, *(child(s, "pPr") for s in self._chain(style))):
            listed = child(holder, "numPr")
            if listed is not None:
                number = value(child(listed, "numId")) or "0"
                depth = value(child(listed, "ilvl")) or "0"
                return None if number == "0" else (number, min(int(depth), 8) if depth.isdecimal() else 0)
        return None

    def _chain(self, style: str | None) -> Iterator[etree._Element]:
        for _ in range(_BASED_ON):
            found = self._by_id.get(style or "")
            if found is None:
                return
            yield found
            style = value(child(found, "basedOn"))


class Numbering:
    def __init__(self, part: etree._Element | None) -> None:
        formats = {
            value(abstract, "abstractNumId"): {
                value(level, "ilvl"): value(child(level, "numFmt")) for level in children(abstract, "lvl")
            }
            for abstract in children(part, "abstractNum")
        }
        self._formats = {
            value(number, "numId"): formats.get(value(child(number, "abstractNumId")), {})
            for number in children(part, "num")
        }
        self._counts: defaultdict[tuple[str, int], int] = defaultdict(int)

    def mark(self, listed: tuple[str, int] | None) -> str:
        """What stands before the text of a list's item; nothing outside of lists."""
        if listed is None:
            return ""
        number, depth = listed
        self._counts[listed] += 1
        for deeper in range(depth + 1, 9):
            self._counts.pop((number, deeper), None)
        counted = self._formats.get(number, {}).get(str(depth)) in _COUNTED
        return "  " * depth + (f"{self._counts[listed]}. " if counted else "- ")


def _level(style: etree._Element) -> int | None:
    name = (value(child(style, "name")) or "").lower()
    if name == "title":
        return TITLE_LEVEL
    if name.startswith("heading ") and name[8:].isdecimal():
        return min(int(name[8:]) + TITLE_LEVEL, 9)
    return _outline_level(child(style, "pPr"))


def _outline_level(properties: etree._Element | None) -> int | None:
    level = value(child(properties, "outlineLvl"))
    return int(level) + 1 + TITLE_LEVEL if level is not None and level.isdecimal() and int(level) < 9 else None
