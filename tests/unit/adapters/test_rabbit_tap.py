"""Messages taken out of a connection's bytes, however the socket cuts them."""

from hypothesis import given
from hypothesis import strategies as st
from pamqp import body, commands, frame, header, heartbeat

from tokenline.adapters.broker_rabbitmq.tap import Tap

TAPPED, OTHER = 3, 4


def message(channel: int, content: bytes, pieces: int = 1) -> bytes:
    """As RabbitMQ delivers it: a method, a header, and as many body frames as it likes."""
    deliver = commands.Basic.Deliver(consumer_tag="c", delivery_tag=7, exchange="tokenline.replies", routing_key="g")
    properties = commands.Basic.Properties(delivery_mode=1, message_type="tokenline.1")
    parts = [frame.marshal(deliver, channel)]
    parts.append(frame.marshal(header.ContentHeader(properties=properties, body_size=len(content)), channel))
    step = max(1, -(-len(content) // pieces))
    parts += [frame.marshal(body.ContentBody(content[i : i + step]), channel) for i in range(0, len(content), step)]
    return b"".join(parts)


def others() -> st.SearchStrategy[bytes]:
    kinds = [
        frame.marshal(heartbeat.Heartbeat(), 0),
        frame.marshal(commands.Basic.ConsumeOk(consumer_tag="c"), TAPPED),
        frame.marshal(commands.Basic.Cancel(consumer_tag="c"), TAPPED),
        frame.marshal(commands.Channel.Close(reply_code=404, reply_text="gone", class_id=0, method_id=0), TAPPED),
        frame.marshal(commands.Basic.Ack(delivery_tag=1), OTHER),
    ]
    return st.sampled_from(kinds) | st.binary(max_size=30).map(lambda content: message(OTHER, content))


@given(
    said=st.lists(
        others().map(lambda data: (data, None))
        | st.tuples(st.binary(max_size=300), st.integers(1, 4)).map(lambda of: (message(TAPPED, *of), of[0])),
        max_size=8,
    ),
    cuts=st.lists(st.integers(1, 60), min_size=1, max_size=20),
)
def test_tapped_messages_are_taken_and_all_else_passes(said, cuts):
    taken: list[bytes] = []
    passed: list[bytes] = []
    tap = Tap(passed.append, clock=lambda: 0.0)
    tap.open(TAPPED, taken.append)
    stream = b"".join(data for data, _ in said)
    at = turn = 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        tap.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert taken == [content for _, content in said if content is not None]
    assert b"".join(passed) == b"".join(data for data, content in said if content is None)


def test_a_frame_of_another_channel_may_come_between_the_frames_of_a_message():
    """RabbitMQ does that with large ones."""
    taken: list[bytes] = []
    passed: list[bytes] = []
    tap = Tap(passed.append, clock=lambda: 0.0)
    tap.open(TAPPED, taken.append)
    beat = frame.marshal(heartbeat.Heartbeat(), 0)
    whole = message(TAPPED, b"ab", pieces=2)
    last = frame.marshal(body.ContentBody(b"b"), TAPPED)
    tap.feed(whole.removesuffix(last) + beat + last)
    assert (taken, passed) == ([b"ab"], [beat])


def test_a_channel_is_tapped_only_while_it_is_its_consumers():
    taken: list[bytes] = []
    passed: list[bytes] = []
    tap = Tap(passed.append, clock=lambda: 0.0)
    former, latter = taken.append, lambda data: taken.append(b"latter " + data)
    tap.open(TAPPED, former)
    tap.open(TAPPED, latter)
    tap.close(TAPPED, former)  # late: the number is another's by now
    tap.feed(message(TAPPED, b"x"))
    tap.close(TAPPED, latter)
    tap.feed(message(TAPPED, b"y"))
    assert (taken, passed) == ([b"latter x"], [message(TAPPED, b"y")])


def test_half_a_message_of_a_channel_that_is_gone_is_no_part_of_its_successors():
    taken: list[bytes] = []
    tap = Tap(lambda _: None, clock=lambda: 0.0)
    take = taken.append
    tap.open(TAPPED, take)
    whole = message(TAPPED, b"ab", pieces=2)
    tap.feed(whole.removesuffix(frame.marshal(body.ContentBody(b"b"), TAPPED)))
    tap.close(TAPPED, take)
    tap.open(TAPPED, take)
    tap.feed(message(TAPPED, b"x"))
    assert taken == [b"x"]


def test_the_library_hears_that_a_busy_connection_lives():
    """It hangs up on one that said nothing for seconds, and RabbitMQ sends no heartbeats beside messages."""
    at = [10.0]
    passed: list[bytes] = []
    tap = Tap(passed.append, clock=lambda: at[0])
    tap.open(TAPPED, lambda _: None)
    for at[0] in (10.0, 10.5, 12.0):
        tap.feed(message(TAPPED, b"x"))
    assert passed == [frame.marshal(heartbeat.Heartbeat(), 0)] * 2


def test_what_speaks_another_protocol_is_passed_on_as_it_is():
    passed: list[bytes] = []
    tap = Tap(passed.append)
    tap.open(TAPPED, lambda _: None)
    tap.feed(b"AMQP\x00\x00\x09\x01")
    tap.feed(b"anything")
    assert passed == [b"AMQP\x00\x00\x09\x01", b"anything"]
