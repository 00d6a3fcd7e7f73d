"""Every step of every path may be a process's last: the next sweeps of the keeper make good what it left undone.

Each scenario is played again and again, with death before the doomed process's first call to store or broker, after its
first, after its second, and so on until it gets through.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from services.gateway.accept import Question
from services.ingest.progress import Progress
from tests.integration.line.conftest import Houses
from tests.integration.line.house import SWEEP_S, House
from tests.support.broker import eventually
from tests.support.drafts import an_attachment
from tests.support.in_process.fuse import Died, Fuse
from tests.support.in_process.processes import Gateway, Process, principal
from tests.support.in_process.puppet import Call, Puppet
from tokenline.adapters.store_sqlite import lane
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.chat import FollowUp
from tokenline.contracts.errors import ModelOverloaded, ModelRejected
from tokenline.contracts.tickets import HoldReason, Ticket, TicketState
from tokenline.core import ticket as moves

SWEEPS = 3
"""Until everybody has ended, when everything else is well."""
LOST = 5


class Doomed:
    """``fuse`` is for the process that shall die: it makes ``last`` calls from `light` on."""

    def __init__(self, house: House, last: int) -> None:
        self.house = house
        self.fuse = Fuse()
        self._last = last
        self.through = False

    def light(self) -> None:
        self.fuse.calls.clear()
        self.fuse.last = self._last

    async def act(self, process: Process, work: Callable[[], Awaitable[Any]]) -> None:
        """``work`` and what it sets going, until it is through or dead."""
        self.light()
        with suppress(Died):
            await work()
        if isinstance(process, Gateway):
            await self.house.idle(process)
        await self.end(process)

    async def end(self, process: Process) -> None:
        self.through = not self.fuse.burnt
        await self.house.kill(process)


Scenario = Callable[[House, Doomed], Awaitable[None]]


async def play(houses: Houses, name: str, scenario: Scenario, *, calls: int) -> None:
    """At every call of the doomed process, of which there are ``calls`` at least; one keeper comes after it, or two at
    the same time.
    """
    slowest = 0
    for last in count():
        async with houses() as house:
            doomed = Doomed(house, last)
            await scenario(house, doomed)
            keepers = [await house.gateway(f"keeper-{number}") for number in range(1 + last % 2)]
            sweeps = await house.quiet(*keepers)
            assert sweeps <= SWEEPS, f"{sweeps} sweeps after death at {doomed.fuse.calls[-1:]}"
            slowest = max(slowest, sweeps)
            await house.the_law_holds()
            if doomed.through:
                assert last >= calls, doomed.fuse.calls
                print(f"crash points of {name}: {last}, at most {slowest} sweeps until all had ended")
                return


# ── gateways ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_accepting(houses: Houses) -> None:
    """Whoever heard nothing sends again, and gets the ticket there is or a new one."""

    async def scenario(house: House, doomed: Doomed) -> None:
        gateway = await house.gateway("doomed", doomed.fuse)
        await doomed.act(gateway, lambda: gateway.ask("ann", Question(content="q", client_message_id="q")))
        ticket = await house.ask(await house.gateway("another"), "ann", "q")
        assert await house.store.live_tickets() == [ticket]

    await play(houses, "accepting", scenario, calls=4)


async def a_line(house: House) -> list[Ticket]:
    """Two in the queue, one held for its conversation, one for the user's limit."""
    gateway = await house.gateway("first")
    first = await house.ask(gateway, "ann", "q1")
    rest = [await house.ask(gateway, "ann", "q2", first.conversation_id)]
    rest += [await house.ask(gateway, "ann", "q3"), await house.ask(gateway, "ann", "q4")]
    await house.idle(gateway)
    reasons = [None, HoldReason.EARLIER_MESSAGE, None, HoldReason.USER_LIMIT]
    assert [ticket.hold_reason for ticket in (first, *rest)] == reasons
    return [first, *rest]


async def test_accepting_what_interrupts(houses: Houses) -> None:
    async def scenario(house: House, doomed: Doomed) -> None:
        gateway = await house.gateway("doomed", doomed.fuse)
        talk = await gateway.ask("ann", Question(content="q1", follow_up=FollowUp.INTERRUPT))
        await house.idle(gateway)
        house.note(talk)
        await house.worker("worker")
        await until_called(house.puppet, "q1")
        later = Question(content="q2", conversation_id=talk.conversation.id, client_message_id="q2")
        await doomed.act(gateway, lambda: gateway.ask("ann", later))
        await house.ask(await house.gateway("another"), "ann", "q2", talk.conversation.id)

    await play(houses, "accepting what interrupts", scenario, calls=6)


async def test_stopping_one_that_waits(houses: Houses) -> None:
    async def scenario(house: House, doomed: Doomed) -> None:
        [ticket, *_] = await a_line(house)
        gateway = await house.gateway("doomed", doomed.fuse)
        await doomed.act(gateway, lambda: gateway.tickets.stop(principal("ann"), ticket.id))

    await play(houses, "stopping one that waits", scenario, calls=7)


async def test_stopping_one_that_runs(houses: Houses) -> None:
    async def scenario(house: House, doomed: Doomed) -> None:
        [ticket, *_] = await a_line(house)
        await house.worker("worker", slots=1)
        await until_called(house.puppet, "q1")
        gateway = await house.gateway("doomed", doomed.fuse)
        await doomed.act(gateway, lambda: gateway.tickets.stop(principal("ann"), ticket.id))
        if doomed.through:
            await eventually(lambda: has_ended(house, ticket, TicketState.CANCELLED))

    await play(houses, "stopping one that runs", scenario, calls=4)


async def test_moving_to_the_front(houses: Houses) -> None:
    async def scenario(house: House, doomed: Doomed) -> None:
        [_, _, ticket, _] = await a_line(house)
        gateway = await house.gateway("doomed", doomed.fuse)
        await doomed.act(gateway, lambda: gateway.line.reposition(ticket, priority=9))

    await play(houses, "moving to the front", scenario, calls=5)


async def test_sweeping(houses: Houses) -> None:
    """One sweep with everything due at once: overdue, orphaned, paused, unpublished, starving and held tickets."""

    async def scenario(house: House, doomed: Doomed) -> None:
        await everything_due(house)
        keeper = await house.gateway("doomed", doomed.fuse)
        await doomed.act(keeper, keeper.keeper.sweep)

    await play(houses, "sweeping", scenario, calls=40)


async def test_publishing_again_what_the_broker_lost(houses: Houses) -> None:
    async def scenario(house: House, doomed: Doomed) -> None:
        gateway = await house.gateway("first")
        for number in range(LOST):
            await house.ask(gateway, f"u{number}", f"q{number}")
        await house.idle(gateway)
        house.server.wipe()
        house.server.start()
        keeper = await house.gateway("doomed", doomed.fuse)
        await keeper.keeper.sweep()
        house.clock.advance(SWEEP_S)
        await doomed.act(keeper, keeper.keeper.sweep)

    await play(houses, "publishing again what the broker lost", scenario, calls=2 * LOST)


async def everything_due(house: House) -> None:
    """One or more tickets for each thing that a sweep looks after. None of their offers is left in the broker."""
    gateway = await house.gateway("first")
    await house.ask(gateway, "bob", "overdue")
    await house.idle(gateway)
    house.server.delete_queue("tokenline.tickets.default")
    house.clock.advance(3540)
    house.puppet.failures["paused"] = [ModelOverloaded(retry_after_s=30)]
    worker = await house.worker("lost", slots=2)
    for content in ("paused", "orphaned"):
        await house.ask(gateway, content, content)
    await until_called(house.puppet, "orphaned")
    await eventually(lambda: any_held(house, HoldReason.RETRYING))
    house.server.delete_queue("tokenline.tickets.default")
    await house.kill(worker)
    for tier, content in ((3, "starving"), (5, "above")):
        house.note(await gateway.ask(content, Question(content=content), tier))
    for content in ("queued", "held"):
        await house.ask(gateway, "bob", content)
    # Somebody died between the end of a ticket and the release of the next.
    ended = await house.ask(gateway, "dee", "ended")
    for content in ("next", "released"):
        await house.ask(gateway, "dee", content)
    await house.idle(gateway)
    assert await house.store.replace_ticket(moves.cancel(ended, now=house.clock.now()))
    house.server.blocked = True
    await house.ask(gateway, "cyd", "unpublished")
    await house.idle(gateway)
    house.server.blocked = False
    await house.kill(gateway)
    house.clock.advance(61)
    await all_is_due(house)


async def all_is_due(house: House) -> None:
    now, store = house.clock.now(), house.store
    due: list[Sequence[object]] = [
        await store.overdue_tickets(now, 9),
        await store.orphaned_tickets(9),
        await store.paused_tickets(now, 9),
        await store.unpublished_tickets(now, 9),
        await store.starving_tickets("default", 3, now - 60, 9),
        await store.owners_to_release(now, 9),
    ]
    assert [len(some) for some in due] == [1] * len(due)


# ── workers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_answering(houses: Houses) -> None:
    """From the offer to the acknowledgement, with others to be released."""

    async def scenario(house: House, doomed: Doomed) -> None:
        await a_line(house)
        await works_through(house, doomed, "q1")

    await play(houses, "answering", scenario, calls=15)


async def test_answering_slowly(houses: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the beginning is written by itself."""
    monkeypatch.setattr(lane, "PATIENCE_S", 0.001)

    async def scenario(house: House, doomed: Doomed) -> None:
        await a_line(house)
        await works_through(house, doomed, "q1", slowly=True)

    await play(houses, "answering slowly", scenario, calls=16)


async def test_trying_again(houses: Houses) -> None:
    """An attempt that fails, its pause, and the next one."""

    async def scenario(house: House, doomed: Doomed) -> None:
        await a_line(house)
        house.puppet.failures["q1"] = [ModelOverloaded()]
        await works_through(house, doomed, "q1")

    await play(houses, "trying again", scenario, calls=23)


async def test_giving_up(houses: Houses) -> None:
    async def scenario(house: House, doomed: Doomed) -> None:
        await a_line(house)
        house.puppet.failures["q1"] = [ModelRejected("No.")] * 3
        await works_through(house, doomed, "q1")

    await play(houses, "giving up", scenario, calls=18)


async def works_through(house: House, doomed: Doomed, question: str, *, slowly: bool = False) -> None:
    """The doomed worker takes this question to its end, and no other. ``slowly``: it streams before it ends."""
    [ticket] = [ticket_id for ticket_id, content in house.accepted.items() if content == question]
    worker = house.unstarted_worker("doomed", doomed.fuse, slots=2)
    stepped: list[Call] = []
    doomed.light()
    with suppress(Died):
        await worker.start()

    async def is_over() -> bool:
        for call in house.puppet.under_way:
            if call.question != question:
                continue
            if not slowly or (await house.ticket(ticket)).state is TicketState.STREAMING:
                call.finish()
            elif call not in stepped:
                call.step()
                stepped.append(call)
        # Both slots are others': nothing of this one is left to do.
        others = [call.question for call in house.puppet.under_way if call.question != question]
        return doomed.fuse.burnt or (len(others) == len(worker.intake.runs) == 2 and ticket not in worker.intake.runs)

    await eventually(is_over)
    await doomed.end(worker)


async def test_leaving(houses: Houses) -> None:
    """A worker that is told to stop hands back what it cannot finish."""

    async def scenario(house: House, doomed: Doomed) -> None:
        await a_line(house)
        worker = await house.worker("doomed", doomed.fuse)
        await until_called(house.puppet, "q1", "q3")
        doomed.light()
        with suppress(Died, TimeoutError):
            await worker.intake.finish(0.05)
            await worker.leases.leave()
        await doomed.end(worker)

    await play(houses, "leaving", scenario, calls=10)


# ── ingest ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_end_of_reading_a_file(houses: Houses) -> None:
    async def scenario(house: House, doomed: Doomed) -> None:
        file = an_attachment(house.clock, state=AttachmentState.EXTRACTING)
        await house.store.add_attachment(file)
        gateway = await house.gateway("first")
        asked = await gateway.ask("ann", Question(content="q", attachment_ids=(file.id,)))
        assert house.note(asked).hold_reason is HoldReason.INDEXING
        await house.idle(gateway)
        ingest = await house.gateway("doomed", doomed.fuse)
        await doomed.act(ingest, lambda: ends_reading(ingest, file.id))
        known = await house.store.get_attachment(file.id)
        if known is not None and known.state is not AttachmentState.INDEXED:
            await ends_reading(gateway, file.id)

    await play(houses, "the end of reading a file", scenario, calls=5)


async def ends_reading(process: Gateway, file: str) -> None:
    """As `ingest.jobs` does."""
    await Progress(process.store, process.line.announcer).advance(file, AttachmentState.INDEXED)
    await process.line.release("ann")


# ── waiting for it ───────────────────────────────────────────────────────────────────────────────────────────────────


async def until_called(puppet: Puppet, *questions: str) -> None:
    async def called() -> bool:
        return {call.question for call in puppet.under_way} >= set(questions)

    await eventually(called)


async def any_held(house: House, reason: HoldReason) -> bool:
    return any(ticket.hold_reason is reason for ticket in await house.store.live_tickets())


async def has_ended(house: House, ticket: Ticket, state: TicketState) -> bool:
    return (await house.ticket(ticket.id)).state is state
