"""Every call of the documents is made at running services, and every answer held against what they say of it."""

import time
from collections.abc import Iterator

import httpx2
import pytest

from deploy.local.rabbitmq import NodeHandle
from tests.support.documented import check_events, checking, rest
from tests.support.pictures import picture
from tests.support.system import ADMIN, System, shared_system

FACTS = b"The lighthouse of Port Ellen was built in 1832 and is 24 metres high.\n"
STALLS = '{"say": "wait for it, and then for more of it", "per_second": 0.1}'
ELSEWHERE = {"exchange", "attach_url"}
"""Calls that cannot succeed here: there is no provider to sign in at, and no page that may be fetched."""


@pytest.fixture(scope="module")
def running(broker_node: NodeHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with shared_system(broker_node, tmp_path_factory.mktemp("calls")) as system:
        system.scripted_model()
        system.ingest()
        system.worker(slots=2)
        system.gateway()
        yield system


def test_every_call_of_the_gateway_answers_as_its_document_says(running: System) -> None:
    calls = rest()["Tokenline"]
    calls.answered.clear()
    with (
        httpx2.Client(base_url=running.url(), timeout=30, event_hooks=checking()) as anybody,
        running.client("calls@example.org") as client,
    ):
        credentials = {"email": "other@example.org", "password": "a long password"}
        tokens = anybody.post("/api/v1/auth/register", json=credentials).json()
        assert anybody.post("/api/v1/auth/register", json=credentials).status_code == 409
        assert anybody.post("/api/v1/auth/login", json=credentials | {"password": "wrong one"}).status_code == 401
        assert anybody.post("/api/v1/auth/login", json=credentials | {"more": 1}).status_code == 422
        anybody.post("/api/v1/auth/login", json=credentials)
        fresh = anybody.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
        anybody.post("/api/v1/auth/logout", json={"refresh_token": fresh["refresh_token"]})
        for path in ("/healthz", "/readyz", "/metrics"):
            assert anybody.get(path).status_code == 200
        assert anybody.get("/api/v1/me").status_code == 401
        _account(client)
        _chat(client)
        _files(client)
        _openai(client)
        _webhooks(client)
        _in_and_out(client)
        _gone(client)
    assert calls.operations() - calls.answered == ELSEWHERE


def _gone(client: httpx2.Client) -> None:
    """Sign-ins, the password, and then the account itself."""
    own, password = "/api/v1/me", {"password": "a long password"}
    assert client.get("/api/v1/auth/methods").status_code == 200
    client.post("/api/v1/auth/login", json={"email": "calls@example.org", **password})
    others = [one["id"] for one in client.get(f"{own}/sign-ins").json()["items"] if not one["current"]]
    assert client.delete(f"{own}/sign-ins/{others[0]}").status_code == 204
    assert client.delete(f"{own}/sign-ins/{others[0]}").status_code == 404
    assert client.post(f"{own}/password", json={**password, "new_password": "another long one"}).is_success
    assert client.delete(f"{own}/sign-ins").is_success
    tokens = client.post("/api/v1/auth/login", json={"email": "calls@example.org", "password": "another long one"})
    client.headers["authorization"] = f"Bearer {tokens.json()['access_token']}"
    assert client.request("DELETE", own, json={"password": "another long one"}).is_success


def _in_and_out(client: httpx2.Client) -> None:
    """Branches, copies, links, search, and what leaves and comes back."""
    asked = client.post("/api/v1/chat/messages", json={"content": '{"say": "here"}', "wait": True}).json()
    place = f"/api/v1/chat/conversations/{asked['message']['conversation_id']}"
    answer = asked["ticket"]["answer"]["id"]
    again = client.post(f"/api/v1/chat/messages/{answer}/retry").json()["ticket"]["id"]
    with client.stream("GET", f"/api/v1/chat/tickets/{again}/stream") as stream:
        check_events("".join(stream.iter_text()))
    assert client.post(f"/api/v1/chat/tickets/{again}/retry").is_success
    assert client.put(f"{place}/path", json={"message_id": answer}).status_code == 200
    assert client.post(f"{place}/copy", json={}).is_success
    share = client.post(f"{place}/share").json()
    assert client.get("/api/v1/chat/shares").json()["items"][0]["id"] == share["id"]
    assert client.get(f"/api/public/shares/{share['token']}").status_code == 200
    assert client.delete(f"/api/v1/chat/shares/{share['id']}").status_code == 204
    assert client.get(f"/api/public/shares/{share['token']}").status_code == 404
    assert client.get("/api/v1/chat/search", params={"q": "here"}).status_code == 200
    assert client.get(f"{place}/export", params={"format": "json"}).status_code == 200
    everything = client.get("/api/v1/chat/export")
    assert client.post("/api/v1/chat/import", content=everything.content).is_success


def _account(client: httpx2.Client) -> None:
    for path in ("me", "me/limits", "agents", "queue/status", "api-keys"):
        assert client.get(f"/api/v1/{path}").status_code == 200
    client.post("/api/v1/auth/ws-ticket")
    key = client.post("/api/v1/api-keys", json={"name": "one"}).json()
    keyed = {"authorization": f"Bearer {key['key']}"}
    assert client.post("/api/v1/api-keys", json={"name": "two"}, headers=keyed).status_code == 403
    assert client.delete(f"/api/v1/api-keys/{key['id']}").status_code == 204
    assert client.delete(f"/api/v1/api-keys/{key['id']}").status_code == 404


def _webhooks(client: httpx2.Client) -> None:
    hooks = "/api/v1/webhooks"
    hook = client.post(hooks, json={"url": "https://127.0.0.1:9/told"}).json()["id"]
    assert client.post(hooks, json={"url": "http://"}).status_code == 400
    asked = {"content": '{"say": "a"}', "webhook_id": hook, "wait": True}
    ticket = client.post("/api/v1/chat/messages", json=asked).json()["ticket"]["id"]
    assert client.get(hooks).json()["items"][0]["id"] == hook
    assert client.get(f"{hooks}/{hook}").status_code == 200
    # Into a private network: refused, and not under way while it is asked for again.
    delivery = client.get(f"{hooks}/{hook}/deliveries").json()["items"][0]
    while delivery["attempts"] == 0:
        time.sleep(0.05)
        delivery = client.get(f"{hooks}/{hook}/deliveries").json()["items"][0]
    assert delivery["ticket_id"] == ticket
    assert client.post(f"{hooks}/{hook}/deliveries/{ticket}/retry").status_code == 202
    assert client.post(f"{hooks}/{hook}/rotate").status_code == 200
    assert client.delete(f"{hooks}/{hook}").status_code == 204
    assert client.get(f"{hooks}/{hook}").status_code == 404


def _chat(client: httpx2.Client) -> None:
    conversations = "/api/v1/chat/conversations"
    own = client.post(conversations, json={"title": "Mine"}).json()["id"]
    asked = client.post(f"{conversations}/{own}/messages", json={"content": STALLS}).json()
    ticket = f"/api/v1/chat/tickets/{asked['ticket']['id']}"
    assert client.delete(f"{conversations}/{own}").status_code == 409
    behind = client.post(f"{conversations}/{own}/messages", json={"content": '{"say": "a"}'}).json()["ticket"]["id"]
    assert client.patch(f"/api/v1/chat/tickets/{behind}", json={"content": '{"say": "b"}'}).status_code == 200
    assert client.get(ticket).status_code == 200
    assert client.post(f"{ticket}/cancel").status_code == 200
    with client.stream("GET", f"/api/v1/chat/tickets/{behind}/stream") as stream:
        check_events("".join(stream.iter_text()))
    assert client.patch(ticket, json={"content": "too late"}).status_code == 409
    assert client.post("/api/v1/chat/messages", json={"content": '{"say": "at once"}', "wait": True}).status_code == 200
    assert client.post("/api/v1/chat/messages", json={"content": " "}).status_code == 400
    assert client.post("/api/v1/chat/messages", json={"content": "x" * 200_000}).status_code == 413
    assert client.post("/api/v1/chat/messages", json={}).status_code == 422
    assert client.patch(f"{conversations}/{own}", json={"title": "Ours"}).json()["title"] == "Ours"
    assert client.patch(f"{conversations}/{own}", json={"title": "\u200b"}).status_code == 400
    [*_, answer] = client.get(f"{conversations}/{own}/messages").json()["items"]
    assert client.put(f"{conversations}/{own}/read", json={"seq": answer["seq"]}).json()["read_seq"] == answer["seq"]
    rate = f"/api/v1/chat/messages/{answer['id']}/feedback"
    assert client.put(rate, json={"rating": "up"}).json()["rating"] == "up"
    assert client.put(rate, json={"rating": "maybe"}).status_code == 422
    question = asked["message"]["id"]
    assert client.put(f"/api/v1/chat/messages/{question}/feedback", json={"rating": "up"}).status_code == 400
    assert client.delete(rate).status_code == 204
    assert client.get(conversations, params={"q": "Ours"}).json()["items"][0]["id"] == own
    assert client.get(conversations, params={"cursor": "not ours"}).status_code == 400
    assert client.get(f"{conversations}/{own}/messages").status_code == 200
    assert client.get(f"{conversations}/{own}").status_code == 200
    assert client.post(f"{conversations}/{own}/query", json={"query": "anything"}).status_code == 200
    assert client.delete(f"{conversations}/{own}").status_code == 204
    assert client.get(f"{conversations}/{own}").status_code == 404
    assert client.get("/api/v1/nowhere").status_code == 404


def _files(client: httpx2.Client) -> None:
    stored = client.post("/api/v1/attachments", files={"file": ("facts.txt", FACTS)}).json()
    path = f"/api/v1/attachments/{stored['id']}"
    assert client.get(f"{path}/content").content == FACTS
    assert client.get(f"{path}/content", headers={"range": "bytes=2-4"}).content == FACTS[2:5]
    assert client.get(client.post(f"{path}/link").json()["url"]).content == FACTS
    assert client.get(f"{path}/thumbnail").status_code == 404
    seen = client.post("/api/v1/attachments", files={"file": ("red.png", picture("PNG"))}).json()
    while seen["state"] not in ("indexed", "failed"):
        time.sleep(0.05)
        seen = client.get(f"/api/v1/attachments/{seen['id']}").json()
    assert client.get(f"/api/v1/attachments/{seen['id']}/thumbnail").content[8:12] == b"WEBP"
    assert client.post("/api/v1/attachments/url", json={"url": "http://127.0.0.1/"}).status_code == 422
    _in_pieces(client)
    assert client.get(path).status_code == 200
    assert client.post("/api/v1/attachments", files={"file": ("a.bin", b"\x7fELF\0\0")}).status_code == 415
    assert client.post("/api/v1/attachments").status_code == 422
    assert client.delete(path).status_code == 204


def _in_pieces(client: httpx2.Client) -> None:
    uploads, spoken = "/api/v1/attachments/uploads", {"tus-resumable": "1.0.0"}
    assert client.options(uploads, headers=spoken).status_code == 204
    begun = client.post(uploads, headers=spoken | {"upload-length": str(len(FACTS))})
    where = begun.headers["location"]
    for piece, offset in ((FACTS[:20], 0), (FACTS[20:], 20)):
        going_on = spoken | {"upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
        assert client.patch(where, headers=going_on, content=piece).status_code == 204
        assert client.head(where, headers=spoken).headers["upload-offset"] == str(offset + len(piece))
    assert client.patch(where, headers=going_on, content=b"more").status_code == 409
    assert client.delete(where, headers=spoken).status_code == 204
    assert client.head(where).status_code == 412


def _openai(client: httpx2.Client) -> None:
    assert client.get("/v1/models").status_code == 200
    assert client.get("/v1/models/assistant").status_code == 200
    assert client.get("/v1/models/nobody").status_code == 404
    body = {"model": "assistant", "messages": [{"role": "user", "content": '{"say": "hello"}'}]}
    assert client.post("/v1/chat/completions", json=body).status_code == 200


def test_every_view_of_the_dashboard_answers_as_its_document_says(running: System) -> None:
    running.admin()
    token = running.sign_in(*ADMIN)["access_token"]
    with httpx2.Client(
        base_url=running.url("admin"),
        headers={"authorization": f"Bearer {token}"},
        timeout=30,
        event_hooks=checking("Tokenline admin"),
    ) as client:
        for view in ("line", "pools", "workers", "history", "truth", "dead-letters", "audit", "feedback"):
            assert client.get(f"/api/v1/admin/{view}").status_code == 200, view
        assert client.post("/api/v1/admin/pools/default/pause").json()["outcome"] == "done"
        assert client.post("/api/v1/admin/pools/default/resume").json()["outcome"] == "done"
        assert client.post("/api/v1/admin/tickets/nobodys/cancel").status_code == 404
        assert client.get("/api/v1/admin/line", params={"cursor": "not ours"}).status_code == 400
