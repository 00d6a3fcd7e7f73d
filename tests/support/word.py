"""Word documents for tests, written part by part: real ones, and archives made to harm whoever opens them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from xml.sax.saxutils import escape

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
STYLES = (
    f'<w:styles xmlns:w="{W}"><w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Mine"><w:basedOn w:val="berschrift2"/></w:style></w:styles>'
)
NUMBERING = (
    f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/>'
    '</w:lvl></w:abstractNum><w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="2">'
    '<w:abstractNumId w:val="2"/></w:num></w:numbering>'
)


def paragraph(text: str, *, style: str | None = None, listed: int | None = None, within: str = "") -> str:
    """``within`` is further XML in the paragraph, after the text."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if listed is not None:
        properties += f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{listed}"/></w:numPr>'
    run = f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else ""
    return f"<w:p><w:pPr>{properties}</w:pPr>{run}{within}</w:p>"


def table(rows: Sequence[Sequence[str]]) -> str:
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def body(*blocks: str) -> str:
    return f'<w:document xmlns:w="{W}"><w:body>{"".join(blocks)}</w:body></w:document>'


def docx(
    *blocks: str, parts: Mapping[str, str | bytes] | None = None, title: str = "", author: str = "", styles: bool = True
) -> bytes:
    """``parts`` are put in beside, or in place of, what is there anyway."""
    kinds = {"styles": "styles.xml", "numbering": "numbering.xml"} if styles else {}
    kinds |= {
        kind: f"{kind}.xml"
        for kind in ("footnotes", "endnotes", "header", "footer")
        if f"word/{kind}.xml" in (parts or {})
    }
    related = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(kinds.items())
    )
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": f'<Relationships xmlns="{_RELS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": body(*blocks),
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_RELS}">{related}</Relationships>',
        "word/styles.xml": STYLES,
        "word/numbering.xml": NUMBERING,
        "docProps/core.xml": (
            '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
            f"<dc:title>{escape(title)}</dc:title><dc:creator>{escape(author)}</dc:creator>"
            "<dcterms:created>2026-11-24T10:00:00Z</dcterms:created></cp:coreProperties>"
        ),
    }
    return archive(members | dict(parts or {}))


def archive(members: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return out.getvalue()


@cache
def bomb(megabytes: int) -> bytes:
    """Its document unpacks to so many megabytes. Packing them takes half a second."""
    return docx(parts={"word/media/x.bin": b"\0" * (megabytes * 1024**2)})


def laughing() -> bytes:
    """A billion laughs: entities of entities."""
    entities = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    laughed = body(paragraph("X").replace("X", "&l9;"))
    return docx(parts={"word/document.xml": f"<!DOCTYPE d [{entities}]>{laughed}"})


def external_entity(path: str = "/etc/passwd") -> bytes:
    declared = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{path}">]>'
    return docx(parts={"word/document.xml": declared + body(paragraph("X").replace("X", "&x;"))})


def lying() -> bytes:
    """Its directory says that the document unpacks to 100 bytes; it does not."""
    data = bytearray(docx(paragraph("Ten thousand words. " * 10_000)))
    entry = data.rfind(b"word/document.xml") - 46
    data[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    return bytes(data)


def crowded(members: int = 70_000) -> bytes:
    """An end record that promises so many members."""
    data = bytearray(docx(paragraph("Few.")))
    at = data.rfind(b"PK\x05\x06")
    data[at + 8 : at + 12] = min(members, 65_535).to_bytes(2, "little") * 2
    return bytes(data)


def locked() -> bytes:
    """Every member is said to be encrypted."""
    data = bytearray(docx(paragraph("Secret.")))
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) != -1:
        data[at + 8] |= 1
        at += 4
    return bytes(data)


def office_encrypted() -> bytes:
    """The container in which Office puts what it encrypts, as far as anybody can tell without the password."""
    magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    return magic + b"\0" * 1016 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 1000 + bytes(range(256)) * 20
