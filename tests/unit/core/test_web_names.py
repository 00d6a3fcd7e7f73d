"""What a page is called once it is a file."""

import pytest

from tokenline.core.filetype import HTML, MARKDOWN, PDF, PLAIN
from tokenline.core.web_address import web_address
from tokenline.core.web_names import address_name, disposition_name, title_of, with_suffix


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="a report.pdf"', "a report.pdf"),
        ("inline; filename=plain.txt", "plain.txt"),
        ("attachment; filename*=UTF-8''%C3%BCber.pdf", "über.pdf"),
        ("attachment; filename*=nonsense''%FF.pdf", "ÿ.pdf"),
        ("attachment", None),
        ("", None),
        (None, None),
    ],
)
def test_a_disposition_names_the_file(header: str | None, name: str | None):
    assert disposition_name(header) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/docs/paper.pdf?x=1", "paper.pdf"),
        ("https://example.org/docs/", "docs"),
        ("https://example.org", "example.org"),
        ("https://example.org/%C3%BCber", "über"),
    ],
)
def test_an_address_names_the_file(url: str, name: str):
    assert address_name(web_address(url, (443,))) == name


def test_a_page_is_called_by_its_title():
    assert title_of(b"<!doctype html><title lang=en>\n Queues &amp;\n lines </title>") == "Queues & lines"
    assert title_of("<title>Über/unter</title>".encode()) == "Über-unter"
    assert title_of(b"<title></title>") is None
    assert title_of(b"<p>None") is None


def test_a_file_is_called_by_its_kind():
    assert with_suffix("2401.01234", PDF) == "2401.01234.pdf"
    assert with_suffix("Queues", HTML) == "Queues.html"
    assert with_suffix("index.HTM", HTML) == "index.HTM"
    assert with_suffix("LICENSE", PLAIN) == "LICENSE.txt"
    assert with_suffix("main.py", PLAIN) == "main.py"
    assert with_suffix("README.md", MARKDOWN) == "README.md"
