"""Only administrators, over REST and over the socket, and only while they are (D6, B1, B4)."""

import asyncio
from contextlib import suppress

import pytest
from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tokenline.contracts.accounts import EVERY_SCOPE, Role
from tokenline.contracts.frames import MAX_FRAME_BYTES
from tokenline.runtime import sockets

PATHS = ("line", "pools", "workers", "history", "truth", "dead-letters", "audit")
ACTIONS = (
    "tickets/{ticket}/cancel",
    "tickets/{ticket}/bump",
    "tickets/{ticket}/demote",
    "tickets/{ticket}/move",
    "dead-letters/{ticket}/retry",
    "dead-letters/{ticket}/discard",
    "pools/default/pause",
    "pools/default/resume",
    "workers/worker-1/drain",
)


async def close_code(screen, within_s: float = 5.0) -> int | None:
    """Read until the server closes."""
    async with asyncio.timeout(within_s):
        with suppress(ConnectionClosed):
            while True:
                await screen.raw.recv()
    code: int | None = screen.raw.close_code
    return code


@pytest.mark.parametrize("path", PATHS)
async def test_rest_is_for_administrators(others, page, path):
    _, token = await others.register("ann@example.org")
    assert (await page.ask(path, None)).status_code == 401
    assert (await page.ask(path, "nonsense")).status_code == 401
    refused = await page.ask(path, token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")
    assert (await page.ask(path, page.token)).status_code == 200


@pytest.mark.parametrize("path", ACTIONS)
async def test_actions_are_for_administrators(others, page, path):
    ann, token = await others.register("ann@example.org")
    ticket = await others.asks(ann.id)
    path = path.format(ticket=ticket.id)
    assert (await page.http.post(f"/api/v1/admin/{path}")).status_code == 401
    assert (await page.post(path, "nonsense")).status_code == 401
    refused = await page.post(path, token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")
    assert await others.store.get_ticket(ticket.id) == ticket, "not even the owner, not even their own"
    assert await others.store.paused_pools() == set()
    assert await page.audit() == []


async def test_another_site_can_make_an_administrators_browser_do_nothing(others, page):
    """B15: nothing that signs in is sent by a browser of its own accord, and no other site's script may send it."""
    ann, _ = await others.register("ann@example.org")
    ticket = await others.asks(ann.id)
    path = f"/api/v1/admin/tickets/{ticket.id}/cancel"
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Cookie": f"token={page.token}"}
    # What a form or an image may send without asking.
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        sent = await page.http.post(path, headers=evil | {"Content-Type": kind}, content=f"token={page.token}")
        assert sent.status_code == 401
    in_the_url = await page.http.post(path, headers=evil, params={"token": page.token, "access_token": page.token})
    assert in_the_url.status_code == 401
    # What a script must ask for: no answer allows it.
    asked = await page.http.options(
        path,
        headers=evil | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"},
    )
    assert not [name for name in asked.headers if name.lower().startswith("access-control-allow")]
    assert await others.store.get_ticket(ticket.id) == ticket
    assert await page.audit() == []


async def test_signing_in_is_the_gateways_but_no_account_is_opened_here(page):
    credentials = {"email": "root@example.org", "password": "correct horse"}
    signed_in = await page.http.post("/api/v1/auth/login", json=credentials)
    assert (await page.ask("pools", signed_in.json()["access_token"])).status_code == 200
    answer = await page.http.post("/api/v1/auth/register", json=credentials | {"email": "eve@example.org"})
    assert answer.json()["error"]["code"] == "registration_closed"


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"state": "sleeping"}])
async def test_a_wrong_query_is_explained(page, query):
    refused = await page.ask("line", page.token, **query)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_request")


async def test_a_foreign_cursor_is_refused(page):
    assert (await page.ask("line", page.token, cursor="nonsense")).status_code == 400


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example"])
async def test_a_foreign_page_opens_no_socket(page, origin):
    with pytest.raises(InvalidStatus) as refused:
        await page.connect(origin=origin)
    assert refused.value.response.status_code == 403


async def test_a_program_with_an_administrators_key_needs_no_page(others, page):
    principal = await others.accounts.authenticate(page.token)
    _, key = await others.accounts.keys.create(principal, "wall display", EVERY_SCOPE)
    async with page.connect(additional_headers={"Authorization": f"Bearer {key}"}) as raw:
        assert '"ready"' in str(await raw.recv())


async def test_a_user_is_told_and_closed(others, page):
    _, token = await others.register("ann@example.org")
    async with page.socket(token) as screen:
        assert (await screen.next("error"))["error"]["code"] == "not_allowed"
        assert await close_code(screen) == sockets.NOT_ALLOWED


@pytest.mark.parametrize("first", ['{"type": "ping"}', '{"type": "auth", "token": "nonsense"}'])
async def test_the_first_frame_signs_in(page, first):
    async with page.socket("") as screen:
        await screen.raw.send(first)
        assert (await screen.next("error"))["error"]["code"] == "not_signed_in"
        assert await close_code(screen) == sockets.SIGNED_OUT


async def test_a_binary_first_frame_does_no_harm(page):
    async with page.socket("") as screen:
        await screen.raw.send(b"\x00\x01")
        assert (await screen.next("error"))["error"]["code"] == "malformed_frame"
        assert await close_code(screen) == sockets.WRONG_FRAME


async def test_whoever_does_not_sign_in_is_closed(page, monkeypatch):
    monkeypatch.setattr(sockets, "AUTH_S", 0.05)
    async with page.socket("") as screen:
        assert await close_code(screen) == sockets.SIGNED_OUT


async def test_demotion_closes_the_socket(others, page):
    async with page.socket() as screen:
        await screen.next("board")
        await others.store.update_user(replace(page.user, role=Role.USER))
        assert await close_code(screen) == sockets.NOT_ALLOWED


async def test_disabling_closes_the_socket(others, page):
    async with page.socket() as screen:
        await screen.next("board")
        await others.store.update_user(replace(page.user, disabled=True))
        assert await close_code(screen) == sockets.SIGNED_OUT


async def test_signing_out_closes_the_socket(others, page):
    async with page.socket() as screen:
        await screen.next("board")
        await others.accounts.sign_ins.end_own(await others.accounts.authenticate(page.token))
        assert await close_code(screen) == sockets.SIGNED_OUT


async def test_a_fresh_token_is_taken_and_a_strangers_is_not(others, page):
    stranger, token = await others.register("eve@example.org", Role.ADMIN)
    fresh = await others.accounts.login("root@example.org", "correct horse")
    async with page.socket() as screen:
        await screen.next("ready")
        await screen.send(type="auth", token=fresh.access_token)
        assert (await screen.next("ready"))["user_id"] == page.user.id != stranger.id
        await screen.send(type="auth", token=token)
        assert (await screen.next("error"))["error"]["code"] == "not_signed_in"
        await screen.send(type="ping", id=7)
        assert (await screen.next("pong"))["id"] == 7


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("not json", "malformed_frame"),
        ('{"type": "send", "content": "x"}', "unknown_frame"),
        ('{"type": "ping", "id": "x"}', "malformed_frame"),
        ('{"type": "ping", "id": 1, "more": 2}', "malformed_frame"),
        ("x" * (MAX_FRAME_BYTES + 1), "too_large"),
    ],
)
async def test_a_wrong_frame_is_explained_and_the_socket_goes_on(page, sent, code):
    async with page.socket() as screen:
        await screen.next("ready")
        await screen.raw.send(sent)
        assert (await screen.next("error"))["error"]["code"] == code
        await screen.send(type="ping", id=1)
        assert (await screen.next("pong"))["id"] == 1


async def test_a_flood_is_closed(page):
    async with page.socket() as screen:
        await screen.next("ready")
        with suppress(ConnectionClosed):
            for _ in range(int(sockets.FRAME_BURST) * 5):
                await screen.send(type="ping")
        assert await close_code(screen) == sockets.TOO_MANY
