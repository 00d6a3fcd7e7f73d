"""Which index is searched, filled or dropped, as values."""

import pytest

from tokenline.contracts.vectors import IndexState, Layout
from tokenline.core.reindexing import begun, dropped, first, switched

A, B, WORDS = Layout(model="a", dimension=3), Layout(model="b", dimension=4), Layout()


def there(*layouts: Layout) -> set[str]:
    return {layout.collection for layout in layouts}


def filling_b() -> IndexState:
    return begun(first(A, set()), B, there(A))


def test_the_first_index_is_the_one_that_is_set_or_that_an_older_version_left() -> None:
    assert (first(A, set()).current.layout, first(A, set()).current.no) == (A, 1)
    assert (first(A, there(A, WORDS)).current.layout, first(A, there(A)).current.no) == (A, 0)
    assert (first(A, there(WORDS)).current.layout, first(A, there(WORDS)).current.no) == (WORDS, 0)


def test_nothing_changes_where_nothing_is_to() -> None:
    state = first(A, set())
    assert begun(state, A, there(A)) is state
    assert begun(filling_b(), B, there(A, B)).filling == filling_b().filling


def test_another_model_is_filled_while_the_former_is_searched_and_then_dropped() -> None:
    state = filling_b()
    assert (state.current.layout, state.wanted.layout, state.wanted.no) == (A, B, 2)
    state = switched(state)
    assert (state.current.layout, state.filling, state.dropping) == (B, None, (A,))
    assert dropped(state, A).dropping == ()
    with pytest.raises(ValueError, match="no index"):
        switched(state)


def test_a_change_of_mind_drops_what_was_begun() -> None:
    back = begun(filling_b(), A, there(A, B))
    assert (back.current.layout, back.filling, back.dropping) == (A, None, (B,))
    other = begun(filling_b(), WORDS, there(A, B))
    assert (other.wanted.layout, other.wanted.no, other.dropping) == (WORDS, 3, (B,))


def test_what_was_lost_is_filled_again_under_a_higher_number() -> None:
    half = begun(filling_b(), B, there(A))
    assert (half.wanted.layout, half.wanted.no) == (B, 3)
    lost = begun(first(A, set()), A, set())
    assert (lost.current.layout, lost.current.no, lost.filling) == (A, 2, None)


def test_another_way_of_cutting_is_another_collection() -> None:
    cut = Layout(model="a", dimension=3, cut=2)
    assert begun(first(A, set()), cut, there(A)).wanted.layout == cut
    assert len(there(A, cut)) == 2
