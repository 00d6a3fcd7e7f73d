"""Word documents: everything that stands in them, in the order of reading, and nothing that stands outside (R2, B8)."""

import random
import time

import pytest

from services.ingest.extract.readers import read
from services.ingest.extract.source import Source
from tests.support import word
from tests.support.word import W, docx, paragraph, table
from tokenline.contracts.attachments import DocumentInfo
from tokenline.contracts.errors import Corrupted, Encrypted, NoText, TooComplex, TooLarge, Unsupported
from tokenline.core.filetype import DOCX

FOOTNOTES = f'<w:footnotes xmlns:w="{W}"><w:footnote w:id="2">{paragraph("Said below.")}</w:footnote></w:footnotes>'


def read_docx(data, **limits):
    return read(Source(data, "contract.docx", **limits))


def text_of(*blocks, **more):
    return read_docx(docx(*blocks, **more)).text.text


def test_headings_lists_and_tables_stay_readable():
    found = read_docx(
        docx(
            paragraph("Contract", style="Titel"),
            paragraph("Parties", style="berschrift1"),
            paragraph("Between the following:"),
            paragraph("Ann", listed=1),
            paragraph("Bob", listed=1),
            paragraph("on foot", listed=2),
            paragraph("Prices", style="Mine"),
            table([["Item", "Price"], ["Tea | green", "3 €"]]),
            title="The contract",
            author="Ann",
        )
    )
    assert found.text.mime_type == DOCX
    assert found.text.text == (
        "# Contract\n\n## Parties\n\nBetween the following:\n1. Ann\n2. Bob\n- on foot\n\n### Prices\n\n"
        "| Item | Price |\n| --- | --- |\n| Tea \\| green | 3 € |"
    )
    assert [(heading.level, heading.title) for heading in found.text.headings] == [
        (1, "Contract"),
        (2, "Parties"),
        (3, "Prices"),
    ]
    assert all(found.text.text[heading.start] == "#" for heading in found.text.headings)
    assert found.document == DocumentInfo(title="The contract", author="Ann", created="2026-11-24")


def test_what_others_lose_is_read_too():
    """Tracked insertions, content controls, text boxes, links; not what was deleted, and no field codes."""
    text = text_of(
        f"<w:sdt><w:sdtContent>{paragraph('In a control.')}</w:sdtContent></w:sdt>",
        paragraph(
            "Kept ",
            within="<w:ins><w:r><w:t>inserted</w:t></w:r></w:ins><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
            "<w:hyperlink><w:r><w:t> linked</w:t></w:r></w:hyperlink><w:r><w:instrText>PAGEREF _Toc</w:instrText></w:r>"
            f"<w:r><w:pict><w:txbxContent>{paragraph('In a box.')}</w:txbxContent></w:pict></w:r>",
        ),
        "<w:tbl><w:sdt><w:sdtContent><w:tr><w:tc><w:p><w:r><w:t>Cell</w:t></w:r></w:p></w:tc></w:tr></w:sdtContent></w:sdt></w:tbl>",
    )
    assert "In a control.\n\nKept inserted linked\n\nIn a box." in text
    assert "Cell" in text
    assert "deleted" not in text
    assert "PAGEREF" not in text


def test_notes_headers_and_footers():
    edge = f'<w:hdr xmlns:w="{W}">{paragraph("Confidential")}</w:hdr>'
    text = text_of(
        paragraph("Claim", within='<w:r><w:footnoteReference w:id="2"/></w:r>'),
        parts={"word/footnotes.xml": FOOTNOTES, "word/header.xml": edge, "word/footer.xml": edge},
    )
    assert text == "Claim[^2]\n\n[^2]: Said below.\n\nConfidential"


def test_merged_and_nested_cells():
    text = text_of(
        "<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>"
        f"{paragraph('Wide')}</w:tc></w:tr><w:tr><w:tc>{paragraph('a')}</w:tc><w:tc><w:tcPr><w:vMerge/></w:tcPr>"
        f"{paragraph('hidden')}</w:tc></w:tr><w:tr><w:tc>{table([['in'], ['ner']])}</w:tc></w:tr></w:tbl>"
    )
    assert text == "| Wide |  |\n| --- | --- |\n| a |  |\n| in ner |"


def test_the_strict_dialect_and_macros_change_nothing():
    strict = word.body(paragraph("Strictly.")).replace(W, "http://purl.oclc.org/ooxml/wordprocessingml/main")
    macros = {"word/vbaProject.bin": b"\xd0\xcf\x11\xe0", "word/document.xml": strict}
    assert text_of(parts=macros) == "Strictly."


def test_a_document_without_styles():
    assert text_of(paragraph("Bare.", style="Nowhere"), styles=False) == "Bare."


@pytest.mark.parametrize(
    ("data", "error", "word_of_it"),
    [
        (word.bomb(150), TooComplex, "unpack"),
        (docx(parts={"word/x.xml": b"\0" * 4_000_000}), TooComplex, "unpack"),
        (word.laughing(), Unsupported, "entities"),
        (word.external_entity(), Unsupported, "entities"),
        (docx(parts={"word/document.xml": "\ufeff<!DOCTYPE d>x".encode("utf-16-le")}), Unsupported, "entities"),
        (word.lying(), Corrupted, "damaged"),
        (word.crowded(), TooComplex, "parts"),
        (word.locked(), Encrypted, "password"),
        (word.office_encrypted(), Encrypted, "password"),
        (docx(parts={"../../etc/cron.d/x": "x"}), Unsupported, "lead out"),
        (docx(parts={"/etc/passwd": "x"}), Unsupported, "lead out"),
        (docx(parts={"word\\..\\x": "x"}), Unsupported, "lead out"),
        (docx(parts={"C:/x": "x"}), Unsupported, "lead out"),
        (docx(), NoText, "no text"),
        (docx(parts={"word/document.xml": "<w:document"}), Corrupted, "damaged"),
        (docx(parts={"word/document.xml": "<html><body/></html>"}), Unsupported, "without a Word document"),
        (docx(parts={"word/document.xml": "<a>" * 400 + "</a>" * 400}), Corrupted, "damaged"),
        (docx(parts={"xl/workbook.xml": "x"}), Unsupported, "Excel"),
        (docx(paragraph("x"))[:-30], Corrupted, "damaged"),
        (docx(paragraph("x"))[:200], Corrupted, "damaged"),
        (word.archive({"nested.docx": docx(paragraph("Inner."))}), Unsupported, "without a Word document"),
    ],
)
def test_refused_by_name(data, error, word_of_it):
    begin = time.process_time()
    with pytest.raises(error, match=word_of_it) as caught:
        read_docx(data)
    assert "contract.docx" in caught.value.message
    assert time.process_time() - begin < 5


def test_the_sum_of_what_it_holds_is_bounded_whatever_the_ratio(monkeypatch):
    monkeypatch.setattr("services.ingest.extract.archive.UNPACKED_BYTES", 100_000)
    with pytest.raises(TooComplex, match="unpack"):
        read_docx(docx(paragraph("Words."), parts={"word/media/x.png": random.Random(1).randbytes(100_000)}))


def test_nothing_is_unpacked_of_what_is_refused(monkeypatch):
    """B8: refused before parsing."""
    monkeypatch.setattr("zipfile.ZipFile.read", lambda *_: pytest.fail("unpacked"))
    for data in (word.bomb(150), word.crowded(), word.locked(), docx(parts={"../x": "x"})):
        with pytest.raises((TooComplex, Encrypted, Unsupported)):
            read_docx(data)


def test_too_much_text():
    with pytest.raises(TooLarge, match="1,000 characters"):
        read_docx(docx(*[paragraph("word " * 20)] * 20), max_chars=1000)


def test_a_relationship_never_leads_out_of_the_archive():
    rels = (
        '<Relationships><Relationship Type="x/officeDocument" Target="file:///etc/passwd" TargetMode="External"/>'
        '<Relationship Type="x/officeDocument" Target="../../../word/document.xml"/></Relationships>'
    )
    assert text_of(paragraph("Here."), parts={"_rels/.rels": rels}) == "Here."
