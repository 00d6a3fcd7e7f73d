"""What conversations are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.chat import Conversation, TitleSource
from tokenline.contracts.errors import BadRequest
from tokenline.core import titles

CONVERSATION = Conversation(id="c", owner_id="u", agent_id="a", title="", created_at=1.0, updated_at=1.0)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Alps \n and\tmore ", "Alps and more"),
        ("a\x00b\x1b[31m", "a b [31m"),
        ("\u202egnp.exe", "gnp.exe"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("नमस्ते 👩\u200d🔬", "नमस्ते 👩\u200d🔬"),
    ],
)
def test_a_title_is_one_line_of_what_can_be_seen(typed, kept):
    assert titles.clean(typed) == kept


@pytest.mark.parametrize("typed", ["", "  ", "\x00\n", "\u200b\u2060", "\u200d", "x" * 201])
def test_one_without_anything_to_see_or_too_long_is_refused(typed):
    with pytest.raises(BadRequest, match="title"):
        titles.clean(typed)


@pytest.mark.parametrize(
    ("question", "answer", "title"),
    [
        ("How tall is Mont Blanc?", "4,806 metres.", "How tall is Mont Blanc?"),
        ("How tall is Mont Blanc?", "# Height of **Mont Blanc**\n\nIt is …", "Height of Mont Blanc"),
        ("How tall is Mont Blanc?", "# " + "far too long " * 9, "How tall is Mont Blanc?"),
        ("Hi!", "Hello, what can I do for you? Ask away.", "Hello, what can I do for you?"),
        ("help", "```py\nprint()\n```\nThe [report](http://x) says **no** [1]. More.", "The report says no"),
        ("test", "Yes.", "test"),
        ("word " * 40, "Yes.", "word " * 10 + "word word…"),
    ],
)
def test_an_exchange_is_named_after_its_question_unless_the_answer_says_it_better(question, answer, title):
    assert titles.of_exchange(question, answer) == title


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("“Height of Mont Blanc”", "Height of Mont Blanc"),
        ("\n# Title: **The Alps**\nbecause", "The Alps"),
        ("", ""),
        ("  \n ", ""),
        ('""', ""),
    ],
)
def test_a_model_is_taken_at_its_first_line(said, title):
    assert titles.of_model(said) == title


@given(st.text(), st.text())
def test_a_made_title_could_have_been_typed(question, answer):
    for made in (titles.of_question(question), titles.of_exchange(question, answer), titles.of_model(answer)):
        assert len(made) <= titles.MADE_TITLE + 1
        assert titles.fold(made) == made


def test_what_a_user_has_named_keeps_its_name():
    asked = titles.renamed(CONVERSATION, "Asked", TitleSource.QUESTION)
    assert (asked.title, asked.title_from) == ("Asked", TitleSource.QUESTION)
    said = titles.renamed(asked, "Said", TitleSource.EXCHANGE)
    assert (said.title, said.title_from) == ("Said", TitleSource.EXCHANGE)
    assert titles.renamed(said, "Again", TitleSource.EXCHANGE) is said
    assert titles.renamed(said, "Again", TitleSource.QUESTION) is said
    assert titles.renamed(asked, "", TitleSource.EXCHANGE) is asked
    [mine] = [Conversation(**{f: getattr(asked, f) for f in asked.__struct_fields__} | {"title_from": "user"})]
    assert titles.renamed(mine, "Said", TitleSource.EXCHANGE) is mine
