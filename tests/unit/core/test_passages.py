"""Passages survive the way through a prompt."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tokenline.contracts.attachments import Passage
from tokenline.contracts.chat import UnreadFile
from tokenline.core.passages import (
    END,
    HEADING,
    OPENING_HEADING,
    parse,
    parse_unread,
    render,
    render_unread,
    source,
)


def passage(content: str = "text", name: str = "a.pdf", page: int | None = 1, similarity: float = 0.5) -> Passage:
    return Passage(
        attachment_id="f",
        name=name,
        page=page,
        start=0,
        end=len(content),
        content=content,
        similarity=similarity,
    )


hostile = st.one_of(
    st.text(),
    st.lists(st.sampled_from([HEADING, OPENING_HEADING, END, "[1] x", "  [2] y", "", " ", "\r", "\u2028"])).map(
        "\n".join
    ),
)
passages = st.lists(
    st.builds(passage, hostile, hostile, st.none() | st.integers(1, 9999), st.sampled_from([0.0, 0.5])), max_size=5
)


@given(passages, hostile)
def test_what_is_rendered_is_read_back_unchanged(given, after):
    prompt = f"You are a helpful assistant.\n{render(given)}\n{after}" if given else render(given)
    opening = not any(p.similarity for p in given)
    assert [(p.number, p.source, p.text, p.opening) for p in parse(prompt)] == [
        (number, source(p), p.content, opening) for number, p in enumerate(given, 1)
    ]
    assert parse_unread(render(given)) == []


def test_the_format_is_the_documented_one():
    given = [
        passage("The budget\nis 4.2 million.", "report.pdf", 3),
        passage("x", "notes.txt", None),
        replace(passage("y", "notes.md", None), section="Travel › \n Trains"),
    ]
    assert render(given).split("\n") == [
        "Passages from the user's files:",
        "[1] report.pdf, page 3",
        "  The budget",
        "  is 4.2 million.",
        "[2] notes.txt",
        "  x",
        "[3] notes.md, section Travel › Trains",
        "  y",
        "End of passages.",
    ]


def test_passages_similar_to_nothing_are_openings():
    assert render([passage(similarity=0.0)]).split("\n")[0] == OPENING_HEADING
    assert render([passage(similarity=0.0), passage()]).split("\n")[0] == HEADING


def test_files_without_passages_are_named_and_read_back():
    files = [
        UnreadFile(name="a scan.pdf", reason="“a scan.pdf” has no text in it. It may be a scan."),
        UnreadFile(name=" “b”\n.pdf", reason="Broken:\nin many ways."),
    ]
    prompt = "\n\n".join(["Be brief.", *map(render_unread, files), render([passage()])])
    assert prompt.split("\n\n")[1].startswith("The file “a scan.pdf” could not be read: “a scan.pdf” has no text")
    assert parse_unread(prompt) == [
        files[0],
        UnreadFile(name="“b” .pdf", reason="Broken: in many ways."),
    ]


def test_no_passages_no_block():
    assert render([]) == ""
    assert parse("Be brief.") == []


def test_unindented_text_is_taken_too():
    (only,) = parse(f"{HEADING}\n[7] a.md\nfirst\nsecond\n{END}\nfirst")
    assert (only.number, only.source, only.text) == (7, "a.md", "first\nsecond")
