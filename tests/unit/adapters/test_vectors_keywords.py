"""Words weigh what the engine itself would have them weigh, and numbers are words, too."""

from pathlib import Path

import pytest
import qdrant_edge as edge
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support import labelled
from tokenline.adapters import vectors_keywords
from tokenline.adapters.vectors_keywords import _NUMBER as NUMBER
from tokenline.adapters.vectors_keywords import Keywords

ENGINE = edge.Bm25(edge.Bm25Config(tokenizer=edge.TokenizerType.Multilingual, ascii_folding=True, avg_len=100.0))
KEYWORDS = Keywords()

spaces = st.sampled_from([" ", "  ", "\n", "\n\n", "\t"])
ascii_words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)
latin_words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x24F), min_size=1, max_size=12)
quoted_words = st.text(st.sampled_from("abcXYZäéß019.,'-_/“”‘’–—…‚„€·\u2010\u2026"), min_size=1, max_size=12)
any_words = st.text(min_size=1, max_size=6)
known_words = st.sampled_from(
    ["the", "bridges", "bridge", "don't", "4.2", "e-mail", "Maß", "2026-11-25", "橋", "Brücken"]
)
texts = st.lists(st.one_of(spaces, ascii_words, latin_words, quoted_words, known_words, any_words), max_size=60).map(
    "".join
)
plain = st.lists(st.one_of(spaces, ascii_words, quoted_words, known_words), max_size=80).map("".join)


def weights(vector):
    assert len(set(vector.indices)) == len(vector.indices)
    return dict(zip(vector.indices, vector.values, strict=True))


@settings(max_examples=300, deadline=None)
@given(st.one_of(texts, plain))
@example("")
@example("the")
@example("x,y," * 500)
@example("a\u0308b a\u00adb \u00ad b")
@example("x y\u00a0")
@example("x\x0c y")
@example("x\u2003y")
@example("a\u00adb \u00ad b")
def test_each_text_weighs_what_the_engine_has_it_weigh(text):
    words = NUMBER.sub("", text)
    assert weights(KEYWORDS.of_passage(words)) == weights(ENGINE.embed_document(words))
    asked = KEYWORDS.of_query(words)
    assert (weights(asked) if asked else {}) == weights(ENGINE.embed_query(words))


def test_real_texts_do_too():
    texts = [path.read_text(errors="replace") for path in Path(labelled.__file__).parent.joinpath("files").iterdir()]
    passages = [text[at : at + 900] for text in texts for at in range(0, len(text), 900)]
    assert len(passages) > 20
    for passage in (NUMBER.sub("", passage) for passage in passages):
        assert weights(KEYWORDS.of_passage(passage)) == weights(ENGINE.embed_document(passage))


def test_what_was_kept_is_forgotten_before_it_is_too_much(monkeypatch):
    monkeypatch.setattr(vectors_keywords, "_PIECES", 10)
    keywords = Keywords()
    text = " ".join(f"word{number} {'x' * 200}{number}" for number in range(100))
    keywords.of_passage(" ".join(str(number) for number in range(100)))
    assert weights(keywords.of_passage(text)) == weights(ENGINE.embed_document(text))
    assert len(keywords._words) <= 10
    assert len(keywords._numbers) <= 10


@pytest.mark.parametrize(
    ("passage", "found", "others"),
    [
        ("Revenue of 2024 was good.", ["2024", "in 2024?", "2024."], ["2023", "202", "20", "24"]),
        ("See § 14 and 3.5 of it.", ["§14", "14.", "3.5", "5"], ["15", "35"]),
        ("Paid on 2026-11-25, 1,200 euros.", ["2026", "25", "1,200", "200"], ["2", "120"]),
        ("Part x17 of the type 30km.", ["x17"], ["17", "30"]),
        ("合同2024年签订。", ["2024"], ["2023"]),
    ],
)
def test_numbers_are_words_as_they_stand(passage, found, others):
    there = set(KEYWORDS.of_passage(passage).indices)
    for query in found:
        assert asked_for(query) <= there, query
    for query in others:
        assert not asked_for(query) & there, query


def asked_for(query):
    vector = KEYWORDS.of_query(query)
    assert vector is not None
    return set(vector.indices)


def test_a_number_weighs_what_a_word_does():
    vector = KEYWORDS.of_passage("bridge 2024")
    assert len(vector.indices) == 2
    assert vector.values[0] == vector.values[1]


@pytest.mark.parametrize("query", ["what is the", ""])
def test_stop_words_ask_for_nothing(query):
    assert Keywords().of_query(query) is None


def test_a_question_has_the_numbers_of_the_passage():
    asked = Keywords().of_query("bridges")
    assert asked is not None
    assert set(asked.indices) <= set(KEYWORDS.of_passage("The bridge over the river.").indices)
