"""Where a user's address leads is judged on the address that is connected to, and on nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest
from httpcore2 import AsyncMockStream, AsyncNetworkBackend, AsyncNetworkStream, ConnectError

from tokenline.adapters.guarded_network import TRIES, GuardedNetwork, Resolver
from tokenline.contracts.errors import AddressRefused
from tokenline.core.addresses import is_public


class Wire(AsyncNetworkBackend):
    """Keeps who was connected to; ``down`` are not there."""

    def __init__(self, *down: str) -> None:
        self.connected: list[str] = []
        self._down = down

    async def connect_tcp(self, host: str, *_: Any, **__: Any) -> AsyncNetworkStream:
        self.connected.append(host)
        if host in self._down:
            raise ConnectError
        return AsyncMockStream([])


class Names:
    """Answers each question with the next of these."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        return self._answers.pop(0)


async def test_a_name_that_turns_private_after_it_was_judged_gains_nothing():
    wire = Wire()
    network = GuardedNetwork(is_public, Names(["8.8.8.8"], ["127.0.0.1"]), wire)
    await network.connect_tcp("rebinding.example", 443)
    assert wire.connected == ["8.8.8.8"]
    with pytest.raises(AddressRefused):
        await network.connect_tcp("rebinding.example", 443)
    assert wire.connected == ["8.8.8.8"]


async def test_private_addresses_among_public_ones_are_passed_over():
    wire = Wire("8.8.8.8")
    names = Names(["169.254.169.254", "::ffff:10.0.0.1", "8.8.8.8", "fe80::1%2", "1.1.1.1"])
    await GuardedNetwork(is_public, names, wire).connect_tcp("mixed.example", 443)
    assert wire.connected == ["8.8.8.8", "1.1.1.1"]


async def test_no_more_addresses_are_tried_than_a_few():
    down = [f"1.1.1.{number}" for number in range(9)]
    wire = Wire(*down)
    with pytest.raises(ConnectError):
        await GuardedNetwork(is_public, Names(down), wire).connect_tcp("down.example", 443)
    assert wire.connected == down[:TRIES]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0", "::1", "::ffff:127.0.0.1"])
async def test_the_systems_resolver_knows_every_spelling_of_loopback(host: str):
    wire, resolver = Wire(), Resolver(1)
    with pytest.raises((AddressRefused, ConnectError)):
        await GuardedNetwork(is_public, resolver, wire).connect_tcp(host, 443)
    resolver.close()
    assert wire.connected == []


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a..b", "x" * 64 + ".example"])
async def test_a_name_that_is_none_cannot_be_connected_to(host: str):
    resolver = Resolver(1)
    with pytest.raises(ConnectError):
        await GuardedNetwork(is_public, resolver, Wire()).connect_tcp(host, 443)
    resolver.close()
