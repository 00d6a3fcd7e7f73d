"""R6, R7: passages that were given up front and by tools share one numbering, which never changes."""

from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.attachments import Passage
from tokenline.core.sources import Sources

STARTS = st.integers(0, 6)


def passage(start: int, similarity: float = 0.5) -> Passage:
    return Passage(
        attachment_id="a",
        name="a.md",
        page=None,
        start=start,
        end=start + 10,
        content=f"from {start}",
        similarity=similarity,
        section=None,
    )


def test_what_is_found_again_keeps_its_number_whatever_it_was_looked_for() -> None:
    sources = Sources([passage(3, 0.9), passage(1)])
    assert [sources.number(passage(5)), sources.number(passage(3, 0.1)), sources.number(passage(5))] == [3, 1, 3]
    assert [one.start for one in sources.all] == [3, 1, 5]


@given(st.lists(STARTS), st.lists(st.lists(STARTS)))
def test_numbers_foretold_are_the_numbers_given_and_name_what_they_were_given_for(
    front: list[int], found: list[list[int]]
) -> None:
    sources = Sources(map(passage, front))
    for starts in found:
        passages = [passage(start) for start in starts]
        before = sources.all
        foretold = sources.numbers(passages)
        assert sources.all == before
        assert foretold == tuple(sources.number(one) for one in passages)
        assert [sources.all[number - 1].start for number in foretold] == starts
    assert len({one.start for one in sources.all}) == len(sources.all)
