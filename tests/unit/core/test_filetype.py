"""What a file is, by content: names that lie, unknown encodings, refusals that say what was given."""

import pytest

from tokenline.contracts.errors import Encrypted, NoText, Unsupported
from tokenline.core.filetype import DOCX, encoding_of, sniff

PDF_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (PDF_HEAD, "report.pdf", "application/pdf"),
        (PDF_HEAD, "notes.txt", "application/pdf"),
        (b"\xef\xbb\xbf\r\n" + PDF_HEAD, "bom", "application/pdf"),
        (b"PK\x03\x04" + b"\x00" * 26 + b"word/document.xml", "letter", DOCX),
        (b"PK\x03\x04" + b"\x00" * 26 + b"docProps/thumbnail.jpeg", "letter.DOCX", DOCX),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "scan.pdf", "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "x", "image/jpeg"),
        (b"GIF89a\x01\x00", "x", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 \x00", "x", "image/webp"),
        (b"GIF89a is a format", "gif.txt", "text/plain"),
        ("Zeile ohne Marke".encode("utf-16-le"), "x.txt", "text/plain"),
        ("Zeile ohne Marke".encode("utf-16-be"), "x.txt", "text/plain"),
        (b"junk from a mail gateway\n" + PDF_HEAD, "x.PDF", "application/pdf"),
        (b"A file starts with\n%PDF-1.7 when it is one.", "about.md", "text/markdown"),
        (b"Hello there", "a.txt", "text/plain"),
        (b"Hello there", "no_extension", "text/plain"),
        (b"Hello there", "lying.pdf", "text/plain"),
        (b"MZ is how some programs begin", "mz.txt", "text/plain"),
        ("Grüße".encode("latin-1"), "short.txt", "text/plain"),
        (b"# Title\n\ntext", "README.MD", "text/markdown"),
        (b"a,b\n1,2\n", "table.csv", "text/csv"),
        (b'{"a": 1}', "data.json", "application/json"),
        (b"<!DOCTYPE html><p>x", "page.txt", "text/html"),
        (b"<?xml version='1.0'?>\n<!-- hi -->\n<html xmlns='x'>", "page", "text/html"),
        (b"<p>fragment</p>", "part.html", "text/html"),
        (b"no tags at all", "plain.html", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "p.svg", "text/plain"),
        ("naïve café, déjà vu à l'école élémentaire".encode("latin-1"), "fr.txt", "text/plain"),
        ("Grüße aus Köln".encode("utf-16"), "de.txt", "text/plain"),
        ("日本語のテキスト".encode(), "ja.txt", "text/plain"),
        (
            "日本語のテキストです。これは文字コードの判定を確かめる文章です。".encode("shift_jis"),
            "s.txt",
            "text/plain",
        ),
    ],
)
def test_kind_by_content(head, name, expected):
    assert sniff(head, name) == expected


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"PK\x03\x04" + b"\x00" * 26 + b"xl/workbook.xml", "Excel"),
        (b"PK\x03\x04" + b"\x00" * 26 + b"Index/Document.iwa", "Pages"),
        (b"PK\x03\x04" + b"\x00" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.text", "OpenDocument"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100, "save a .doc as .docx"),
        (b"PK\x03\x04" + b"\x00" * 26 + b"evil/../x", "ZIP"),
        (b"\x7fELF\x02\x01", "program"),
        (b"MZ\x90\x00\x03\x00", "program"),
        (b"{\\rtf1\\ansi some words}", "RTF"),
        (b"\x00\x00\x00\x18ftypmp42", "film"),
        (bytes(range(256)) * 4, "of a kind"),
        (b"text with a \x00 in it", "Word .*PNG"),
    ],
)
def test_refused_with_a_sentence_that_names_the_file(head, word):
    with pytest.raises(Unsupported, match=word) as caught:
        sniff(head, "holiday.pdf")
    assert "holiday.pdf" in caught.value.message


@pytest.mark.parametrize("head", [b"", b" \n\t "])
def test_empty(head):
    with pytest.raises(NoText, match="empty"):
        sniff(head, "nothing.txt")


def test_a_head_cut_inside_a_character_is_still_text():
    text = ("é" * 5000).encode()
    assert sniff(text[:8191], "a.txt") == "text/plain"
    assert encoding_of(text[:8191]) == "utf-8"


@pytest.mark.parametrize("name", ["plan.docx", "plan"])
def test_what_office_encrypted_is_said_to_be(name):
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 99
    with pytest.raises(Encrypted, match="without"):
        sniff(head, name)
