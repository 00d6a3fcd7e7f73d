"""Which index is searched, filled or dropped: every change of it, as values."""

from collections.abc import Set

from msgspec.structs import replace

from tokenline.contracts.vectors import Index, IndexState, Layout

KEYWORDS = Layout()


def first(wanted: Layout, there: Set[str]) -> IndexState:
    """Where nobody has written a state: in an installation that is empty, or older than 0.5.

    What stands under the wanted name is whole as far as such a version knew.
    """
    if wanted.collection in there:
        return IndexState(current=Index(layout=wanted, no=0), last_no=0)
    if KEYWORDS.collection in there:
        return IndexState(current=Index(layout=KEYWORDS, no=0), last_no=0)
    return IndexState(current=Index(layout=wanted, no=1), last_no=1)


def begun(state: IndexState, wanted: Layout, there: Set[str]) -> IndexState:
    """What a service that is set to ``wanted`` makes of ``state``; ``there`` are the collections that the engine has.

    The same object where nothing is to change.
    """
    if state.current.layout.collection not in there:
        return _in_place(state, wanted)
    if state.current.layout == wanted:
        return state if state.filling is None else _next(state, filling=None)
    if state.filling is not None and state.filling.layout == wanted and wanted.collection in there:
        return state
    if state.current.layout.collection == wanted.collection:
        return _in_place(state, wanted)
    return _next(state, filling=wanted)


def switched(state: IndexState) -> IndexState:
    """The new index is whole: it is searched from here on."""
    if state.filling is None:
        raise ValueError("There is no index to switch to.")
    return replace(
        state,
        current=state.filling,
        filling=None,
        dropping=_drop(state.dropping, state.current.layout),
        version=state.version + 1,
    )


def dropped(state: IndexState, layout: Layout) -> IndexState:
    remaining = tuple(one for one in state.dropping if one != layout)
    return replace(state, dropping=remaining, version=state.version + 1)


def _next(state: IndexState, *, filling: Layout | None) -> IndexState:
    no = state.last_no + (filling is not None)
    dropping = state.dropping
    if state.filling is not None:
        # Also when it shall be filled again: what was deleted meanwhile may be left in it.
        dropping = _drop(dropping, state.filling.layout)
    return replace(
        state,
        filling=None if filling is None else Index(layout=filling, no=no),
        dropping=dropping,
        last_no=no,
        version=state.version + 1,
    )


def _in_place(state: IndexState, wanted: Layout) -> IndexState:
    """There is nothing to search meanwhile: the index is lost, or its vectors are those of another model."""
    without = _next(state, filling=None)
    no = without.last_no + 1
    return replace(without, current=Index(layout=wanted, no=no), last_no=no)


def _drop(dropping: tuple[Layout, ...], layout: Layout) -> tuple[Layout, ...]:
    return dropping if layout in dropping else (*dropping, layout)
