"""Each message learns what RabbitMQ said of it, in whatever order and however the socket cuts it."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import pytest
from aiormq.exceptions import ChannelNotFoundEntity
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands, frame

from tests.unit.adapters.broker_rabbitmq.frames import cuts, feed, message, properties_of
from tokenline.adapters.broker_rabbitmq.confirms import Confirms, Refused, Returned
from tokenline.adapters.broker_rabbitmq.lane import Lane
from tokenline.adapters.broker_rabbitmq.tap import Tap

NUMBER = 5
PASSED = frame.marshal(commands.Basic.Cancel(consumer_tag="c"), NUMBER)


class Channel:
    """One with confirms, whose broker is the test."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.open = True
        self.closing = asyncio.get_running_loop().create_future()
        channel = SimpleNamespace(number=NUMBER, max_content_size=1000, closing=self.closing)
        lane = SimpleNamespace(channel=channel, write=self._write, reader=None)
        self.confirms = Confirms(cast(Lane, lane))
        self.passed: list[bytes] = []
        self.tap = Tap(self.passed.append, clock=lambda: 0.0)
        self.tap.open(NUMBER, lane.reader)

    def _write(self, frames: bytes) -> bool:
        if self.open:
            self.written.append(frames)
        return self.open

    async def publish(self, count: int) -> list[asyncio.Task[None]]:
        """As many, each of which waits for its answer; their bodies say their turn."""
        tasks = [
            asyncio.create_task(self.confirms.publish("e", "k", b"%d" % turn, turn % 10), name=f"publish {turn}")
            for turn in range(1, count + 1)
        ]
        await asyncio.sleep(0)
        return tasks

    def returned(self, turn: int) -> bytes:
        """What was written with this turn, given back with the properties it came with."""
        properties = properties_of(self.written[turn - 1])
        properties.headers = {"x-seen-by": "an interceptor"}
        back = commands.Basic.Return(reply_code=312, reply_text="NO_ROUTE", exchange="e", routing_key="k")
        return message(NUMBER, back, b"%d" % turn, properties, pieces=2)


def said(*frames: commands.Basic.Ack | commands.Basic.Nack) -> bytes:
    return b"".join(frame.marshal(one, NUMBER) for one in frames)


async def outcomes(tasks: list[asyncio.Task[None]]) -> list[type]:
    async with asyncio.timeout(5):
        return [type(outcome) for outcome in await asyncio.gather(*tasks, return_exceptions=True)]


@dataclass
class Answers:
    """What RabbitMQ says to so many messages, and what becomes of them."""

    count: int
    steps: list[tuple[str, int]]
    expected: list[type]


@st.composite
def answers(draw: st.DrawFn) -> Answers:
    count = draw(st.integers(1, 12))
    expected: dict[int, type] = {}
    unroutable = {turn for turn in range(1, count + 1) if draw(st.integers(0, 5)) == 0}
    steps: list[tuple[str, int]] = []
    while left := [turn for turn in range(1, count + 1) if turn not in expected]:
        upto = draw(st.sampled_from(left))
        many, refused = draw(st.booleans()), draw(st.booleans())
        meant = [turn for turn in left if turn <= upto] if many else [upto]
        gone = [turn for turn in meant if turn in unroutable]
        # What went nowhere is never refused, and its return comes before its confirm.
        refused = refused and not gone
        steps += [("return", turn) for turn in gone]
        if draw(st.booleans()):
            steps.append(("other", 0))
        steps.append((f"{'nack' if refused else 'ack'}{' all' if many else ''}", upto))
        for turn in meant:
            expected[turn] = Returned if turn in gone else Refused if refused else type(None)
    return Answers(count, steps, [expected[turn] for turn in range(1, count + 1)])


@given(answers=answers(), cuts=cuts)
def test_each_gets_its_own_answer(answers, cuts):
    async def all_published() -> None:
        channel = Channel()
        tasks = await channel.publish(answers.count)
        stream, others = b"", 0
        for what, turn in answers.steps:
            multiple = what.endswith("all")
            match what.split()[0]:
                case "return":
                    stream += channel.returned(turn)
                case "ack":
                    stream += said(commands.Basic.Ack(delivery_tag=turn, multiple=multiple))
                case "nack":
                    stream += said(commands.Basic.Nack(delivery_tag=turn, multiple=multiple))
                case "other":
                    stream, others = stream + PASSED, others + 1
        feed(channel.tap.feed, stream, cuts)
        assert await outcomes(tasks) == answers.expected
        assert b"".join(channel.passed) == PASSED * others

    asyncio.run(all_published())


async def test_a_nack_may_ask_for_what_only_clients_do():
    """Its third bit is set by default, and means nothing from a broker."""
    channel = Channel()
    tasks = await channel.publish(2)
    channel.tap.feed(said(commands.Basic.Nack(delivery_tag=2, multiple=False, requeue=True)))
    channel.tap.feed(said(commands.Basic.Ack(delivery_tag=1)))
    assert await outcomes(tasks) == [type(None), Refused]


@pytest.mark.parametrize("turn", [2, 3])
async def test_numbers_go_on_when_a_caller_gives_up(turn: int):
    channel = Channel()
    tasks = await channel.publish(3)
    tasks[turn - 1].cancel()
    await asyncio.wait([tasks[turn - 1]])
    tasks += await channel.publish(1)
    channel.tap.feed(said(*(commands.Basic.Ack(delivery_tag=number) for number in (3, 2, 1))))
    channel.tap.feed(said(commands.Basic.Nack(delivery_tag=4)))
    expected: list[type] = [type(None), type(None), type(None), Refused]
    expected[turn - 1] = asyncio.CancelledError
    assert await outcomes(tasks) == expected


async def test_what_could_not_be_written_has_no_number():
    channel = Channel()
    channel.open = False
    heard = asyncio.Event()
    asyncio.get_running_loop().call_soon(heard.set)
    with pytest.raises(ConnectionError):
        await channel.confirms.publish("e", "k", b"", 0)
    assert heard.is_set()  # a caller who tries again at once lets others hear why
    channel.open = True
    [task] = await channel.publish(1)
    channel.tap.feed(said(commands.Basic.Ack(delivery_tag=1)))
    assert await outcomes([task]) == [type(None)]


async def test_an_answer_nobody_waits_for_is_no_harm():
    channel = Channel()
    channel.tap.feed(said(commands.Basic.Ack(delivery_tag=99), commands.Basic.Nack(delivery_tag=0, multiple=True)))
    [task] = await channel.publish(1)
    channel.tap.feed(said(commands.Basic.Ack(delivery_tag=99, multiple=True)))
    assert await outcomes([task]) == [type(None)]


async def test_a_return_whose_confirm_is_lost_has_its_answer():
    channel = Channel()
    tasks = await channel.publish(2)
    channel.tap.feed(channel.returned(2))
    channel.tap.feed(said(commands.Basic.Ack(delivery_tag=1)))
    assert await outcomes(tasks) == [type(None), Returned]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (ChannelNotFoundEntity("no exchange"), ChannelNotFoundEntity),
        (asyncio.CancelledError(), ConnectionResetError),
        (None, ConnectionResetError),
    ],
)
async def test_all_who_wait_learn_that_the_channel_is_gone(reason: BaseException | None, expected: type):
    """And never by what looks like their own cancellation."""
    channel = Channel()
    tasks = await channel.publish(3)
    channel.tap.feed(said(commands.Basic.Ack(delivery_tag=1)))
    if reason is None:
        channel.closing.set_result(None)
    else:
        channel.closing.set_exception(reason)
    assert await outcomes(tasks) == [type(None), expected, expected]


async def test_all_who_wait_learn_that_the_library_gave_it_up():
    channel = Channel()
    tasks = await channel.publish(1)
    channel.closing.cancel()
    assert await outcomes(tasks) == [ConnectionResetError]


async def test_each_message_has_its_number_as_its_id():
    channel = Channel()
    for task in await channel.publish(2):
        task.cancel()
    assert [int(properties_of(sent).message_id or "", 16) for sent in channel.written] == [1, 2]
