"""Messages taken out of a connection's bytes, however the socket cuts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import body, commands, frame, heartbeat

from tests.unit.adapters.broker_rabbitmq.frames import cuts, deliver, feed, message
from tokenline.adapters.broker_rabbitmq.contents import Contents
from tokenline.adapters.broker_rabbitmq.tap import Tap
from tokenline.adapters.broker_rabbitmq.wire import beginning

TAPPED, OTHER = 3, 4
DELIVER = beginning(commands.Basic.Deliver)
METHOD = 1


class Ear:
    """What a tap passes on, and the bodies of the messages that are taken on `TAPPED`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.taken: list[bytes] = []
        self.passed: list[bytes] = []
        self.tap = Tap(self.passed.append, clock=lambda: self.now)
        self.tap.open(TAPPED, self.contents())

    def contents(self, mark: bytes = b""):
        return Contents(DELIVER, lambda _method, _header, content: self.taken.append(mark + content)).read


def others() -> st.SearchStrategy[bytes]:
    kinds = [
        frame.marshal(heartbeat.Heartbeat(), 0),
        frame.marshal(commands.Basic.ConsumeOk(consumer_tag="c"), TAPPED),
        frame.marshal(commands.Basic.Cancel(consumer_tag="c"), TAPPED),
        frame.marshal(commands.Channel.Close(reply_code=404, reply_text="gone", class_id=0, method_id=0), TAPPED),
        frame.marshal(commands.Basic.Ack(delivery_tag=1), OTHER),
    ]
    return st.sampled_from(kinds) | st.binary(max_size=30).map(lambda content: message(OTHER, deliver(), content))


@given(
    said=st.lists(
        others().map(lambda data: (data, None))
        | st.tuples(st.binary(max_size=300), st.integers(1, 4)).map(
            lambda of: (message(TAPPED, deliver(), of[0], pieces=of[1]), of[0])
        ),
        max_size=8,
    ),
    cuts=cuts,
)
def test_tapped_messages_are_taken_and_all_else_passes(said, cuts):
    ear = Ear()
    feed(ear.tap.feed, b"".join(data for data, _ in said), cuts)
    assert ear.taken == [content for _, content in said if content is not None]
    assert b"".join(ear.passed) == b"".join(data for data, content in said if content is None)


@given(content=st.binary(max_size=40), tag=st.integers(0, 2**63 - 1), cuts=cuts)
def test_a_message_comes_with_the_payloads_of_its_method_and_header(content, tag, cuts):
    taken = []
    tap = Tap(lambda _: None)
    tap.open(TAPPED, Contents(DELIVER, lambda *parts: taken.append(parts)).read)
    properties = commands.Basic.Properties(priority=7, headers={"x-delivery-count": 2})
    whole = message(TAPPED, deliver(tag), content, properties)
    feed(tap.feed, whole, cuts)
    [(method, header, got)] = taken
    assert method == frame.marshal(deliver(tag), TAPPED)[7:-1]
    assert header in whole
    assert got == content


def test_a_frame_of_another_channel_may_come_between_the_frames_of_a_message():
    """RabbitMQ does that with large ones."""
    ear = Ear()
    beat = frame.marshal(heartbeat.Heartbeat(), 0)
    whole = message(TAPPED, deliver(), b"ab", pieces=2)
    last = frame.marshal(body.ContentBody(b"b"), TAPPED)
    ear.tap.feed(whole.removesuffix(last) + beat + last)
    assert (ear.taken, ear.passed) == ([b"ab"], [beat])


def test_a_channel_is_tapped_only_while_it_is_its_readers():
    ear = Ear()
    former, latter = ear.contents(b"former "), ear.contents(b"latter ")
    ear.tap.open(TAPPED, former)
    ear.tap.open(TAPPED, latter)
    ear.tap.close(TAPPED, former)  # late: the number is another's by now
    ear.tap.feed(message(TAPPED, deliver(), b"x"))
    ear.tap.close(TAPPED, latter)
    ear.tap.feed(message(TAPPED, deliver(), b"y"))
    assert (ear.taken, ear.passed) == ([b"latter x"], [message(TAPPED, deliver(), b"y")])


def test_half_a_message_of_a_channel_that_is_gone_is_no_part_of_its_successors():
    ear = Ear()
    whole = message(TAPPED, deliver(), b"ab", pieces=2)
    ear.tap.feed(whole.removesuffix(frame.marshal(body.ContentBody(b"b"), TAPPED)))
    ear.tap.open(TAPPED, ear.contents())
    ear.tap.feed(message(TAPPED, deliver(), b"x"))
    assert ear.taken == [b"x"]


def test_the_library_hears_that_a_busy_connection_lives():
    """It hangs up on one that said nothing for seconds, and RabbitMQ sends no heartbeats beside messages."""
    ear = Ear()
    for ear.now in (10.0, 10.5, 12.0):
        ear.tap.feed(message(TAPPED, deliver(), b"x"))
    assert ear.passed == [frame.marshal(heartbeat.Heartbeat(), 0)] * 2


def test_what_speaks_another_protocol_is_passed_on_as_it_is():
    ear = Ear()
    ear.tap.feed(b"AMQP\x00\x00\x09\x01")
    ear.tap.feed(b"anything")
    assert ear.passed == [b"AMQP\x00\x00\x09\x01", b"anything"]


@pytest.mark.parametrize("channel", [TAPPED, OTHER])
def test_what_does_not_end_like_a_frame_is_the_librarys_with_all_that_follows(channel: int):
    ear = Ear()
    whole = message(channel, deliver(), b"x")
    broken = whole[:-1] + b"!"
    after = message(TAPPED, deliver(), b"y")
    ear.tap.feed(message(TAPPED, deliver(), b"before") + broken + after)
    ear.tap.feed(after)
    assert ear.taken == [b"before"]
    assert b"".join(ear.passed).endswith(broken[-9:] + after + after)
