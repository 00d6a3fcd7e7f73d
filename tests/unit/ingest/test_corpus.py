"""Every kind of file, sound and broken: the expected outcome, and offsets that are true (R2, R4)."""

import contextlib
import itertools
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pypdfium2 import PdfDocument, PdfiumError

from services.ingest.chunk import cut
from services.ingest.extract import pdf_pdfium
from services.ingest.extract.readers import read
from services.ingest.extract.source import Read, Source
from services.ingest.passages import chunks_of
from tests.support import documents
from tests.support.corpus import LETTERS, Specimen, outlined_pdf, specimens
from tests.support.drafts import an_attachment
from tests.support.word import docx, paragraph
from tokenline.contracts.attachments import DocumentInfo
from tokenline.contracts.errors import Rejected
from tokenline.core.clock import ManualClock

# Parsers warn of what is wrong with a file; the sandbox does not listen.
pytestmark = pytest.mark.filterwarnings("ignore")

BEYOND = {("cut-off.pdf", "pypdf"): "corrupted"}
"""What one library alone cannot read."""
SPECIMENS = {specimen.name: specimen for specimen in specimens()}
SOUND = [specimen.data for specimen in SPECIMENS.values() if len(specimen.data) < 100_000]


def passages(text):
    spans = cut(text)
    for chunk in chunks_of(an_attachment(ManualClock()), text, spans):
        assert text.text[chunk.start : chunk.end] == chunk.content
        assert chunk.content.strip()
        assert len(chunk.content) <= 1000
        assert (chunk.page is None) == (text.page_starts is None)
    for heading in text.headings:
        assert 0 <= heading.start <= len(text.text)
    return spans


@pytest.mark.parametrize("reader", ["pdfium", "pypdf", "auto"])
@pytest.mark.parametrize("name", [name for name in SPECIMENS if name.endswith(".pdf")])
def test_each_pdf_has_its_outcome_with_either_library(name, reader):
    specimen = SPECIMENS[name]
    if (name, reader) in BEYOND:
        specimen = replace(specimen, outcome=BEYOND[name, reader], says="")
    check(specimen, reader)


@pytest.mark.parametrize("name", [name for name in SPECIMENS if not name.endswith(".pdf")])
def test_each_document_has_its_outcome(name):
    check(SPECIMENS[name])


def outcome(source: Source) -> Read | Rejected:
    """Anything else is raised and fails the test."""
    try:
        return read(source)
    except Rejected as error:
        return error


def check(specimen: Specimen, reader="auto"):
    found = outcome(Source(specimen.data, specimen.name, pdf_reader=reader))
    if isinstance(found, Rejected):
        assert found.code == specimen.outcome, found.message
        assert specimen.name in found.message
        return
    spans = passages(found.text)
    if found.picture is None:
        assert specimen.outcome == ("ok" if spans else "no_passages")
    assert specimen.says in found.text.text


@pytest.mark.parametrize("reader", ["pdfium", "pypdf"])
def test_an_outline_becomes_sections_where_its_titles_stand(reader):
    text = "Some words that fill the page with sentences. " * 12
    found = read(Source(outlined_pdf(lambda _: text), "a.pdf", pdf_reader=reader))
    assert [(heading.level, heading.title) for heading in found.text.headings] == [
        (1, "Introduction"),
        (1, "Methods"),
        (2, "Sampling"),
    ]
    assert all(found.text.text[h.start :].startswith(h.title) for h in found.text.headings)
    assert found.document is not None
    assert (found.document.title, found.document.author) == ("On sampling", "Ann")
    chunks = list(chunks_of(an_attachment(ManualClock()), found.text, cut(found.text)))
    assert {(chunk.page, chunk.section) for chunk in chunks} == {
        (1, "Introduction"),
        (2, "Methods"),
        (3, "Methods › Sampling"),
    }


@pytest.mark.parametrize("reader", ["pdfium", "pypdf"])
def test_pages_without_text_are_named(reader):
    found = read(Source(SPECIMENS["mixed.pdf"].data, "a.pdf", pdf_reader=reader))
    assert found.warning == "Pages 2–3 and 5 have no text."
    assert len(found.text.page_starts or ()) == 5


def test_html_keeps_headings_lists_and_tables_and_says_what_it_is():
    page = (
        "<html lang='de'><head><title> A \n title </title><meta name='author' content='Ann'></head>"
        "<body><main><h1>One</h1><p>Some words that stand before the list of things, so that there is a text.</p>"
        "<ul><li>first <b>bold</b></li>"
        "<li>second</li></ul><h2>Two</h2><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
        "</main></body></html>"
    )
    found = read(Source(page.encode(), "a.html"))
    assert found.text.text == (
        "# One\n\nSome words that stand before the list of things, so that there is a text.\n- first bold\n- second\n\n"
        "## Two\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"
    )
    assert [(heading.level, heading.title) for heading in found.text.headings] == [(1, "One"), (2, "Two")]
    assert found.document == DocumentInfo(title="A title", author="Ann", language="de")


def test_markdown_headings_outside_of_code():
    text = "# One #\n\nWords.\n\n```sh\n# no heading\n```\n\n## Two\n"
    found = read(Source(text.encode(), "a.md"))
    assert [(heading.level, heading.title) for heading in found.text.headings] == [(1, "One"), (2, "Two")]
    assert found.text.text == text


@pytest.mark.parametrize("encoding", LETTERS)
def test_letters_of_every_encoding(encoding):
    found = read(Source(LETTERS[encoding].encode(encoding), "a.txt"))
    assert found.text.text == LETTERS[encoding]


@pytest.mark.parametrize(
    "text",
    [
        "Le présent contrat est conclu entre les parties. La durée est d'une année à compter de la signature.",
        "El presente contrato se celebra entre las partes. La duración será de un año; ¿de acuerdo? Véase la página.",
        "Detta avtal ingås mellan parterna. Avtalstiden är ett år från dagen för undertecknandet, så småningom.",
    ],
)
def test_letters_of_western_europe_win_a_tie(text):
    assert read(Source(text.encode("cp1252"), "a.txt")).text.text == text


def test_a_word_that_goes_on_in_the_next_line_is_one_word():
    lines = b"BT /F1 12 Tf 50 700 Td (a line that ends in man-) Tj 0 -14 Td (agement of things) Tj ET"
    found = read(Source(documents.raw_pdf(lines), "a.pdf", pdf_reader="pdfium"))
    assert found.text.text == "a line that ends in management of things"


def test_what_no_engine_stores_is_replaced():
    data = b"zero " * 3000 + b"\x00 and \xed\xa0\x80 half a pair"
    text = read(Source(data, "a.txt")).text.text
    assert "\x00" not in text
    text.encode()


_parts = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [b"%PDF-1.7\n", b"PK\x03\x04word/", b"<html>", b"<table><tr>", b'{"a":[', b"a,b\n1,2\n", b"GIF89a", b"\0"]
    ),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(_parts, max_size=6).map(b"".join),
    st.sampled_from(["a.txt", "a.pdf", "a.docx", "a.html", "a.csv", "a.json", "a.md", "a.png", "a"]),
)
def test_any_bytes_have_a_typed_outcome(data, name):
    found = outcome(Source(data, name, pdf_reader="pypdf"))
    if isinstance(found, Rejected):
        assert name in found.message
    else:
        found.text.text.encode()
        passages(found.text)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(SOUND), st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=5))
@example(docx(paragraph("A note.")), [(1.0, b"\x01\x00\x00")])  # a directory that lies before the file's beginning
def test_any_damage_to_a_sound_file_has_a_typed_outcome(data, damages):
    damaged = bytearray(data)
    for place, change in damages:
        at = int(place * max(0, len(damaged) - len(change)))
        damaged[at : at + len(change)] = change
    found = outcome(Source(bytes(damaged), "a", pdf_reader="pypdf"))
    if not isinstance(found, Rejected):
        passages(found.text)


def test_a_page_is_put_together_once_and_is_the_same():
    pages = 0
    for specimen in SPECIMENS.values():
        if not specimen.data.startswith(b"%PDF-"):
            continue
        with contextlib.suppress(PdfiumError), PdfDocument(specimen.data) as document:
            for page in itertools.islice(document, 20):
                text = page.get_textpage()
                assert pdf_pdfium._text_within(text, page.get_bbox()) == text.get_text_bounded()
                pages += 1
    assert pages > 20
