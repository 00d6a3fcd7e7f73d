"""Limits as clients meet them (I5): what is refused says what and when, and is not half-done."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from services.gateway.ws.outbox import Outbox
from services.gateway.ws.session import Session
from tests.integration.limits.conftest import MINUTE, Gateway, MakeGateway, a_minute
from tokenline.contracts import frames as f
from tokenline.contracts.limits import Limit, Limits
from tokenline.contracts.tickets import Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.runtime.limits import LimitSettings

PDF = ("a.txt", b"Some words that can be read.", "text/plain")


@pytest.fixture
async def gateway(make_gateway: MakeGateway) -> Gateway:
    limits = LimitSettings(
        messages=a_minute(3), uploads=a_minute(2), conversations=a_minute(5), searches=a_minute(2), tokens=a_minute(100)
    )
    gateway: Gateway = await make_gateway(limits=limits)
    await gateway.sign_in()
    return gateway


async def test_a_message_too_many_is_refused_with_what_and_when(gateway: Gateway, clock: ManualClock) -> None:
    for remaining in (2, 1, 0):
        answer = await gateway.ask()
        assert answer.status_code == 202
        assert f'"messages";r={remaining};t=' in answer.headers["ratelimit"]
        assert '"messages";q=3;w=60' in answer.headers["ratelimit-policy"]
        clock.advance(10)

    refused = await gateway.ask()

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "30"
    error = refused.json()["error"]
    assert error["code"] == "rate_limited"
    assert error["message"] == "3 messages are allowed in 60 s. You can send again in 30 s."
    detail = error["detail"]
    assert (detail["limit"], detail["of"], detail["max"], detail["per_s"]) == ("messages", "user", 3, 60)
    assert detail["retry_after_s"] == pytest.approx(30)
    assert detail["reset_at"] == pytest.approx(clock.now() + 30)
    assert gateway.counted("messages") == 1
    conversations = (await gateway.get("/api/v1/chat/conversations")).json()["items"]
    assert len(conversations) == 3, "nothing half-done"
    clock.advance(30)
    assert (await gateway.ask()).status_code == 202


async def test_the_same_message_again_is_served_when_the_limit_is_used_up(gateway: Gateway) -> None:
    first = await gateway.ask(client_message_id="m")
    for _ in range(2):
        await gateway.ask()
    again = await gateway.ask(client_message_id="m")
    assert again.status_code == 202
    assert again.json()["ticket"]["id"] == first.json()["ticket"]["id"]
    assert (await gateway.used())["messages user"]["used"] == 3


async def test_two_gateways_count_together(gateway: Gateway, make_gateway: MakeGateway) -> None:
    other: Gateway = await make_gateway(limits=gateway.deps.settings.limits)
    other.token = gateway.token
    assert [(await one.ask()).status_code for one in (gateway, other, gateway)] == [202] * 3
    assert [(await one.ask()).status_code for one in (gateway, other)] == [429] * 2


async def test_all_who_come_from_one_address_share_its_limit(make_gateway: MakeGateway) -> None:
    gateway: Gateway = await make_gateway(limits=LimitSettings(messages_per_address=a_minute(3)))
    await gateway.sign_in()
    ann = gateway.token
    assert [(await gateway.ask()).status_code for _ in range(2)] == [202] * 2
    gateway.token = ""
    await gateway.sign_in({"email": "bob@example.org", "password": "battery staple"})
    assert [(await gateway.ask()).status_code for _ in range(2)] == [202, 429]
    refused = await gateway.ask()
    assert refused.json()["error"]["detail"]["of"] == "address"
    gateway.token = ann
    assert (await gateway.ask()).status_code == 429
    gateway.http._transport.client = ("198.51.100.7", 1)  # type: ignore[attr-defined] # another address of the caller's
    assert (await gateway.ask()).status_code == 202


async def test_what_is_allowed_and_used_is_told(gateway: Gateway, clock: ManualClock) -> None:
    await gateway.ask()
    used = await gateway.used()
    assert set(used) == {f"{name} user" for name in ("messages", "tokens", "uploads", "conversations", "searches")}
    messages = used["messages user"]
    assert (messages["max"], messages["per_s"], messages["used"], messages["remaining"]) == (3, 60, 1, 2)
    assert messages["reset_at"] == pytest.approx(clock.now() + MINUTE)
    assert (used["conversations user"]["used"], used["uploads user"]["reset_at"]) == (1, None)


async def test_uploads_are_limited_and_bad_ones_cost_nothing(gateway: Gateway) -> None:
    bad = {"file": ("a.bin", bytes(range(256)) * 4, "application/octet-stream")}
    for _ in range(3):
        assert (await gateway.post("/api/v1/attachments", files=bad)).status_code == 415
    for _ in range(2):
        assert (await gateway.post("/api/v1/attachments", files={"file": PDF})).status_code == 201
    refused = await gateway.post("/api/v1/attachments", files={"file": PDF})
    assert refused.status_code == 429
    assert refused.json()["error"]["detail"]["limit"] == "uploads"


async def test_conversations_are_limited_however_they_begin(gateway: Gateway) -> None:
    conversation = (await gateway.ask()).json()["message"]["conversation_id"]
    for _ in range(4):
        assert (await gateway.post("/api/v1/chat/conversations", {})).status_code == 201
    refused = await gateway.post("/api/v1/chat/conversations", {})
    assert refused.status_code == 429
    assert refused.json()["error"]["detail"]["limit"] == "conversations"
    assert (await gateway.ask()).json()["error"]["detail"]["limit"] == "conversations"
    assert (await gateway.ask(conversation_id=conversation)).status_code == 202


async def test_searches_are_limited_and_listing_is_not(gateway: Gateway) -> None:
    path = "/api/v1/chat/conversations"
    assert [(await gateway.get(f"{path}?q=a")).status_code for _ in range(3)] == [200, 200, 429]
    assert (await gateway.get(path)).status_code == 200


async def test_tokens_are_paid_afterwards(gateway: Gateway, clock: ManualClock) -> None:
    ticket_id = (await gateway.ask()).json()["ticket"]["id"]
    await _answered(gateway, ticket_id, clock, tokens=250)
    refused = await gateway.ask()
    assert refused.status_code == 429
    assert refused.json()["error"]["message"] == "100 tokens are allowed in 60 s. You can send again in 60 s."
    assert (await gateway.used())["messages user"]["used"] == 1
    clock.advance(MINUTE)
    assert (await gateway.ask()).status_code == 202


async def test_a_user_may_have_other_limits_and_none(gateway: Gateway) -> None:
    await _change_ann(gateway, Limits(messages=Limit(max=4, per_s=60), conversations=Limit(max=0, per_s=60)))
    assert [(await gateway.ask()).status_code for _ in range(5)] == [202] * 4 + [429]
    assert "conversations user" not in await gateway.used()


async def test_zero_is_no_limit(make_gateway: MakeGateway) -> None:
    gateway: Gateway = await make_gateway(limits=LimitSettings(messages=a_minute(0), conversations=a_minute(0)))
    await gateway.sign_in()
    answers = [await gateway.ask() for _ in range(5)]
    assert {answer.status_code for answer in answers} == {202}
    assert "ratelimit" not in answers[0].headers
    assert "messages user" not in await gateway.used()


async def _answered(gateway: Gateway, ticket_id: str, clock: ManualClock, tokens: int) -> None:
    store = gateway.deps.store
    ticket = await store.get_ticket(ticket_id)
    assert ticket is not None
    running = moves.claim(ticket, worker="w", incarnation="i", now=clock.now())
    assert await store.replace_ticket(running)
    usage = Usage(prompt_tokens=tokens - 50, completion_tokens=50)
    assert await store.replace_ticket(moves.complete(running, usage=usage, now=clock.now()))


async def _change_ann(gateway: Gateway, limits: Limits) -> None:
    ann: Any = await gateway.deps.store.user_by_email("ann@example.org")
    await gateway.deps.store.update_user(replace(ann, limits=limits))


async def test_a_key_may_have_less_than_its_user(gateway: Gateway) -> None:
    body = {"name": "bot", "limits": {"messages": {"max": 1, "per_s": 60}}}
    made = (await gateway.post("/api/v1/api-keys", body)).json()
    assert made["limits"]["messages"] == {"max": 1, "per_s": 60}
    person, gateway.token = gateway.token, made["key"]
    first = await gateway.ask()
    assert '"messages-api_key";q=1;w=60' in first.headers["ratelimit-policy"]
    refused = (await gateway.ask()).json()["error"]["detail"]
    assert (refused["limit"], refused["of"]) == ("messages", "api_key")
    used = await gateway.used()
    assert (used["messages api_key"]["remaining"], used["messages user"]["used"]) == (0, 1)
    gateway.token = person
    assert (await gateway.ask()).status_code == 202, "the person may go on"


async def test_asking_again_and_copying_count_as_asking_and_beginning(gateway: Gateway, clock: ManualClock) -> None:
    asked = (await gateway.ask()).json()
    ticket_id, conversation = asked["ticket"]["id"], asked["message"]["conversation_id"]
    await _answered(gateway, ticket_id, clock, tokens=60)
    again = await gateway.post(f"/api/v1/chat/tickets/{ticket_id}/retry")
    assert again.status_code == 202
    assert '"messages";r=1' in again.headers["ratelimit"]
    await _answered(gateway, again.json()["ticket"]["id"], clock, tokens=60)
    refused = await gateway.post(f"/api/v1/chat/tickets/{ticket_id}/retry")
    assert (refused.status_code, refused.json()["error"]["detail"]["limit"]) == (429, "tokens")
    copying = f"/api/v1/chat/conversations/{conversation}/copy"
    assert (await gateway.post(copying, {"message_id": "of nothing"})).status_code == 404
    copies = [(await gateway.post(copying, {"client_copy_id": f"c{n}"})).status_code for n in range(5)]
    assert copies == [201] * 4 + [429], "what was not found counts as nothing"
    once_more = [(await gateway.post(copying, {"client_copy_id": f"c{n}"})).status_code for n in range(5)]
    assert once_more == copies, "one that was made is served again"


async def test_the_search_counts_as_one(gateway: Gateway) -> None:
    answers = [(await gateway.get("/api/v1/chat/search?q=ticket")).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


async def test_a_socket_is_told_which_message_was_one_too_many(gateway: Gateway) -> None:
    said: list[f.ServerFrame] = []
    outbox = cast(Outbox, SimpleNamespace(notice=said.append, wake=lambda _: None))
    asker = await gateway.deps.accounts.authenticate(gateway.token)
    session = Session(gateway.deps, asker, outbox, None, lambda _: None)
    for number in range(4):
        await session.take(f.Send(client_message_id=f"m{number}", content="?"))
    [refusal] = [frame for frame in said if isinstance(frame, f.Error)]
    assert (refusal.client_message_id, refusal.ticket_id) == ("m3", None)
    assert refusal.error.code == "rate_limited"
    assert refusal.error.detail["limit"] == "messages"
    assert refusal.error.detail["retry_after_s"] == pytest.approx(60)
    await session.take(f.Send(client_message_id="m0", content="?"))
    assert isinstance(said[-1], f.Accepted), "a resend is served"
    session.stop()
