"""What a query asks for, what a text is made of, and where in it the hits are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenline.core.search import Terms, parse_query, searchable, snippet, words_of


def terms(query: str) -> Terms:
    parsed = parse_query(query)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("cafe", "Un CAFÉ, s'il vous plaît", True),
        ("café", "un cafe", True),
        ("STRASSE", "Die Straße", True),
        ("quan", "quantum foam", True),
        ("uant", "quantum foam", False),
        ('"quan"', "quantum foam", False),
        ('"quantum foam"', "a quantum, foam", True),
        ('"foam quantum"', "a quantum foam", False),
        ("foam quantum", "a quantum foam", True),
        ("quantum -foam", "a quantum foam", False),
        ("quantum -beer", "a quantum foam", True),
        ("don't", "I don't know", True),
        ("東京", "昨日は東京都へ行った", True),
        ("京", "昨日は東京都へ行った", True),
        ("京東", "昨日は東京都へ行った", False),
        ("ガ", "カラス", False),
        ("c++", "c is a language", True),
        ("🙂 quantum", "a quantum", True),
        ('NEAR(a b) OR "', "near a or b", True),
        ("words : x", "words x", True),
    ],
)
def test_a_query_matches_by_words(query: str, text: str, found: bool):
    assert terms(query).match(words_of(text)) is found
    if found:
        assert snippet(text, terms(query)).highlights


@pytest.mark.parametrize("query", ["", "  ", "…", '""', "-only -without", "🙂"])
def test_a_query_without_words_asks_for_nothing(query: str):
    assert parse_query(query) is None


def test_withdrawn_questions_and_instructions_are_not_found():
    assert searchable("user", "sent")
    assert searchable("assistant", "cancelled")
    assert not searchable("user", "cancelled")
    assert not searchable("system", "sent")


def test_highlights_are_code_points_of_the_snippet():
    shown = snippet("𝒜𝒷 <b>Cafe\u0301</b> 東京タワー ﬁne", terms("café 京 fine"))
    marked = [shown.text[start:end] for start, end in shown.highlights]
    assert marked == ["Cafe\u0301", "京", "ﬁne"] or marked == ["Cafe", "京", "ﬁne"]


def test_a_long_text_is_cut_around_its_first_hit():
    text = "word " * 5000 + "needle\nin the hay" + " word" * 5000
    shown = snippet(text, terms("needle"))
    assert shown.text.startswith("…")
    assert shown.text.endswith("…")
    assert "needle in the hay" in shown.text
    assert len(shown.text) <= 182
    assert [shown.text[a:b] for a, b in shown.highlights] == ["needle"]


@given(st.text(), st.text(max_size=50))
def test_whatever_is_typed_highlights_are_in_order_and_inside(text: str, query: str):
    asked = parse_query(query)
    if asked is None:
        return
    shown = snippet(text, asked)
    end = 0
    for start, stop in shown.highlights:
        assert end <= start < stop <= len(shown.text)
        end = stop


@given(st.text(min_size=1))
def test_a_text_is_found_by_itself_as_a_phrase(text: str):
    quoted = parse_query('"' + text.replace('"', " ")[:100] + '"')
    if quoted is not None:
        assert quoted.match(words_of(text.replace('"', " ")[:100]))
