"""Which gateway next, when, with which credential, and when to give up."""

import pytest

from tokenline.client.errors import Unreachable, WrongGateway
from tokenline.client.reconnect import FIRST_S, LONGEST_S, RESTARTING, SIGNED_OUT, Addresses, Loss, Reconnect
from tokenline.contracts.errors import (
    NotAllowed,
    NotFound,
    NotSignedIn,
    RateLimited,
    StoreUnavailable,
    TokenExpired,
    WrongCredentials,
)

TWO = ("http://one", "http://two/")


def reconnect(urls: tuple[str, ...] = TWO, random: float = 0.999) -> tuple[Addresses, Reconnect]:
    addresses = Addresses(urls)
    return addresses, Reconnect(addresses, 5.0, 60.0, lambda: random)


def test_addresses_are_gone_through_in_turn():
    addresses = Addresses(TWO)
    assert [addresses.current, addresses.next(), addresses.next()] == ["http://one", "http://two", "http://one"]
    assert Addresses("https://only").all == ("https://only",)
    for wrong in ((), "example.org", ["ws://x"]):
        with pytest.raises(ValueError, match="base URL"):
            Addresses(wrong)


def test_the_wait_doubles_with_each_round_up_to_a_limit_and_starts_anew():
    addresses, line = reconnect()
    line.opened()
    waits = [line.lost(Loss(), 0.0).wait_s for _ in range(20)]
    assert waits[:6] == pytest.approx([0.999 * FIRST_S * factor for factor in (1, 1, 2, 2, 4, 4)])
    assert max(waits) < LONGEST_S
    assert addresses.current == "http://one"
    line.opened()
    assert line.lost(Loss(code=RESTARTING), 0.0).wait_s < FIRST_S
    assert addresses.current == "http://two"
    assert reconnect(random=0.0)[1].lost(Loss(), 0.0).wait_s == 0.0


def test_patience_ends_sooner_before_the_first_connection():
    _, line = reconnect()
    line.lost(Loss(), 0.0)
    line.lost(Loss(), 4.9)
    with pytest.raises(Unreachable, match="http://one, http://two"):
        line.lost(Loss(), 5.0)
    _, line = reconnect()
    line.opened()
    line.lost(Loss(), 100.0)
    line.lost(Loss(), 159.0)
    with pytest.raises(Unreachable):
        line.lost(Loss(), 160.0)


def test_a_sign_in_that_ran_out_is_renewed_once():
    addresses, line = reconnect()
    retry = line.lost(Loss(code=SIGNED_OUT, error=TokenExpired()), 0.0)
    assert (retry.renew, retry.wait_s, addresses.current) == (True, 0.0, "http://one")
    with pytest.raises(TokenExpired):
        line.lost(Loss(code=SIGNED_OUT, error=TokenExpired()), 0.0)
    _, line = reconnect()
    line.lost(Loss(status=401), 0.0)
    with pytest.raises(NotSignedIn):
        line.lost(Loss(status=401), 0.0)
    line.opened()
    assert line.lost(Loss(code=SIGNED_OUT), 0.0).renew, "it was good in between"


@pytest.mark.parametrize(
    ("loss", "error"),
    [
        (Loss(error=WrongCredentials()), WrongCredentials),
        (Loss(error=RateLimited("slow down")), RateLimited),
        (Loss(status=403), NotAllowed),
        (Loss(status=404), WrongGateway),
        (Loss(code=4400, error=NotFound()), NotFound),
    ],
)
def test_what_is_useless_to_repeat_is_not(loss, error):
    with pytest.raises(error):
        reconnect()[1].lost(loss, 0.0)


@pytest.mark.parametrize(
    "loss",
    [
        Loss(),
        Loss(status=502),
        Loss(error=StoreUnavailable()),
        Loss(code=4408),
        Loss(code=4429, error=RateLimited("slow down")),
        Loss(reason=OSError()),
    ],
)
def test_what_passes_is_waited_for(loss):
    assert reconnect()[1].lost(loss, 0.0).wait_s > 0
