"""A growing text and the cursors into it: whatever arrives in whatever pieces, nothing is missing and nothing twice."""

from hypothesis import given
from hypothesis import strategies as st

from tokenline.core.stream import Appended, StreamText


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=40))
def test_overlaps_and_repeats_never_change_the_text(text: str, pieces: list[tuple[int, int]]) -> None:
    stream = StreamText(1)
    for start, length in pieces:
        known = stream.length
        outcome = stream.append(1, start, text[start : start + length])
        if start > known:
            assert outcome is Appended.GAP
    assert str(stream) == text[: stream.length]


@given(st.lists(st.text(min_size=1, max_size=5), max_size=20), st.integers(0, 110), st.integers(1, 110))
def test_beyond_is_the_rest_of_the_text(chunks: list[str], offset: int, at_most: int) -> None:
    stream = StreamText(1)
    for chunk in chunks:
        stream.append(1, stream.length, chunk)
    assert stream.beyond(offset) == "".join(chunks)[offset:]
    assert stream.beyond(offset, at_most) == "".join(chunks)[offset : offset + at_most]


def test_a_newer_attempt_starts_over_and_an_older_one_is_void() -> None:
    stream = StreamText()
    stream.append(1, 0, "first")
    assert stream.append(2, 0, "second") is Appended.GREW
    assert stream.append(1, 5, " late") is Appended.REPEATED
    assert (str(stream), stream.attempt) == ("second", 2)


def test_of_a_piece_that_overlaps_only_the_new_part_is_taken() -> None:
    stream = StreamText(1)
    stream.append(1, 0, "0123456")
    assert stream.append(1, 4, "456789") is Appended.GREW
    assert stream.append(1, 2, "23") is Appended.REPEATED
    assert str(stream) == "0123456789"
