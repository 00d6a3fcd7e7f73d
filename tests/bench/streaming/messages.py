"""T6: what the broker carries grows with ticks and gateways, not with tokens; counted by the broker itself."""

from collections.abc import Sequence

from deploy.local.rabbitmq import NodeHandle
from tests.bench.rows import Row
from tests.bench.streaming import tokenline
from tests.bench.streaming.stage import Stage, stage
from tests.support.scripted_model import Script

USERS = 60
_ONCE = Script(tokens=200, per_second=50, first_ms=200, times=True)
_FOUR_TIMES = Script(tokens=800, per_second=200, first_ms=200, times=True)
"""As long, so as many ticks."""
_ASKING_S = 0.5
_GROWTH = 1.25
"""Tokens come four times as often: the beginning and end of an answer fill a few ticks more."""
_COUNT = "lists:sum([maps:get(messages_received_total, M, 0) || M <- maps:values(rabbit_global_counters:overview())])."


def received(node: NodeHandle) -> int:
    """Messages that clients have published to this broker since it started."""
    return int(node.evaluate(_COUNT))


def run() -> list[Row]:
    """Blocks for half a minute."""
    with stage(USERS, gateways=2) as built:
        once = _count(built, ["gateway-1"], _ONCE)
        more = _count(built, ["gateway-1"], _FOUR_TIMES)
        both = _count(built, ["gateway-1", "gateway-2"], _FOUR_TIMES)
    return [
        Row(id="T6", what=f"AMQP messages, {USERS} answers of {_ONCE.tokens} tokens", value=once, unit=""),
        Row(id="T6", what=f"  of {_FOUR_TIMES.tokens} in the same time", value=more, unit=""),
        Row(id="T6", what="  growth with four times the tokens", value=more / once, unit="×", target=_GROWTH),
        Row(id="T6", what="  growth with twice the gateways", value=both / more, unit="×"),
    ]


def _count(built: Stage, gateways: Sequence[str], script: Script) -> int:
    keys, share = built.keys, len(built.keys) // len(gateways)
    sockets = [
        opened
        for place, name in enumerate(gateways)
        for opened in tokenline.enter(built.system.ports[name], keys[place * share : (place + 1) * share])
    ]
    before = received(built.node)
    tokenline.ask(sockets, script, _ASKING_S)()
    return received(built.node) - before
