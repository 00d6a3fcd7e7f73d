"""F30 as a model: actors with readings of any age write at the same time, through two stores on one SQLite file."""

import asyncio
import tempfile
from collections.abc import Coroutine
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.drafts import an_answer, ask
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.tickets import Ticket, TicketState, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.runtime.amend import amend
from tokenline.runtime.line import same_attempt

T = TypeVar("T")

ACTORS = "abcd"
ANY = st.integers(0, 10**6)
VERBS = (*["claim"] * 16, *["hand back"] * 8, *["pause", "stream", "age", "touch", "wish"] * 2, "cancel", "fail")


class Contest(RuleBasedStateMachine):
    """``truth`` is every version of every ticket, in order: what was let through, and nothing besides."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.truth: list[list[Ticket]] = []
        self.read: dict[tuple[str, str], Ticket] = {}
        """What each actor last read or wrote of each ticket."""
        self.held: dict[tuple[str, str], Ticket] = {}
        """The last attempt each actor won, which may be another's by now."""
        self._folder = tempfile.TemporaryDirectory(prefix="tokenline-races-")
        self._runner = asyncio.Runner()
        path = Path(self._folder.name) / "store.db"
        self._stores = [SqliteStore(path, self.clock), SqliteStore(path, self.clock)]
        for store in self._stores:
            self._run(store.open())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def _store(self, actor: str) -> SqliteStore:
        return self._stores[ACTORS.index(actor) % 2]

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────

    @initialize()
    def begin(self) -> None:
        self.ask()

    @rule()
    def ask(self) -> None:
        owner = f"u{len(self.truth)}"
        self.truth.append([self._run(ask(self._stores[0], self.clock, owner=owner)).ticket])

    @rule(number=ANY, actor=st.sampled_from(ACTORS))
    def look(self, number: int, actor: str) -> None:
        history = self.truth[number % len(self.truth)]
        found = self._run(self._store(actor).get_ticket(history[-1].id))
        assert found == history[-1]
        self.read[actor, found.id] = found

    @rule(number=ANY, seed=ANY)
    def compete(self, number: int, seed: int) -> None:
        """Some write from what they read, whenever that was; some finish what they hold, or believe to hold."""
        history, random = self.truth[number % len(self.truth)], Random(seed)
        tries = [
            self._finish(actor, history[0].id) if random.random() < 0.2 else self._write(actor, history[-1], random)
            for actor in random.choices(ACTORS, k=random.randint(2, 6))
        ]
        written = sorted(filter(None, self._run(_all(tries))), key=lambda ticket: ticket.version)
        history += written
        assert [ticket.version for ticket in history] == list(range(1, len(history) + 1)), (
            "a version lost, or two of one"
        )
        assert self._run(self._stores[0].get_ticket(history[0].id)) == history[-1]

    async def _write(self, actor: str, latest: Ticket, random: Random) -> Ticket | None:
        """A bare compare-and-set. One in three has a fresh reading."""
        known = self.read.get((actor, latest.id), latest) if random.random() < 0.7 else latest
        try:
            changed = self._move(actor, known, random.choice(VERBS))
        except moves.IllegalMove:
            return None
        if not await self._store(actor).replace_ticket(changed):
            return None
        self.read[actor, changed.id] = changed
        if changed.attempt != known.attempt:
            self.held[actor, changed.id] = changed
        return changed

    def _move(self, actor: str, known: Ticket, verb: str) -> Ticket:
        now, seq = self.clock.now(), 10**6
        match verb:
            case "claim":
                return moves.claim(known, worker=actor, incarnation=actor, now=now)
            case "stream":
                return moves.begin_streaming(known, now=now)
            case "hand back":
                return moves.hand_back(known, seq=seq, now=now)
            case "pause":
                return moves.pause(known, due_at=now)
            case "cancel":
                return moves.cancel(known, now=now)
            case "fail":
                return moves.fail(known, ErrorInfo(code="x", message=""), now=now)
            case "age":
                return moves.reposition(known, priority=(known.priority + 1) % 10, seq=seq, now=now)
            case "touch":
                return moves.touch(known)
        return moves.request_cancel(known) if known.state in moves.RUNNING else moves.touch(known)

    async def _finish(self, actor: str, ticket_id: str) -> Ticket | None:
        """As a run does: whatever else was changed meanwhile, but only while the attempt is still its own."""
        held = self.held.get((actor, ticket_id))
        if held is None:
            return None
        return await amend(
            self._store(actor),
            ticket_id,
            lambda now: moves.complete(now, usage=Usage(), now=self.clock.now()) if same_attempt(now, held) else None,
            known=held,
            messages=[an_answer(self.clock, held, content=f"{actor} {held.attempt}")],
        )

    # ── what always holds ────────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def each_version_follows_from_the_one_before(self) -> None:
        for history in self.truth:
            for before, after in pairwise(history):
                changed_state = after.state is not before.state
                assert not changed_state or after.state in moves.MOVES[before.state]
                claimed = after.attempt != before.attempt
                assert after.attempt == before.attempt + claimed
                if after.state in moves.RUNNING and not claimed:
                    assert after.worker_id == before.worker_id
                if after.state is TicketState.COMPLETE:
                    assert before.state in moves.RUNNING
                    assert after.worker_id == before.worker_id

    def teardown(self) -> None:
        """One answer for who completed, by the holder of the last attempt; none for the others."""
        for history in self.truth:
            last = history[-1]
            messages = self._run(self._stores[1].messages(last.conversation_id)).items
            answers = [message.content for message in messages if message.role == "assistant"]
            assert answers == ([f"{last.worker_id} {last.attempt}"] if last.state is TicketState.COMPLETE else [])
        for store in self._stores:
            self._run(store.close())
        self._runner.close()
        self._folder.cleanup()


async def _all(tries: list[Coroutine[Any, Any, Ticket | None]]) -> list[Ticket | None]:
    return await asyncio.gather(*tries)


TestF30Contest = Contest.TestCase
TestF30Contest.settings = settings(
    max_examples=20, stateful_step_count=50, deadline=None, derandomize=True, phases=[Phase.generate]
)
