"""What tus puts into headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenline.contracts.errors import BadRequest
from tokenline.core.tus import METADATA_CHARACTERS, as_metadata, metadata_of


def test_metadata_as_the_protocol_writes_it() -> None:
    header = "filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential"
    assert metadata_of(header) == {"filename": "world_domination_plan.pdf", "is_confidential": ""}
    assert metadata_of("") == metadata_of(" ") == {}
    assert metadata_of(" a YQ== , b Yg==") == {"a": "a", "b": "b"}


@given(st.dictionaries(st.text("abcxyz_-", min_size=1, max_size=9), st.text(max_size=20), max_size=4))
def test_metadata_there_and_back(values: dict[str, str]) -> None:
    assert metadata_of(as_metadata(values)) == values


@pytest.mark.parametrize(
    "header", ["a YQ==,a YQ==", "a YQ==,,b Yg==", "a Y*==", "a YQ", "a /w==", "x" * (METADATA_CHARACTERS + 1), ","]
)
def test_what_is_no_metadata(header: str) -> None:
    with pytest.raises(BadRequest):
        metadata_of(header)
