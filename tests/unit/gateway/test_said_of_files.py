"""Whatever a file can meet is said on the page with what to do, and names are fit to be shown."""

import re
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from services.gateway.app import create_app
from services.gateway.uploads import NAME_CHARACTERS, clean_name, form_name
from tokenline.contracts.errors import Corrupted, TokenlineError, TooComplex, Unreadable

REMEDIES = Path(__file__).parents[3] / "services/gateway/web/src/files/remedies.ts"
READING = {kind.code for kind in (Unreadable, Corrupted, TooComplex, TokenlineError)}
"""What only ingest finds."""


def test_every_error_of_a_file_has_its_remedy_on_the_page() -> None:
    paths = create_app(MagicMock()).openapi()["paths"]
    answers = [
        said["description"]
        for path, methods in paths.items()
        if path.startswith("/api/v1/attachments")
        for operation in methods.values()
        for said in operation["responses"].values()
    ]
    codes = {code for said in answers for code in re.findall(r"`(\w+)`: ", said)} | READING
    assert {"too_large", "address_refused", "offset_mismatch"} <= codes
    known = set(re.findall(r"^  (\w+): (?:null|\")", REMEDIES.read_text(), re.MULTILINE))
    assert codes - known == set()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/pass\nwd\x00.txt", "passwd.txt"),
        ("C:\\Users\\ada\\report.pdf", "report.pdf"),
        ("x\u202egnp.exe", "xgnp.exe"),
        ("דוח (סופי).csv", "דוח (סופי).csv"),
        ("👩\u200d👩\u200d👧 & “friends”.html", "👩\u200d👩\u200d👧 & “friends”.html"),
        ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
        ("\u200d\u200c", "file"),
        (None, "file"),
        ("a" * 251 + ".csv", "a" * 195 + "….csv"),
        ("a" * 300, "a" * 199 + "…"),
        ("a" * 100 + "." + "b" * 155, "a" * 100 + "." + "b" * 78 + "…" + "." + "b" * 19),
    ],
)
def test_a_name_is_fit_to_be_shown_and_says_what_the_file_is(given: str | None, shown: str) -> None:
    assert clean_name(given) == shown
    assert len(shown) <= NAME_CHARACTERS


def test_a_name_is_what_it_was_before_a_form_carried_it() -> None:
    assert clean_name(form_name("say %22hi%22%0D%0A 100%.txt")) == 'say "hi" 100%.txt'
    assert form_name(None) is None
