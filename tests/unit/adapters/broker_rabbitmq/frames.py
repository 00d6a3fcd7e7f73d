"""Frames as RabbitMQ sends them, drawn up by pamqp, and the ways in which a socket may cut them."""

from collections.abc import Callable

from hypothesis import strategies as st
from pamqp import body, commands, frame, header
from pamqp.base import Frame

cuts = st.lists(st.integers(1, 60), min_size=1, max_size=20)


def message(
    channel: int,
    method: Frame,
    content: bytes,
    properties: commands.Basic.Properties | None = None,
    *,
    pieces: int = 1,
) -> bytes:
    """A method, a header, and as many body frames as RabbitMQ likes."""
    parts = [frame.marshal(method, channel)]
    head = header.ContentHeader(properties=properties or commands.Basic.Properties(), body_size=len(content))
    parts.append(frame.marshal(head, channel))
    step = max(1, -(-len(content) // pieces))
    parts += [frame.marshal(body.ContentBody(content[i : i + step]), channel) for i in range(0, len(content), step)]
    return b"".join(parts)


def deliver(tag: int = 7, *, redelivered: bool = False) -> commands.Basic.Deliver:
    return commands.Basic.Deliver(
        consumer_tag="c", delivery_tag=tag, redelivered=redelivered, exchange="tokenline.replies", routing_key="g"
    )


def feed(taker: Callable[[bytes], None], stream: bytes, pieces: list[int]) -> None:
    """Piece by piece, their lengths over and over again."""
    at = turn = 0
    while at < len(stream):
        step = pieces[turn % len(pieces)]
        taker(stream[at : at + step])
        at, turn = at + step, turn + 1


def properties_of(sent: bytes) -> commands.Basic.Properties:
    """Of a message, whose method is its first frame."""
    head = frame.unmarshal(sent[frame.unmarshal(sent)[0] :])[2]
    assert isinstance(head, header.ContentHeader)
    assert isinstance(head.properties, commands.Basic.Properties)
    return head.properties
