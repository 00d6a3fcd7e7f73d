"""The end of a ticket is told twice, by its worker's reply and by its event; read only where the reply does not say it
all, and then once."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from msgspec.structs import replace

from services.gateway.live import Cursor, Follower, LiveTicket
from services.gateway.streams import QUIET_S, REPLY_S, Streams
from tests.support.broker import eventually
from tests.unit.test_core_ticket import ticket
from tests.unit.test_gateway_live import answered
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts import frames as f
from tokenline.contracts.base import pack
from tokenline.contracts.chat import AnswerCall, Citation, Message, MessageStatus, UnreadFile, without_text
from tokenline.contracts.errors import ErrorInfo, StoreUnavailable
from tokenline.contracts.events import TicketChanged
from tokenline.contracts.replies import AnyReply, Delta, Ended, Final, ReplyBatch, ToolCall
from tokenline.contracts.tickets import Ticket, TicketState, Usage
from tokenline.contracts.tools import ToolDetail
from tokenline.core.clock import ManualClock
from tokenline.core.ledger import Ledger
from tokenline.core.ports.broker import Delivery
from tokenline.core.ports.store import Store
from tokenline.core.ticket import line_entry
from tokenline.runtime.supervisor import Supervisor

RUNS = ticket(TicketState.STREAMING, version=3, attempt=1)
COMPLETE = ticket(TicketState.COMPLETE, version=4, attempt=1)
CANCELLED = ticket(TicketState.CANCELLED, version=4, attempt=1)
ANSWER = replace(
    answered("It is 24 m [1]."),
    seq=17, parent_id="q", depth=5, ticket_id="t", branch_id="b", finish_reason="stop",
    usage=Usage(prompt_tokens=3, completion_tokens=5),
    citations=(Citation(number=1, attachment_id="f", name="n", page=None, start=0, end=4, passage="24 m",
                        similarity=0.5),),
    unread=(UnreadFile(name="x.pdf", reason="It is locked."),),
    tool_calls=(AnswerCall(id="c1", name="weather", arguments='{"place": "Rome"}'),),
)  # fmt: skip
STOPPED = replace(ANSWER, status=MessageStatus.CANCELLED, finish_reason=None, tool_calls=())
TEXT = Delta("t", 1, 0, ANSWER.content)


def final(ended: Ticket, answer: Message | None) -> Final:
    length = len(answer.content) if answer is not None else 0
    return Final("t", 1, ended.version, ended.state, length, without_text(answer) if answer is not None else None)


class Kept:
    """A store that says what was so when it was asked, once it is let go."""

    def __init__(self, now: Ticket, answer: Message | None = None) -> None:
        self.now = now
        self.answer = answer
        self.asked: list[Ticket] = []
        self.go = asyncio.Event()
        self.go.set()

    async def get_ticket(self, _: str) -> Ticket:
        found = self.now
        self.asked.append(found)
        await self.go.wait()
        return found

    async def get_message(self, _: str) -> Message | None:
        return self.answer


class Scene:
    """A gateway with somebody who follows a running ticket."""

    def __init__(self, store: Kept, supervisor: Supervisor) -> None:
        self.store = store
        self.clock = ManualClock()
        self.refused = 0
        self._supervisor = supervisor
        self.streams = Streams(
            cast(Store, store), MemoryBroker(MemoryServer()), Ledger(), supervisor, self.clock, "g", "i",
            observe_fenced=self._refuse,
        )  # fmt: skip
        self.live = self.streams.expect(RUNS)
        self.heard: list[f.ServerFrame | str] = []
        self.live.followers.add(Follower("t", self._look, Cursor(told=1)))

    def _refuse(self) -> None:
        self.refused += 1

    def _look(self, follower: Follower) -> None:
        self.heard += self.live.beyond(follower.cursor)
        if follower.cursor.done:
            self.streams.leave(follower)

    def reply(self, *items: AnyReply) -> None:
        delivery = cast(Delivery, SimpleNamespace(body=pack(ReplyBatch("w", list(items)))))
        waiting = self.streams._receive(delivery)
        if waiting is not None:
            self._supervisor.spawn("handle", _awaited(waiting))

    def tell(self, ended: Ticket) -> None:
        self.streams.on_event(TicketChanged(entry=line_entry(ended)))

    async def settled(self) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        async def nothing_left() -> bool:
            return len(self._supervisor) == 0

        await eventually(nothing_left)


async def _awaited(waiting: object) -> None:
    await cast(asyncio.Future[None], waiting)


def as_read(ended: Ticket, answer: Message | None) -> tuple[list[f.ServerFrame | str], object]:
    """What is heard, and what is final, where the same end is read in the store."""
    live = LiveTicket(line_entry(RUNS))
    live.grow(1, 0, answer.content if answer is not None else "")
    live.end(ended, answer)
    return list(live.beyond(Cursor(told=1))), live.final


ENDS = [(COMPLETE, ANSWER), (CANCELLED, STOPPED), (CANCELLED, None), (COMPLETE, replace(ANSWER, content=""))]


@pytest.mark.parametrize("event_first", [False, True])
@pytest.mark.parametrize(("ended", "answer"), ENDS)
async def test_a_reply_that_says_it_all_is_the_end_as_the_store_has_it_and_nothing_is_read(
    ended: Ticket, answer: Message | None, event_first: bool
) -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(ended, answer), supervisor)
        if answer is not None and answer.content:
            scene.reply(TEXT)
        if event_first:
            scene.tell(ended)
        await scene.settled()
        assert not scene.live.ended
        scene.reply(final(ended, answer))
        if not event_first:
            scene.tell(ended)
        scene.clock.advance(2 * REPLY_S)
        await scene.streams.look_for_replies()
        await scene.settled()
        assert (scene.heard, scene.live.final) == as_read(ended, answer)
        assert (scene.store.asked, scene.streams.live) == ([], {})


STEP = ToolCall("t", 1, 0, "c1", "search_files", "completed", ToolDetail(arguments="{}"))


@pytest.mark.parametrize("event_first", [False, True])
async def test_what_a_tool_did_is_told_before_an_end_that_came_with_it(event_first: bool) -> None:
    """As when a gateway that is behind has not told anybody yet."""
    async with Supervisor() as supervisor:
        scene = Scene(Kept(COMPLETE, ANSWER), supervisor)
        if event_first:
            scene.tell(COMPLETE)
        scene.reply(STEP, TEXT, final(COMPLETE, ANSWER))
        await scene.settled()
        kinds = [type(frame) for frame in scene.heard]
        assert kinds == [f.ToolCallFrame, str, f.Complete]


async def test_who_waited_is_told_that_it_began_though_it_ended_at_once() -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(COMPLETE, ANSWER), supervisor)
        [follower] = scene.live.followers
        follower.cursor = Cursor(state=TicketState.QUEUED)
        scene.reply(TEXT, final(COMPLETE, ANSWER))
        await scene.settled()
        assert [type(frame) for frame in scene.heard] == [f.Processing, str, f.Complete]


async def test_who_joins_with_an_old_picture_of_what_ended_hears_the_end_at_once() -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(COMPLETE, ANSWER), supervisor)
        scene.live.followers.clear()
        scene.reply(TEXT, final(COMPLETE, ANSWER))
        scene.tell(COMPLETE)
        await scene.settled()
        assert scene.streams.live == {}
        old = ticket(TicketState.QUEUED, version=1, reply_to=("g.final",))
        heard: list[f.ServerFrame | str] = []

        def look(follower: Follower) -> None:
            live = scene.streams.live[follower.ticket_id]
            heard.extend(live.beyond(follower.cursor))

        await scene.streams.join(old, Follower("t", look))
        await scene.settled()
        assert isinstance(heard[-1], f.Complete)


class Failing(Kept):
    """Cannot be read the first time."""

    async def get_ticket(self, name: str) -> Ticket:
        if not self.asked:
            self.asked.append(self.now)
            raise StoreUnavailable
        return await super().get_ticket(name)


async def test_an_end_that_could_not_be_read_is_read_again_soon() -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Failing(COMPLETE, ANSWER), supervisor)
        scene.tell(COMPLETE)
        scene.clock.advance(2 * REPLY_S)
        with pytest.raises(StoreUnavailable):
            await scene.streams.look_for_replies()
        await scene.streams.look_for_replies()
        assert scene.live.ended


async def test_an_error_that_could_not_be_read_is_read_when_it_has_gone_quiet() -> None:
    async with Supervisor() as supervisor:
        failed = ticket(TicketState.ERROR, version=4, attempt=1, error=ErrorInfo(code="x", message="No."))
        scene = Scene(Failing(failed), supervisor)
        scene.tell(failed)
        await scene.settled()
        assert not scene.live.ended
        scene.clock.advance(1.1 * QUIET_S)
        await scene.streams.look_after_quiet()
        assert scene.live.ended


async def test_text_of_the_same_message_counts() -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(COMPLETE, ANSWER), supervisor)
        scene.reply(TEXT, final(COMPLETE, ANSWER))
        await scene.settled()
        assert (scene.heard, scene.store.asked) == (as_read(COMPLETE, ANSWER)[0], [])


@pytest.mark.parametrize(
    "so_far",
    [[], [Delta("t", 1, 0, "It is")], [Delta("t", 1, 3, "is 24 m [1].")], [Delta("t", 1, 0, ANSWER.content + "?")]],
)
async def test_a_gateway_without_all_of_the_text_reads_the_end(so_far: list[AnyReply]) -> None:
    """Some was lost; or, as cannot be, there is more than was stored."""
    async with Supervisor() as supervisor:
        scene = Scene(Kept(COMPLETE, ANSWER), supervisor)
        scene.reply(*so_far)
        scene.tell(COMPLETE)
        scene.reply(final(COMPLETE, ANSWER))
        await scene.settled()
        assert scene.store.asked == [COMPLETE]
        assert (str(scene.live.text), scene.live.final) == (ANSWER.content, as_read(COMPLETE, ANSWER)[1])


async def test_text_of_another_attempt_is_not_the_answer() -> None:
    async with Supervisor() as supervisor:
        ended, answer = replace(COMPLETE, attempt=2), replace(ANSWER, content="Not 24 m at all")
        scene = Scene(Kept(ended, answer), supervisor)
        scene.reply(TEXT)
        scene.reply(Final("t", 2, 4, TicketState.COMPLETE, len(TEXT.text), without_text(answer)))
        await scene.settled()
        assert (scene.store.asked, str(scene.live.text)) == ([ended], "Not 24 m at all")


async def test_an_attempt_that_said_nothing_leaves_nothing_of_the_one_before() -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(CANCELLED), supervisor)
        scene.reply(TEXT)
        scene.reply(Final("t", 2, 6, TicketState.CANCELLED, 0, None))
        await scene.settled()
        assert (scene.store.asked, str(scene.live.text), scene.live.ended) == ([], "", True)


async def test_the_end_of_an_attempt_that_is_over_is_refused() -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(RUNS), supervisor)
        scene.reply(TEXT)
        scene.tell(replace(RUNS, attempt=2, version=5))
        scene.reply(final(COMPLETE, ANSWER))
        await scene.settled()
        assert (scene.live.ended, scene.refused, scene.store.asked) == (False, 1, [])


async def test_an_end_that_something_later_contradicts_is_read() -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(RUNS), supervisor)
        scene.reply(TEXT)
        scene.tell(replace(RUNS, cancel_requested=True, version=9))
        scene.reply(final(COMPLETE, ANSWER))
        await scene.settled()
        assert (scene.live.ended, scene.store.asked) == (False, [RUNS])


async def test_a_reply_that_does_not_come_is_not_waited_for() -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(COMPLETE, ANSWER), supervisor)
        scene.reply(TEXT)
        scene.tell(COMPLETE)
        await scene.streams.look_for_replies()
        await scene.settled()
        assert (scene.live.ended, scene.store.asked) == (False, [])
        scene.clock.advance(REPLY_S)
        await scene.streams.look_for_replies()
        await scene.settled()
        assert (scene.heard, scene.store.asked) == (as_read(COMPLETE, ANSWER)[0], [COMPLETE])
        scene.clock.advance(REPLY_S)
        await scene.streams.look_for_replies()
        await scene.settled()
        assert scene.store.asked == [COMPLETE]


WAITS = ticket(TicketState.QUEUED, version=1)


@pytest.mark.parametrize(
    ("before", "ended"),
    [
        (WAITS, ticket(TicketState.CANCELLED, version=2)),
        (replace(WAITS, attempt=1), replace(CANCELLED, version=5)),
        (WAITS, ticket(TicketState.ERROR, version=2)),
        (RUNS, ticket(TicketState.ERROR, version=4, attempt=1)),
    ],
)
async def test_what_ends_without_a_workers_reply_is_read_at_once(before: Ticket, ended: Ticket) -> None:
    """Withdrawn before its first attempt or between two; expired; failed, which a worker is slow to say."""
    async with Supervisor() as supervisor:
        scene = Scene(Kept(ended), supervisor)
        scene.live.entry = line_entry(before)
        scene.tell(ended)
        await scene.settled()
        assert (scene.live.ended, scene.store.asked) == (True, [ended])


SHORT = Ended("t", 1, 4)


@pytest.mark.parametrize("event_first", [False, True])
async def test_a_worker_of_before_is_believed_that_there_is_an_end_and_one_reading_serves_both(
    event_first: bool,
) -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(COMPLETE, ANSWER), supervisor)
        scene.reply(TEXT)
        scene.store.go.clear()
        news = [lambda: scene.reply(SHORT), lambda: scene.tell(COMPLETE)]
        for said in reversed(news) if event_first else news:
            said()
            await asyncio.sleep(0)
        scene.store.go.set()
        await scene.settled()
        assert (scene.heard, scene.store.asked) == (as_read(COMPLETE, ANSWER)[0], [COMPLETE])


async def test_a_reading_that_began_too_early_is_repeated() -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(RUNS), supervisor)
        scene.store.go.clear()
        scene.streams.on_reload()
        await asyncio.sleep(0)
        scene.store.now = CANCELLED
        scene.reply(SHORT)
        await asyncio.sleep(0)
        scene.store.go.set()
        await scene.settled()
        assert (scene.live.ended, scene.store.asked) == (True, [RUNS, CANCELLED])


async def test_a_reply_that_comes_while_the_end_is_read_is_the_end() -> None:
    async with Supervisor() as supervisor:
        scene = Scene(Kept(COMPLETE, None), supervisor)
        scene.reply(TEXT)
        scene.store.go.clear()
        scene.streams.on_reload()
        await asyncio.sleep(0)
        scene.reply(final(COMPLETE, ANSWER))
        scene.store.go.set()
        await scene.settled()
        assert (scene.heard, scene.live.final) == as_read(COMPLETE, ANSWER)


async def test_one_that_was_just_claimed_has_not_gone_quiet() -> None:
    """The model may take its time for the first word; the ticket may have waited for hours before."""
    async with Supervisor() as supervisor:
        claimed = ticket(TicketState.PROCESSING, version=4, attempt=2)
        scene = Scene(Kept(claimed), supervisor)
        scene.clock.advance(10 * QUIET_S)
        scene.tell(claimed)
        await scene.streams.look_after_quiet()
        assert scene.store.asked == []
        scene.clock.advance(1.1 * QUIET_S)
        await scene.streams.look_after_quiet()
        assert scene.store.asked == [claimed]
