"""The stand-in finds the sentence that answers, and quotes it word for word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenline.core.passages import NumberedPassage
from tokenline.offline_model.extract import best_quotes, opening_quotes
from tokenline.offline_model.words import asks_for_overview, content_words, sentences, words

REPORT = """Annual report
The company was founded in Lisbon in 1998 by Maria Sousa. It makes bicycle
frames of bamboo and flax.

The budget for 2026 is 4.2 million euros. Marketing receives a tenth of the
budget. The rest goes to research and to the plant in Porto.
- Head of research: Dr. Amélie Durand
- Head of sales: John Smith
"""
MANUAL = """Hold the red button for five seconds to reset the device. The warranty lasts two years from the day of
purchase. Batteries are not covered by the warranty."""


def passage(number: int, text: str, source: str = "report.pdf, page 3") -> NumberedPassage:
    return NumberedPassage(number=number, source=source, text=text)


BOTH = [passage(1, REPORT), passage(2, MANUAL, "manual.md")]


@pytest.mark.parametrize(
    ("question", "number", "answer"),
    [
        ("What is the budget for 2026?", 1, "The budget for 2026 is 4.2 million euros."),
        ("how much money is budgeted in 2026", 1, "The budget for 2026 is 4.2 million euros."),
        ("Who founded the company?", 1, "The company was founded in Lisbon in 1998 by Maria Sousa."),
        ("How long does the warranty last?", 2, "The warranty lasts two years from the day of purchase."),
        ("Are batteries covered?", 2, "Batteries are not covered by the warranty."),
        ("How do I reset the device?", 2, "Hold the red button for five seconds to reset the device."),
        ("Who is the head of research?", 1, "- Head of research: Dr. Amélie Durand"),
        ("head of sales", 1, "- Head of sales: John Smith"),
    ],
)
def test_the_best_sentence_comes_first(question, number, answer):
    best = best_quotes(question, BOTH)[0]
    assert (best.number, best.sentence) == (number, answer)


def test_scripts_without_spaces():
    given = [passage(1, "会社は1998年に設立されました。予算は420万ユーロです。本社は東京にあります。")]
    assert best_quotes("予算はいくらですか？", given)[0].sentence == "予算は420万ユーロです。"
    assert best_quotes("本社はどこですか", given)[0].sentence == "本社は東京にあります。"


def test_no_common_word_no_quote():
    assert best_quotes("Why is the sky blue?", BOTH) == []
    assert best_quotes("", BOTH) == []
    assert best_quotes("anything", []) == []


def test_a_sentence_of_two_passages_is_quoted_once():
    quotes = best_quotes("warranty", [passage(1, MANUAL), passage(2, MANUAL)])
    assert [quote.number for quote in quotes] == [1, 1]
    assert len({quote.sentence for quote in quotes}) == 2


def test_openings_skip_headings_and_are_one_or_two_sentences():
    assert [quote.sentence for quote in opening_quotes(BOTH)] == [
        "The company was founded in Lisbon in 1998 by Maria Sousa. It makes bicycle frames of bamboo and flax.",
        "Hold the red button for five seconds to reset the device. "
        "The warranty lasts two years from the day of purchase.",
    ]


def test_openings_of_bare_headings_and_of_overlapping_passages():
    given = [passage(1, "Contents\n1 2 3 4 5 6"), passage(2, MANUAL), passage(3, MANUAL), passage(4, "")]
    quotes = opening_quotes(given)
    assert [quote.number for quote in quotes] == [1, 2, 3]
    assert quotes[0].sentence == "Contents 1 2 3 4 5 6"
    assert quotes[2].sentence == "Batteries are not covered by the warranty."


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Summarise this file", True),
        ("What is this document about?", True),
        ("What's in the PDF?", True),
        ("Please give me a short summary of the report.", True),
        ("tl;dr", True),
        ("Fasse diese Datei zusammen", True),
        ("Worum geht es?", True),
        ("Résume ce document", True),
        ("¿De qué trata el archivo?", True),
        ("Summarise the warranty", False),
        ("What about the budget?", False),
        ("Who is she?", False),
        ("", False),
    ],
)
def test_questions_about_the_file_as_a_whole(question, expected):
    assert asks_for_overview(question) is expected


def test_sentences_survive_line_breaks_abbreviations_and_figures():
    text = "Dr. Smith paid 4.2 million\nto J. Doe. It was much, e.g. too much! Was it?"
    assert sentences(text) == ["Dr. Smith paid 4.2 million to J. Doe.", "It was much, e.g. too much!", "Was it?"]


def test_rows_of_a_table_stay_apart():
    rows = [f"Article {i}, {i} pieces, at {i}.99 euros each, from the warehouse" for i in range(20)]
    assert sentences("\n".join(rows)) == rows


def test_words_meet_their_other_forms():
    assert words("Budgets budget")[0] == words("budget")[0]
    assert words("companies") == words("company")
    assert words("FOUNDED") == words("founded")
    assert content_words("What is the budget?") == words("budget")


@given(st.text(), st.lists(st.text(), max_size=4))
def test_quotes_are_words_of_their_passage(question, texts):
    given = [passage(number, text) for number, text in enumerate(texts, 1)]
    for quote in best_quotes(question, given):
        assert "".join(quote.sentence.split()) in "".join(texts[quote.number - 1].split())
