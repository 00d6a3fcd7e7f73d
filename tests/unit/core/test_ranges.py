"""Parts of files: what RFC 9110 §14 says of one range; for all else the whole file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.errors import RangeNotSatisfiable
from tokenline.core.ranges import Part, part_of


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 10)),
        ("bytes=9-", (9, 10)),
        ("bytes=2-4", (2, 5)),
        ("bytes=2-400", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-300", (0, 10)),
        ("Bytes= 2 - 4 ", (2, 5)),
    ],
)
def test_one_part(header: str, part: tuple[int, int]) -> None:
    assert part_of(header, 10) == Part(start=part[0], end=part[1])


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=4-2", "bytes=0-1,3-4", "lines=0-1", "bytes=1-2-3"],
)
def test_all_of_it(header: str | None) -> None:
    assert part_of(header, 10) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_beyond_the_end(header: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiable):
        part_of(header, size)


@given(st.text(alphabet="bytes=-,0123456789 x", max_size=40), st.integers(0, 10**9))
def test_no_header_leads_out_of_the_file(header: str, size: int) -> None:
    try:
        part = part_of(header, size)
    except RangeNotSatisfiable:
        return
    assert part is None or 0 <= part.start < part.end <= size
