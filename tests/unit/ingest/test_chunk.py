"""Passages: true offsets, whole sentences, exact pages, and no text that takes the splitter hours."""

import time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.chunk import _RUN, BLOCK_CHARS, OVERLAP_CHARS, PASSAGE_CHARS, RUN_CHARS, _may_run
from services.ingest.chunk import cut as cut_text
from services.ingest.passages import chunks_of
from tests.support.drafts import an_attachment
from tokenline.contracts.texts import ExtractedText, Heading
from tokenline.core.clock import ManualClock

SENTENCE = "The quick brown fox jumps over the lazy dog near the river. "


def whole(pages):
    return "\f".join(pages)


def cut(*pages, numbered=True):
    starts = [sum(map(len, pages[:n])) + n for n in range(len(pages))]
    return pieces_of(ExtractedText(mime_type="x", text=whole(pages), page_starts=tuple(starts) if numbered else None))


def pieces_of(text):
    pieces = list(chunks_of(an_attachment(ManualClock()), text, cut_text(text)))
    for piece in pieces:
        assert piece.content == text.text[piece.start : piece.end]
        assert len(piece.content) <= PASSAGE_CHARS[1]
    return pieces


def test_a_short_text_is_one_passage():
    (piece,) = cut("Hello there.")
    assert (piece.start, piece.end, piece.page) == (0, 12, 1)


def test_passages_end_with_sentences_and_overlap():
    pieces = cut(SENTENCE * 100)
    assert len(pieces) > 5
    assert all(piece.content.endswith(".") for piece in pieces)
    for before, after in pairwise(pieces):
        assert 0 < before.end - after.start <= OVERLAP_CHARS + 1 or before.end + 1 == after.start


def test_no_passage_crosses_a_page():
    pages = ["First page. " * 3, "", "Third page. " * 200]
    pieces = cut(*pages)
    assert {piece.page for piece in pieces} == {1, 3}
    first = whole(pages).index("Third")
    assert all((piece.start >= first) == (piece.page == 3) for piece in pieces)


def test_files_without_pages():
    assert cut("Hello.", numbered=False)[0].page is None


def test_nothing_but_marks_is_no_passage():
    assert cut("--- *** ___ …\n\n====") == []


def headed(*sections, breaks=()):
    """(level, title, text) one after the other."""
    text, headings = "", []
    for level, title, said in sections:
        headings.append(Heading(start=len(text), level=level, title=title))
        text += f"{title}\n\n{said}\n\n"
    return ExtractedText(mime_type="x", text=text, headings=tuple(headings), breaks=breaks)


def test_a_passage_knows_the_headings_above_it():
    text = headed((1, "One", SENTENCE * 8), (2, "Inner", SENTENCE * 8), (1, "Two", SENTENCE * 8))
    pieces = pieces_of(text)
    assert [piece.section for piece in pieces] == ["One", "One › Inner", "Two"]
    assert [piece.content.split("\n")[0] for piece in pieces] == ["One", "Inner", "Two"]


def test_short_sections_are_read_together():
    (piece,) = pieces_of(headed((1, "One", "Short."), (2, "Inner", "Also."), (2, "Other", "Short, too.")))
    assert piece.section is not None
    assert piece.section.startswith("One")


def test_what_stands_before_the_first_heading_has_no_section():
    text = ExtractedText(
        mime_type="x", text=SENTENCE * 8 + "Late", headings=(Heading(start=len(SENTENCE * 8), level=1, title="Late"),)
    )
    assert [piece.section for piece in pieces_of(text)] == [None, "Late"]


def test_tables_are_cut_where_they_say():
    block = "| a | b |\n| 1 | 2 |\n\n"
    text = ExtractedText(mime_type="x", text=block * 3, breaks=(0, len(block), 2 * len(block)))
    assert [piece.content.strip() for piece in pieces_of(text)] == [block.strip()] * 3


def test_offsets_count_code_points():
    text = "🙂🙂🙂 Ein Satz über Köln. 東京は日本の首都です。"
    (piece,) = cut(text)
    assert piece.end == len(text)


def test_everything_is_covered():
    text = (SENTENCE * 40 + "\n\n") * 10
    covered: set[int] = set()
    for piece in cut(text):
        covered.update(range(piece.start, piece.end))
    missed = {text[n] for n in range(len(text)) if n not in covered}
    assert missed <= {" ", "\n"}


def test_hostile_texts_take_linear_time():
    begin = time.process_time()
    for text in (
        "A" * 500_000,
        ("A" * 1200 + " ") * 400,
        "a " * 100_000,
        "日本語" * 30_000,
        "." * 200_000,
        "\n" * 200_000 + "x",
        "a" + "\u0301" * 100_000,
        "12,34," * 50_000,
    ):
        cut(text)
    assert time.process_time() - begin < 10  # the splitter alone would take minutes


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(alphabet=st.sampled_from("aB1 .,\n\t。日🙂é\u0301"), max_size=BLOCK_CHARS // 8).map(
            lambda text: text * 9
        ),
        min_size=1,
        max_size=3,
    )
)
def test_offsets_are_true_for_any_text(pages):
    pieces = cut(*pages)
    assert [piece.start for piece in pieces] == sorted(piece.start for piece in pieces)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2 * RUN_CHARS), st.sampled_from([" ", ". ", "\n", "é"])), max_size=6))
def test_no_unbroken_run_is_overlooked(runs):
    text = "".join("x" * length + end for length, end in runs)
    assert _RUN.search(text) is None or _may_run(text)
