"""What the documents point at exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_PATH = re.compile(r"`((?:libs|services|deploy|tests|docs)/[\w./-]*)`")
# Pictures are made by `tests/e2e/test_pages.py`, on wish only.
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:|#)([^)#]+)")


def pointed_at(document: Path) -> Iterator[Path]:
    text = document.read_text()
    yield from (ROOT / path for path in _PATH.findall(text))
    yield from ((document.parent / link).resolve() for link in _LINK.findall(text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_and_link_leads_somewhere(document):
    assert [str(path.relative_to(ROOT)) for path in pointed_at(document) if not path.exists()] == []
