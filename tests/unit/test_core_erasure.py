"""Taking a name out of the audit log."""

from typing import Any

import pytest
from msgspec.structs import replace

from tokenline.contracts.accounts import Erasure
from tokenline.contracts.admin import AuditAction, AuditEntry
from tokenline.core.erasure import NOBODY, without_name

ANN = Erasure(user_id="user-1", email="ann@example.org", asked_at=0.0)
ENTRY = AuditEntry(id="e", at=1.0, actor_id="root", actor="root@example.org", action=AuditAction.CANCEL, target="t")


def test_who_did_it_is_nobody() -> None:
    forgotten = without_name(replace(ENTRY, actor_id="user-1", actor="ann@example.org"), ANN)
    assert forgotten == replace(ENTRY, actor_id="", actor=NOBODY)


def test_whom_it_was_done_to_is_nobody() -> None:
    detail: dict[str, Any] = {"email": "Ann@Example.org", "was": [{"by": "user-1"}, 3, None], "user-1": True}
    forgotten = without_name(replace(ENTRY, target="user-1", detail=detail), ANN)
    assert forgotten.target == NOBODY
    assert forgotten.detail == {"email": NOBODY, "was": [{"by": NOBODY}, 3, None], NOBODY: True}
    assert (forgotten.actor_id, forgotten.actor) == ("root", "root@example.org")


@pytest.mark.parametrize(
    "other",
    ["joann@example.org", "ann@example.org.uk", "j.ann@example.org", "ann@example.organic", "+ann@example.org"],
)
def test_other_peoples_addresses_stay(other: str) -> None:
    entry = replace(ENTRY, detail={"email": other})
    assert without_name(entry, ANN) == entry


@pytest.mark.parametrize("text", ["to ann@example.org.", "<ann@example.org>", "ann@example.org, bob@example.org"])
def test_in_a_sentence_it_is_found(text: str) -> None:
    assert "ann@" not in str(without_name(replace(ENTRY, detail={"said": text}), ANN))
