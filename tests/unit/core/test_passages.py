"""Passages survive the way through a prompt, and only those an answer names become its citations."""

from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.attachments import Passage
from tokenline.core.passages import END, HEADING, cited, parse, render, source


def passage(content: str = "text", name: str = "a.pdf", page: int | None = 1) -> Passage:
    return Passage(attachment_id="f", name=name, page=page, start=0, end=len(content), content=content, similarity=0.5)


hostile = st.one_of(
    st.text(),
    st.lists(st.sampled_from([HEADING, END, "[1] x", "  [2] y", "", " ", "\r", "\u2028"])).map("\n".join),
)
passages = st.lists(st.builds(passage, hostile, hostile, st.none() | st.integers(1, 9999)), max_size=5)


@given(passages, hostile)
def test_what_is_rendered_is_read_back_unchanged(given, after):
    prompt = f"You are a helpful assistant.\n{render(given)}\n{after}" if given else render(given)
    assert [(p.number, p.source, p.text) for p in parse(prompt)] == [
        (number, source(p), p.content) for number, p in enumerate(given, 1)
    ]


def test_the_format_is_the_documented_one():
    given = [passage("The budget\nis 4.2 million.", "report.pdf", 3), passage("x", "notes.txt", None)]
    assert render(given).split("\n") == [
        "Passages from the user's files:",
        "[1] report.pdf, page 3",
        "  The budget",
        "  is 4.2 million.",
        "[2] notes.txt",
        "  x",
        "End of passages.",
    ]


def test_no_passages_no_block():
    assert render([]) == ""
    assert parse("Be brief.") == []


def test_unindented_text_is_taken_too():
    (only,) = parse(f"{HEADING}\n[7] a.md\nfirst\nsecond\n{END}\nfirst")
    assert (only.number, only.source, only.text) == (7, "a.md", "first\nsecond")


def test_only_named_passages_are_citations():
    given = [passage(str(number)) for number in range(1, 6)]
    text = "As stated [2], and again [2]; see [1, 4] or【5】. There is no [9]. `x[3]` and\n```\ny[3]\n```"
    assert [citation.number for citation in cited(text, given)] == [1, 2, 4, 5]
    assert cited(text, given)[0].passage == "1"


def test_an_answer_without_marks_has_no_citations():
    assert cited("Nothing [x] here [ ].", [passage()]) == ()
