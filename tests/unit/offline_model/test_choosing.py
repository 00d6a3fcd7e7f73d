"""What the stand-in looks at beside the words of a question: headings, what is asked for, the sentence before, rows."""

import pytest

from tokenline.core.passages import NumberedPassage
from tokenline.offline_model.candidates import candidates, is_heading
from tokenline.offline_model.extract import choose
from tokenline.offline_model.words import sentences

FAQ = """# Help

## How long may I keep a film?

One week only, please. Books stay for four.

## What happens if I am late?

We charge 20 cents for each day.
"""
TABLE = """| Article | Name | Price (EUR) |
| --- | --- | --- |
| A-1 | Oak board | 64.50 |
| A-2 | Pine board | 28.90 |
"""


def first(question: str, *texts: str) -> str:
    given = [NumberedPassage(number=number, source="a.md", text=text) for number, text in enumerate(texts, 1)]
    quotes = choose(question, given).quotes
    return quotes[0].sentence if quotes else ""


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        # Its heading says what a sentence is about, and is no answer itself.
        ("What do I pay when I am late?", FAQ, "We charge 20 cents for each day."),
        ("How long may I keep a film?", FAQ, "One week only, please."),
        # "It" is what the sentence before named.
        ("How high is the tower?", "The tower stands in Brill. It is 60 metres high.", "It is 60 metres high."),
        # A time, a sum, a measure, a name: what is asked for outweighs a word more.
        ("When did the line open?", "The line opened with music. The line opened in 1868.", "The line opened in 1868."),
        ("What does the boat cost?", "The boat is boat 4. The boat was 900 euros.", "The boat was 900 euros."),
        ("How heavy is the device?", "The device has 3 feet. The device weighs 142 kg.", "The device weighs 142 kg."),
        ("Wer ist Bootswart?", "Ein Bootswart fehlt nicht. Bootswart ist Jan Nowak.", "Bootswart ist Jan Nowak."),
        # Parts of German compounds meet.
        ("Wie hoch ist der Druck?", "Hoch lebe er. Der Anlagendruck beträgt 2 bar.", "Der Anlagendruck beträgt 2 bar."),
        ("price of the pine board", TABLE, "| A-2 | Pine board | 28.90 |"),
    ],
)  # fmt: skip
def test_the_sentence_that_answers_comes_first(question, text, expected):
    assert first(question, text) == expected


def test_rows_know_their_columns_and_are_no_headings_themselves():
    found = candidates([NumberedPassage(number=1, source="a.csv", text=TABLE)])
    assert [one.quote.sentence for one in found] == ["| A-1 | Oak board | 64.50 |", "| A-2 | Pine board | 28.90 |"]
    assert {one.quote.columns for one in found} == {"Article, Name, Price (EUR)"}


def test_few_words_without_an_end_may_be_all_that_a_slide_says():
    assert is_heading("Revenue 2025")
    assert first("revenue", "Revenue 2025\n\nSome other sentence stands here.") == "Revenue 2025"


def test_a_word_in_common_is_not_an_answer():
    given = [NumberedPassage(number=1, source="a.md", text="Dinners with clients need the names of all guests.")]
    chosen = choose("Which vaccines does a puppy need?", given)
    assert not chosen.fits
    assert choose("Whose names do dinners with clients need?", given).fits


def test_german_ordinals_and_fields_of_json():
    assert sentences("Es beginnt am 1. März. Zahlbar ist es am 3. Werktag eines Monats.") == [
        "Es beginnt am 1. März.",
        "Zahlbar ist es am 3. Werktag eines Monats.",
    ]
    assert sentences("limits.body: 256\nlimits.time: 12") == ["limits.body: 256", "limits.time: 12"]


def test_a_question_may_be_a_whole_document():
    words = " ".join(f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(600))
    assert first(f"{words} harbour", "The harbour is deep.", "Another one.") == "The harbour is deep."
