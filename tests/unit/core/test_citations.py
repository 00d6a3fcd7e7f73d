"""Only what an answer itself says of passages that were given to its model becomes a citation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.attachments import Passage
from tokenline.core.citations import cited

OWN = "As shown in [2], the bridge holds."


def passage(content: str) -> Passage:
    return Passage(
        attachment_id="f",
        name="a.md",
        page=None,
        start=7,
        end=7 + len(content),
        content=content,
        similarity=0.5,
        section="Bridges",
    )


GIVEN = [passage(OWN), *(passage(str(number)) for number in range(2, 6))]


def numbers(text: str) -> list[int]:
    return [citation.number for citation in cited(text, GIVEN)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("As stated [2], and again [2]; see [1, 4] or【5】.", [1, 2, 4, 5]),
        ("Both say so [1][2].", [1, 2]),
        ("Both say so [1;3].", [1, 3]),
        ("A model's own way【3†source】【4†a.md】.", [3, 4]),
        ("Nobody gave [7], [0], [99999] or [-1].", []),
        ("Of a list, what was given counts: [2, 7].", [2]),
        ("Nothing [x] here [ ] and [].", []),
        ("A class of characters: [0-9], [1-3].", []),
        ("A link [1](https://example.org), a footnote [^1].", []),
        ("Not meant: \\[1].", []),
        ("`x[3]` and ``y`[4]`` but [5].", [5]),
        ("```\ny[3]\n```\n[4]", [4]),
        ("~~~py\ny[3]\n```\n[1]\n~~~\n[4]", [4]),
        ("````\n```\ny[3]\n```\nz[1]\n````\n[4]", [4]),
        ("```\nnever closed [3]", []),
        ("> ```\n\nOne odd ` backtick\n\nand [2], and ` another", [2]),
        ("It says “As shown in [2], the bridge holds.” [1]", [1]),
        ('It says "shown in [2], the\n bridge" and „in [2], the“ and «[2]» [3]', [2, 3]),
        ("It says “As shown\nin [2], the…” [1]", [1]),
        ("“Not what it says [2]” [1]", [1, 2]),
    ],
)
def test_marks(text, expected):
    assert numbers(text) == expected


def test_a_citation_is_the_passage_as_it_was_given():
    (only,) = cited("[1]", GIVEN)
    assert (only.passage, only.start, only.end, only.section) == (OWN, 7, 7 + len(OWN), "Bridges")


def test_without_passages_there_are_no_citations():
    assert cited("Surely [1].", []) == ()


@given(st.text(alphabet='[]1234567890, `~\n“”"a【】†', max_size=200))
def test_nothing_is_cited_that_was_not_given_and_said(text):
    for citation in cited(text, GIVEN):
        assert GIVEN[citation.number - 1].content == citation.passage
        assert str(citation.number) in text
