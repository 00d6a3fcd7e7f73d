"""B4 for what is read over plain HTTP: event streams, completions and waiting calls end with the rights behind them."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect

from tests.faults.streams.test_doors import GW
from tests.support.chat import Chat
from tests.support.system import TLS, System
from tokenline.contracts.accounts import User
from tokenline.core.ports.store import Store

LONG = '{"tokens": 1000, "per_second": 20}'
B4_S = 5.0


def _bearer(credential: str) -> dict[str, str]:
    return {"authorization": f"Bearer {credential}"}


class Open:
    """One user's event stream, completion as a stream, and waiting call, all of which have begun."""

    def __init__(self, http: httpx2.AsyncClient, system: System, credential: str) -> None:
        self._http, self._url, self._headers = http, system.url(GW), _bearer(credential)
        self._begun = [asyncio.Event(), asyncio.Event()]
        self.lines: list[list[str]] = [[], []]

    async def _read(self, place: int, **request: Any) -> int:
        async with self._http.stream(headers=self._headers, **request) as answer:
            async for line in answer.aiter_lines():
                self.lines[place].append(line)
                if "delta" in line:
                    self._begun[place].set()
            return answer.status_code

    async def __aenter__(self) -> "Open":
        asked = await self._ask(wait=False)
        stream = f"{self._url}/api/v1/chat/tickets/{asked.json()['ticket']['id']}/stream"
        completion = {"model": "wide", "stream": True, "messages": [{"role": "user", "content": LONG}]}
        self._tasks = [
            asyncio.create_task(self._read(0, method="GET", url=stream)),
            asyncio.create_task(self._read(1, method="POST", url=f"{self._url}/v1/chat/completions", json=completion)),
        ]
        self._waiting = asyncio.create_task(self._ask(wait=True))
        async with asyncio.timeout(20):
            await asyncio.gather(*(begun.wait() for begun in self._begun))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (*self._tasks, self._waiting):
            task.cancel()

    async def _ask(self, *, wait: bool) -> httpx2.Response:
        body = {"content": LONG, "agent_id": "wide", "wait": wait}
        return await self._http.post(f"{self._url}/api/v1/chat/messages", json=body, headers=self._headers)

    async def ended(self) -> list[str]:
        """The code of the error that each was ended with; waits for that."""
        await asyncio.gather(*self._tasks)
        ended = [line for line in self.lines[0] if line.startswith("data:")][-1]
        failed = [line for line in self.lines[1] if line.startswith("data:") and '"error"' in line][-1]
        refused = (await self._waiting).json()["error"]["code"]
        return [json.loads(ended[5:])["error"]["code"], json.loads(failed[5:])["error"]["code"], refused]

    def open(self) -> bool:
        return not any(task.done() for task in (*self._tasks, self._waiting))


@pytest.mark.parametrize("how", ["signed out everywhere", "disabled", "key revoked"])
async def test_b4_streams_end_within_five_seconds(system: System, store: Store, how: str) -> None:
    email = f"{how.replace(' ', '-')}@example.org"
    token = (await asyncio.to_thread(system.sign_in, email))["access_token"]
    async with httpx2.AsyncClient(timeout=30, verify=TLS) as http:
        api = f"{system.url('gateway-2')}/api/v1"
        key = (await http.post(f"{api}/api-keys", json={"name": "x"}, headers=_bearer(token))).json()
        credential = key["key"] if how == "key revoked" else token
        async with Open(http, system, credential) as opened:
            assert opened.open()
            match how:
                case "signed out everywhere":
                    gone = await http.delete(f"{api}/me/sign-ins", headers=_bearer(token))
                    assert gone.status_code == 204
                case "disabled":
                    user = await store.user_by_email(email)
                    assert user is not None
                    await store.change_user(user.id, _disabled)
                case _:
                    gone = await http.delete(f"{api}/api-keys/{key['id']}", headers=_bearer(token))
                    assert gone.status_code == 204
            async with asyncio.timeout(B4_S):
                assert await opened.ended() == ["not_signed_in", "invalid_api_key", "not_signed_in"]
        again = await http.get(f"{system.url(GW)}/api/v1/chat/conversations", headers=_bearer(credential))
        assert again.status_code == 401


def _disabled(user: User) -> User:
    return User(**{name: getattr(user, name) for name in user.__struct_fields__} | {"disabled": True})


async def test_on_a_socket_a_key_does_what_its_scopes_say(system: System) -> None:
    token = (await asyncio.to_thread(system.sign_in, "scopes@example.org"))["access_token"]
    async with httpx2.AsyncClient(
        timeout=30, base_url=f"{system.url(GW)}/api/v1", headers=_bearer(token), verify=TLS
    ) as http:
        keys = {
            scope: (await http.post("/api-keys", json={"name": scope, "scopes": [scope]})).json()["key"]
            for scope in ("read", "admin")
        }
        asked = (await http.post("/chat/messages", json={"content": LONG, "agent_id": "wide"})).json()
    ticket = asked["ticket"]["id"]
    async with connect(system.socket_url(GW), additional_headers=_bearer(keys["read"])) as socket:
        looking = Chat(socket)
        await looking.send(type="send", client_message_id="m1", content="May I?")
        await looking.send(type="cancel", ticket_id=ticket)
        await looking.until(lambda: [frame["type"] for frame in looking.other].count("error") == 2)
        errors = [frame["error"] for frame in looking.other if frame["type"] == "error"]
        assert [(error["code"], error["detail"]) for error in errors] == [("not_allowed", {"scope": "chat"})] * 2
        await looking.send(type="follow", conversation_id=asked["message"]["conversation_id"])
        await looking.until(lambda: ticket in looking.tickets and bool(looking.tickets[ticket].text))
    async with connect(system.socket_url(GW), additional_headers=_bearer(keys["admin"])) as socket:
        assert json.loads(await socket.recv())["error"]["detail"] == {"scope": "read"}
        await socket.wait_closed()
        assert socket.close_code == 4403
