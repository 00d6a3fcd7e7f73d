"""Cursors come back as they were made, and nothing else gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.errors import BadRequest
from tokenline.core.paging import decode_cursor, encode_cursor


@given(st.tuples(st.floats(0, 4e9), st.text(st.characters(codec="utf-8"))))
def test_a_cursor_comes_back_as_it_was_made(key: tuple[float, str]):
    assert decode_cursor(encode_cursor(key), tuple[float, str]) == key


@given(st.text())
def test_anything_else_is_refused(text: str):
    try:
        key = decode_cursor(text, int)
    except BadRequest:
        return
    assert isinstance(key, int)


@pytest.mark.parametrize("text", ["!", "é", encode_cursor("x"), encode_cursor([1, 2])])
def test_cursors_of_other_listings_are_refused(text: str):
    with pytest.raises(BadRequest):
        decode_cursor(text, int)
