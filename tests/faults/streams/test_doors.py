"""Who gets in, for how long, and what is refused: origins, tickets, expiry, floods, and what the logs say of it."""

import asyncio
import json
import time
from typing import Any, NoReturn

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from tests.faults.streams.frozen import Frozen, frame, resident_bytes, upgrade
from tests.support.chat import Chat, Seen
from tests.support.people import enrol
from tests.support.system import TLS, System
from tokenline.core.clock import ManualClock, SystemClock
from tokenline.core.ports.store import Store
from tokenline.runtime.auth.tokens import ACCESS_TTL_S, SOCKET_TICKET_TTL_S, Tokens

GW = "gateway-1"
PHRASE = "amber-heron-seventeen"
PASSWORD = "a password that nobody logs"


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1"])
async def test_b1_a_page_from_elsewhere_is_refused_before_the_socket_opens(system: System, origin: str | None) -> None:
    for path in ("/api/v1/chat/ws", "/ws/chat/any", "/api/v1/chat/ws?ticket=x"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(system.socket_url(GW, path), origin=Origin(origin) if origin else None)
        assert refused.value.response.status_code == 403


async def test_i2_a_ticket_opens_one_socket_once_and_for_thirty_seconds(system: System) -> None:
    tokens = await asyncio.to_thread(system.sign_in, "ticket@example.org")
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    answer = httpx2.post(f"{system.url(GW)}/api/v1/auth/ws-ticket", headers=headers, verify=TLS).json()
    assert answer["expires_in"] == 30
    async with _page(system, GW, answer["ticket"]) as socket:
        assert (await _next(socket))["type"] == "ready"
    assert await _turned_away(_page(system, "gateway-2", answer["ticket"])) == ("not_signed_in", 4401)
    late = _issuer(system, SOCKET_TICKET_TTL_S + 1)
    claims = Tokens(system.secret_key, SystemClock()).read(tokens["access_token"], "access")
    ticket = late.socket_ticket(claims.user_id, claims.session_id, "password", claims.expires_at)
    assert await _turned_away(_page(system, GW, ticket)) == ("token_expired", 4401)


async def test_b4_signing_out_elsewhere_closes_the_socket_within_five_seconds(system: System) -> None:
    tokens = await asyncio.to_thread(system.sign_in, "leaver@example.org")
    async with _page(system, GW) as leaver, _page(system, GW) as stayer:
        for socket, signed_in in (
            (leaver, tokens),
            (stayer, await asyncio.to_thread(system.sign_in, "b4@example.org")),
        ):
            await socket.send(json.dumps({"type": "auth", "token": signed_in["access_token"]}))
            assert (await _next(socket))["type"] == "ready"
        body = {"refresh_token": tokens["refresh_token"]}
        assert httpx2.post(f"{system.url('gateway-2')}/api/v1/auth/logout", json=body, verify=TLS).status_code == 204
        async with asyncio.timeout(5):
            assert (await _next(leaver))["error"]["code"] == "not_signed_in"
            await leaver.wait_closed()
        assert leaver.close_code == 4401
        await stayer.send('{"type": "ping", "id": 1}')
        assert (await _next(stayer))["type"] == "pong"


async def test_i2_an_expiring_token_is_renewed_on_the_socket_or_the_stream_resumed(system: System) -> None:
    tokens = await asyncio.to_thread(system.sign_in, "expiry@example.org")
    claims = Tokens(system.secret_key, SystemClock()).read(tokens["access_token"], "access")
    brief = _issuer(system, ACCESS_TTL_S - 3).access(claims.user_id, claims.session_id)
    async with _page(system, GW) as one, _page(system, GW) as other:
        renewed, left = Chat(one), Chat(other)
        for chat in (renewed, left):
            await chat.send(type="auth", token=brief)
            await chat.until(lambda chat=chat: chat.other)
        ticket = await renewed.ask('{"tokens": 1000, "per_second": 20}', "m1", agent_id="wide")
        await left.until(lambda: ticket in left.tickets)
        await renewed.send(type="auth", token=tokens["access_token"])
        with pytest.raises(ConnectionClosed) as closed:
            await left.ended(ticket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
        assert left.other[-1]["error"]["code"] == "token_expired"
        seen = left.tickets[ticket]
        assert len(seen.text) > 0
        async with _page(system, "gateway-2") as third:
            again = Chat(third)
            await again.send(type="auth", token=tokens["access_token"])
            await again.until(lambda: again.other)
            await again.resume(ticket, Seen(seen.attempt, seen.text))
            await again.until(lambda: len(again.tickets[ticket].text) > len(seen.text))
            await again.send(type="cancel", ticket_id=ticket)
            await asyncio.gather(again.ended(ticket), renewed.ended(ticket))
        assert again.tickets[ticket].text == renewed.tickets[ticket].text
        assert len(renewed.tickets[ticket].text) > len(seen.text)


async def test_f46_huge_and_countless_frames_are_refused_and_cost_nothing(system: System, store: Store) -> None:
    [key] = await enrol(store, 1)
    headers = {"authorization": f"Bearer {key}"}
    before = resident_bytes(system, GW)
    async with connect(system.socket_url(GW), additional_headers=headers, compression="deflate") as socket:
        assert not socket.protocol.extensions, "compression is off, so nothing is inflated"
        assert await _closed_by(socket, "x" * 50_000_000) == 1009
    async with connect(system.socket_url(GW), additional_headers=headers) as socket:
        assert await _closed_by(socket, *['{"type":"ping"}'] * 10_000) == 4429

    def ping_without_reading() -> None:
        with Frozen(system, GW, upgrade(key)) as peer:
            time.sleep(0.1)
            for _ in range(1000):
                peer.say(frame(b"x" * 125, opcode=9) * 100)

    await asyncio.to_thread(ping_without_reading)
    more = resident_bytes(system, GW) - before
    print(f"F46: {more / 2**20:.1f} MiB more")
    assert more < 8 * 2**20


async def test_b2_no_log_and_no_metric_says_a_credential_or_what_was_said(system: System) -> None:
    """After a whole visit, with everything that goes wrong in one; what earlier tests left in the logs is read, too."""
    url, email = system.url(GW), "visitor@example.org"
    async with httpx2.AsyncClient(base_url=f"{url}/api/v1", verify=TLS) as http:
        await http.post("/auth/register", json={"email": email, "password": PASSWORD})
        tokens = (await http.post("/auth/login", json={"email": email, "password": PASSWORD})).json()
        await http.post("/auth/login", json={"email": email, "password": f"{PASSWORD}!"})
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        key = (await http.post("/api-keys", json={"name": "x"}, headers=bearer)).json()["key"]
        ticket = (await http.post("/auth/ws-ticket", headers=bearer)).json()["ticket"]
        await http.get("/me", headers={"authorization": f"Bearer {key}x"}, params={"token": tokens["access_token"]})
        await http.post("/chat/messages", json={"content": PHRASE, "odd": PHRASE}, headers=bearer)
        asked = {"content": f'{{"say": "{PHRASE} again"}}', "wait": True}
        answer = (await http.post("/chat/messages", json=asked, headers={"authorization": f"Bearer {key}"})).json()
        assert answer["ticket"]["answer"]["content"] == f"{PHRASE} again"
        failing = {"content": f'{{"say": "{PHRASE}", "then": "malformed", "status": 400}}', "wait": True}
        await http.post("/chat/messages", json=failing, headers=bearer)
        again = (await http.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
        for origin in (url, "https://evil.example"):
            for _ in range(2):
                try:
                    async with connect(f"{system.socket_url(GW)}?ticket={ticket}", origin=Origin(origin)) as socket:
                        await socket.send(f"{PHRASE} is no frame")
                        await socket.send(json.dumps({"type": "auth", "token": f"{key}y"}))
                        await _read_on(socket, 0.2)
                except (ConnectionClosed, InvalidStatus, TimeoutError):
                    pass
        metrics = [await http.get(f"{system.url(name)}/metrics") for name in system.ports if name != "model"]
    said = {log.name: log.read_text() for log in system.folder.glob("*.log") if log.name != "model.log"}
    assert len(said) >= 5
    said["metrics"] = "".join(answer.text for answer in metrics)
    secrets = [PASSWORD, PHRASE, key, ticket, *(pair[t] for pair in (tokens, again) for t in pair if "_token" in t)]
    for place, text in said.items():
        for secret in (*secrets, system.secret_key, "tl_", "eyJ"):
            assert secret not in text, (place, secret)


def _issuer(system: System, seconds_ago: float) -> Tokens:
    """Of credentials as they were made so long ago."""
    return Tokens(system.secret_key, ManualClock(SystemClock().now() - seconds_ago))


def _page(system: System, gateway: str, ticket: str | None = None) -> connect:
    query = f"?ticket={ticket}" if ticket else ""
    return connect(system.socket_url(gateway) + query, origin=Origin(system.url(gateway)))


async def _turned_away(opening: connect) -> tuple[str, int]:
    async with opening as socket:
        code: str = (await _next(socket))["error"]["code"]
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        return code, closed.value.rcvd.code


async def _closed_by(socket: ClientConnection, *messages: str) -> int:
    """The code with which the server closes it while, or after, these are sent."""
    try:
        for message in messages:
            await socket.send(message)
        await _read_on(socket)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


async def _next(socket: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(await socket.recv())
    return frame


async def _read_on(socket: ClientConnection, seconds: float = 10) -> NoReturn:
    """Until it is closed, which raises, or for so long."""
    async with asyncio.timeout(seconds):
        while True:
            await socket.recv()
