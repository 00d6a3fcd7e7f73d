"""Tickets that open one socket (I2)."""

import asyncio

import pytest

from tests.integration.auth.conftest import Gateway, Gateways
from tokenline.contracts.errors import NotSignedIn, TokenExpired
from tokenline.core.clock import ManualClock


async def _ticket(gateway: Gateway, token: str) -> str:
    answer = (await gateway.post("/auth/ws-ticket", None, token)).json()
    assert answer["expires_in"] == 30
    ticket: str = answer["ticket"]
    return ticket


async def test_a_ticket_opens_one_socket_as_its_owner_until_the_access_token_ends(
    gateway: Gateway, clock: ManualClock
) -> None:
    token = (await gateway.register())["access_token"]
    clock.advance(100)
    principal = await gateway.accounts.redeem_socket_ticket(await _ticket(gateway, token))
    assert principal == await gateway.accounts.authenticate(token)
    assert principal.expires_at == clock.now() + 500


async def test_a_ticket_made_with_a_key_stands_for_the_key(gateway: Gateway) -> None:
    token = (await gateway.register())["access_token"]
    key = (await gateway.new_key(token))["key"]
    principal = await gateway.accounts.redeem_socket_ticket(await _ticket(gateway, key))
    assert (principal.via, principal.expires_at) == ("api_key", None)


async def test_once_over_all_gateways(gateway: Gateway, another_gateway: Gateways) -> None:
    gateways = [gateway, another_gateway(), another_gateway()]
    ticket = await _ticket(gateway, (await gateway.register())["access_token"])
    results = await asyncio.gather(
        *(place.accounts.redeem_socket_ticket(ticket) for place in gateways * 3), return_exceptions=True
    )
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert sum(isinstance(result, NotSignedIn) for result in results) == 8


async def test_for_thirty_seconds(gateway: Gateway, clock: ManualClock) -> None:
    ticket = await _ticket(gateway, (await gateway.register())["access_token"])
    clock.advance(30)
    with pytest.raises(TokenExpired):
        await gateway.accounts.redeem_socket_ticket(ticket)


async def test_a_ticket_is_no_bearer_token_and_a_bearer_token_no_ticket(gateway: Gateway) -> None:
    pair = await gateway.register()
    ticket = await _ticket(gateway, pair["access_token"])
    assert (await gateway.get("/me", ticket)).status_code == 401
    for wrong in (pair["access_token"], pair["refresh_token"]):
        with pytest.raises(NotSignedIn):
            await gateway.accounts.redeem_socket_ticket(wrong)


async def test_a_ticket_dies_with_the_sign_in(gateway: Gateway) -> None:
    pair = await gateway.register()
    ticket = await _ticket(gateway, pair["access_token"])
    await gateway.post("/auth/logout", {"refresh_token": pair["refresh_token"]})
    with pytest.raises(NotSignedIn):
        await gateway.accounts.redeem_socket_ticket(ticket)


async def test_no_ticket_without_signing_in(gateway: Gateway) -> None:
    assert (await gateway.post("/auth/ws-ticket")).status_code == 401
