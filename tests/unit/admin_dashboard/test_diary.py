"""The audit: the intent before the effect, the outcome after it, and nothing done that could not be written down."""

import pytest

from services.admin_dashboard.diary import Diary
from tokenline.contracts.accounts import Role
from tokenline.contracts.admin import ActionAnswer, AuditAction, AuditEntry, Outcome
from tokenline.contracts.errors import NotFound, StoreUnavailable
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import AuditPage
from tokenline.runtime.auth.principal import Principal

ROOT = Principal(
    user_id="root",
    email="root@example.org",
    role=Role.ADMIN,
    tier=4,
    via="password",
    credential_id="x",
    expires_at=None,
)
DONE = ActionAnswer(outcome=Outcome.DONE)


class Pages:
    """Keeps what was written, in order; ``full`` takes nothing more."""

    def __init__(self) -> None:
        self.written: list[str | AuditEntry] = []
        self.full = False

    async def add_audit(self, entry: AuditEntry) -> None:
        self._write(entry)

    async def close_audit(self, entry_id: str, outcome: str) -> None:
        self._write(outcome)

    async def audit(self, *, cursor: str | None = None, limit: int = 50) -> AuditPage:
        return AuditPage(items=(), next=None)

    def _write(self, what: str | AuditEntry) -> None:
        if self.full:
            raise StoreUnavailable
        self.written.append(what)


@pytest.fixture
def pages():
    return Pages()


async def record(pages, effect, **detail):
    return await Diary(pages, ManualClock()).record(ROOT, AuditAction.PAUSE, "default", effect, **detail)


async def test_the_intent_comes_before_the_effect_and_the_outcome_after_it(pages):
    async def effect():
        pages.written.append("the effect")
        return DONE

    assert await record(pages, effect, why="a test", what=None) == DONE
    entry, *rest = pages.written
    assert (entry.actor_id, entry.actor, entry.action, entry.target) == (
        "root",
        "root@example.org",
        AuditAction.PAUSE,
        "default",
    )
    assert (entry.detail, entry.outcome) == ({"why": "a test"}, None)
    assert rest == ["the effect", "done"]


async def test_a_refusal_is_an_outcome(pages):
    async def effect():
        raise NotFound

    with pytest.raises(NotFound):
        await record(pages, effect)
    assert pages.written[1:] == ["not_found"]


async def test_what_cannot_be_written_down_is_not_done(pages):
    async def effect():
        pytest.fail("it was done all the same")

    pages.full = True
    with pytest.raises(StoreUnavailable):
        await record(pages, effect)


async def test_what_is_done_is_done_even_if_its_outcome_cannot_be_written(pages):
    async def effect():
        pages.full = True
        return DONE

    assert await record(pages, effect) == DONE
    assert [entry.outcome for entry in pages.written] == [None]


async def test_a_bug_leaves_the_entry_open(pages):
    async def effect():
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await record(pages, effect)
    assert len(pages.written) == 1
