"""Old encodings that a header names, and headers that are not to be believed."""

import pytest

from tokenline.core.filetype import PDF, PLAIN
from tokenline.core.web_text import Recoder, declared_encoding

GREEK = "Η ουρά προχωρά".encode("iso-8859-7")


@pytest.mark.parametrize(
    ("head", "mime_type", "header", "encoding"),
    [
        (GREEK, PLAIN, "text/plain; charset=ISO-8859-7", "iso8859-7"),
        ("“Fünf”".encode("cp1252"), PLAIN, "text/plain; charset=iso-8859-1", "cp1252"),
        ("Fünf".encode(), PLAIN, "text/plain; charset=iso-8859-1", None),
        (b"plain", PLAIN, "text/plain; charset=iso-8859-7", None),
        (GREEK, PLAIN, "text/plain", None),
        (GREEK, PLAIN, "text/plain; charset=utf-8", None),
        (GREEK, PLAIN, "text/plain; charset=nonsense", None),
        (GREEK, PLAIN, "text/plain; charset=rot13", None),
        (GREEK, PLAIN, "text/plain; charset=base64", None),
        (GREEK, PLAIN, "text/plain; charset=zlib", None),
        (GREEK, PLAIN, "text/plain; charset=unicode_escape", None),
        (GREEK, PDF, "application/pdf; charset=iso-8859-7", None),
        (GREEK, PLAIN, None, None),
    ],
)
def test_a_header_is_believed_where_the_content_does_not_speak(
    head: bytes, mime_type: str, header: str | None, encoding: str | None
):
    assert declared_encoding(head, mime_type, header) == encoding


def test_pieces_may_end_inside_a_letter():
    data = "列に並ぶ".encode("shift_jis")
    recoder = Recoder("shift_jis")
    pieces = [recoder.feed(data[place : place + 1]) for place in range(len(data))]
    assert b"".join([*pieces, recoder.feed(b"", final=True)]).decode() == "列に並ぶ"
