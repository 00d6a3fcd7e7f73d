"""T5: what one gateway core delivers, beside a server that sends the same tokens to the same sockets with no broker."""

import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from tests.bench.machine import Meter
from tests.bench.rows import Row
from tests.bench.streaming import tokenline
from tests.bench.streaming.load import PATIENCE_S, Listening, pieces
from tests.bench.streaming.messages import received
from tests.bench.streaming.sockets import open_socket, receive, text_frame
from tests.bench.streaming.stage import bare_server, stage
from tests.bench.streaming.talking_worker import PER_S
from tests.bench.streaming.tokenline import TEXT
from tests.bench.streaming.work import DIGITS, BrokenRun, percentile

STREAMS = (500, 1000)
"""The larger offers more than a core takes."""
_SETTLE_S = 2.0
_WINDOW_S = 4.0
_ASKING_S = 2.0
_RATE = 25_000.0
_SHARE = 60.0


class Delivered(msgspec.Struct, frozen=True):
    """Of one window. ``cpu_s`` per million tokens, ``machine`` as shares of all cores."""

    per_s: float
    lag_p50: float
    lag_p99: float
    cpu_s: dict[str, float]
    machine: dict[str, float]
    messages_per_s: float = 0.0

    @property
    def per_core_s(self) -> float:
        """Tokens per second of the serving process's CPU."""
        return 1e6 / self.cpu_s["gateway"]


def run() -> list[Row]:
    """Blocks for a minute and a half."""
    rows: list[Row] = []
    for streams in STREAMS:
        ours, bare = _ours(streams), _bare(streams)
        for name, seen in (("Tokenline", ours), ("bare server", bare)):
            print(_line(streams, name, seen), flush=True)
        rows += _rows(streams, ours, bare)
    return rows


def _ours(streams: int) -> Delivered:
    with stage(streams, talking=True) as built:
        sockets = tokenline.enter(built.gateway_port, built.keys)
        for opened in sockets:
            opened.sendall(tokenline.asking())
            time.sleep(_ASKING_S / streams)
        return _window(sockets, built.pids, lambda: received(built.node))


def _bare(streams: int) -> Delivered:
    with bare_server() as (port, pid):
        sockets = [open_socket(port, "/") for _ in range(streams)]
        for opened in sockets:
            receive(opened)
            opened.sendall(text_frame(b"go"))
        return _window(sockets, {"client": [os.getpid()], "gateway": [pid]}, lambda: 0)


def _window(
    sockets: Sequence[socket.socket], pids: Mapping[str, Sequence[int]], messages: Callable[[], int]
) -> Delivered:
    """Wait until all stream, then see what comes for a while."""
    listening = Listening(sockets)
    try:
        give_up = time.monotonic() + PATIENCE_S
        quiet = set(range(len(sockets)))
        while quiet:
            if time.monotonic() > give_up:
                raise BrokenRun(f"{len(quiet)} of {len(sockets)} streams did not begin")
            listening.hear(0.5)
            quiet -= {place for place, reads in enumerate(listening.reads.values()) if any(pieces(reads, TEXT))}
        listening.hear(_SETTLE_S)
        before, since = messages(), time.monotonic()
        with Meter(pids) as meter:
            listening.hear(_WINDOW_S)
        messages_per_s = (messages() - before) / (time.monotonic() - since)
    finally:
        listening.close()
    lags = _lags_ms(listening.reads.values())
    return Delivered(
        per_s=len(lags) / _WINDOW_S,
        lag_p50=percentile(lags, 0.5),
        lag_p99=percentile(lags, 0.99),
        cpu_s={name: seconds * 1e6 / len(lags) for name, seconds in meter.cpu_s.items()},
        machine=meter.machine | {"others": meter.others},
        messages_per_s=messages_per_s,
    )


def _lags_ms(read: Iterable[Sequence[tuple[float, bytes]]]) -> list[float]:
    return [
        (at - int(digits[start : start + DIGITS]) / 1e6) * 1e3
        for reads in read
        for at, digits in pieces(reads, TEXT)
        for start in range(0, len(digits), DIGITS)
    ]


def _rows(streams: int, ours: Delivered, bare: Delivered) -> list[Row]:
    who = f"{streams} streams, {streams * PER_S:,} offered"
    most = streams == max(STREAMS)
    return [
        Row(id="T5", what=f"way back, {who}, delivered", value=ours.per_s, unit="/s",
            target=_RATE if most else None, at_least=True),
        Row(id="T5", what="  by the bare server", value=bare.per_s, unit="/s"),
        Row(id="T5", what="  per second of a gateway core", value=ours.per_core_s, unit="/s"),
        Row(id="T5", what="  per second of the bare server's core", value=bare.per_core_s, unit="/s"),
        Row(id="T5", what="  share of the bare server's", value=ours.per_core_s / bare.per_core_s * 100, unit="%",
            target=_SHARE if most else None, at_least=True),
        Row(id="T5", what="  lag p50", value=ours.lag_p50, unit="ms"),
        Row(id="T5", what="  lag p99", value=ours.lag_p99, unit="ms"),
        Row(id="T5", what="  lag p99, bare server", value=bare.lag_p99, unit="ms"),
        *(Row(id="T5", what=f"  CPU per 1M tokens, {name}", value=ours.cpu_s[name], unit="s")
          for name in ("worker", "broker", "gateway")),
        Row(id="T6", what=f"AMQP messages, {who}", value=ours.messages_per_s, unit="/s"),
    ]  # fmt: skip


def _line(streams: int, name: str, seen: Delivered) -> str:
    machine = ", ".join(f"{who} {share:.0%}" for who, share in seen.machine.items() if share >= 0.005)
    return (
        f"{streams:>5} streams, {name:<12} {seen.per_s:>7,.0f} tokens/s of {streams * PER_S:,}, lag {seen.lag_p50:.1f} "
        f"/ {seen.lag_p99:.1f} ms (p50 / p99), {seen.per_core_s:,.0f} per second of its core; of the machine: {machine}"
    )
