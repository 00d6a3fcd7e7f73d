"""A program is told of its answers: whatever its receiver does, and whatever happens to the gateway that tells it."""

import asyncio
import json
import time
from functools import partial
from typing import Any

import httpx2

from tests.support.receiver import Receiver, Sent, receiving
from tests.support.system import System
from tokenline.core.webhooks import signature

QUESTION = '{"say": "one two three"}'
IN_TIME_S = 300
"""How old a receiver lets the news be, as Standard Webhooks advises."""
LOOPBACK = {"TOKENLINE_WEBHOOK_NETWORKS": '["127.0.0.0/8"]', "TOKENLINE_WEBHOOK_FIRST_RETRY_S": "0.2"}


def verified(sent: Sent, secret: str) -> dict[str, Any]:
    """What a receiver does before it believes anything."""
    stamp = int(sent.headers["webhook-timestamp"])
    assert abs(time.time() - stamp) < IN_TIME_S
    expected = signature(secret, sent.headers["webhook-id"], stamp, sent.body)
    assert expected in sent.headers["webhook-signature"].split(" ")
    news: dict[str, Any] = json.loads(sent.body)
    return news


class Program:
    """Acts with an API key, as programs do."""

    def __init__(self, system: System) -> None:
        with system.client() as person:
            self._key = person.post("/api/v1/api-keys", json={"name": "program"}).json()["key"]
        self._system = system

    async def call(self, method: str, path: str, *, gateway: str = "gateway-1", **body: object) -> httpx2.Response:
        url = f"{self._system.url(gateway)}/api/v1{path}"
        headers = {"authorization": f"Bearer {self._key}"}
        send = partial(httpx2.request, method, url, headers=headers, json=body or None, timeout=30)
        return await asyncio.to_thread(send)

    async def asked(self, webhook_id: str) -> str:
        answer = await self.call("POST", "/chat/messages", content=QUESTION, webhook_id=webhook_id)
        assert answer.status_code == 202
        ticket_id: str = answer.json()["ticket"]["id"]
        return ticket_id

    async def delivery(self, webhook_id: str, state: str, *, attempts: int = 1, gateway: str = "gateway-1") -> Any:
        """The latest one, once it is in this state after so many attempts, at least."""
        async with asyncio.timeout(30):
            while True:
                page = (await self.call("GET", f"/webhooks/{webhook_id}/deliveries", gateway=gateway)).json()
                for latest in page["items"][:1]:
                    if latest["state"] == state and latest["attempts"] >= attempts:
                        return latest
                await asyncio.sleep(0.05)


async def test_the_news_arrives_whoever_fails(system: System) -> None:
    system.scripted_model()
    await asyncio.to_thread(partial(system.gateway, 1, **LOOPBACK))
    await asyncio.to_thread(system.worker)
    program = await asyncio.to_thread(Program, system)
    async with receiving(500, 503, 204) as receiver:
        registered = (await program.call("POST", "/webhooks", url=receiver.url)).json()
        webhook_id, secret = registered["id"], registered["secret"]
        await asyncio.to_thread(nobody_else_finds_it, system, webhook_id)
        await a_receiver_fails_twice(program, receiver, webhook_id, secret)
        secret = await its_secret_is_replaced(program, receiver, webhook_id, secret)
        await its_gateway_is_killed(system, program, receiver, webhook_id, secret)
        await loopback_is_refused(system, program, receiver, webhook_id)


def nobody_else_finds_it(system: System, webhook_id: str) -> None:
    with system.client("bob@example.org") as bob:
        assert bob.get("/api/v1/webhooks").json()["items"] == []
        missing = f"/api/v1/webhooks/{webhook_id}"
        for method, path in (
            ("GET", missing),
            ("DELETE", missing),
            ("POST", f"{missing}/rotate"),
            ("GET", f"{missing}/deliveries"),
            ("POST", f"{missing}/deliveries/x/retry"),
        ):
            assert bob.request(method, path).status_code == 404
        asked = bob.post("/api/v1/chat/messages", json={"content": QUESTION, "webhook_id": webhook_id})
        assert asked.status_code == 404
        assert bob.get("/api/v1/chat/conversations").json()["items"] == []
        made = [bob.post("/api/v1/webhooks", json={"url": "https://hooks.example/"}) for _ in range(11)]
        assert [answer.status_code for answer in made] == [201] * 10 + [409]
        assert bob.delete(f"/api/v1/webhooks/{made[0].json()['id']}").status_code == 204
        assert len(bob.get("/api/v1/webhooks").json()["items"]) == 9
        assert bob.post("/api/v1/webhooks", json={"url": "https://bob@hooks.example/"}).status_code == 400


async def a_receiver_fails_twice(program: Program, receiver: Receiver, webhook_id: str, secret: str) -> None:
    ticket_id = await program.asked(webhook_id)
    await receiver.until(lambda: len(receiver.sent) == 3)
    assert {sent.headers["webhook-id"] for sent in receiver.sent} == {ticket_id}
    assert len({sent.body for sent in receiver.sent}) == 1
    news = verified(receiver.sent[-1], secret)
    stored = (await program.call("GET", f"/chat/tickets/{ticket_id}")).json()
    assert news["type"] == "ticket.complete"
    assert news["data"]["ticket_id"] == ticket_id
    assert news["data"]["answer_id"] == stored["answer"]["id"]
    assert stored["answer"]["content"] == "one two three"
    delivery = await program.delivery(webhook_id, "delivered")
    assert (delivery["attempts"], delivery["status"], delivery["error"]) == (3, 204, None)
    assert "owner_id" not in delivery


async def its_secret_is_replaced(program: Program, receiver: Receiver, webhook_id: str, former: str) -> str:
    """Whoever has either can verify."""
    secret: str = (await program.call("POST", f"/webhooks/{webhook_id}/rotate")).json()["secret"]
    assert secret != former
    assert "secret" not in (await program.call("GET", f"/webhooks/{webhook_id}")).text
    await program.asked(webhook_id)
    await receiver.until(lambda: len(receiver.sent) == 4)
    assert verified(receiver.sent[-1], secret) == verified(receiver.sent[-1], former)
    return secret


async def its_gateway_is_killed(
    system: System, program: Program, receiver: Receiver, webhook_id: str, secret: str
) -> None:
    receiver.silent = True
    ticket_id = await program.asked(webhook_id)
    await receiver.until(lambda: len(receiver.sent) == 5)
    await asyncio.to_thread(system.kill, "gateway-1")
    receiver.silent = False
    await asyncio.to_thread(partial(system.gateway, 1, **LOOPBACK))
    await receiver.until(lambda: len(receiver.sent) == 6)
    assert [verified(sent, secret)["data"]["ticket_id"] for sent in receiver.sent[-2:]] == [ticket_id] * 2
    await program.delivery(webhook_id, "delivered")


async def loopback_is_refused(system: System, program: Program, receiver: Receiver, webhook_id: str) -> None:
    """By a gateway that nobody told otherwise; the former one leaves its lease behind."""
    system.processes["gateway-1"].terminate()
    await asyncio.to_thread(system.processes["gateway-1"].wait)
    await asyncio.to_thread(system.gateway, 2)
    connections = receiver.connections
    before = await program.delivery(webhook_id, "delivered", gateway="gateway-2")
    path = f"/webhooks/{webhook_id}/deliveries/{before['ticket_id']}/retry"
    assert (await program.call("POST", path, gateway="gateway-2")).status_code == 202
    refused = await program.delivery(webhook_id, "pending", attempts=before["attempts"] + 1, gateway="gateway-2")
    assert "private networks" in refused["error"]
    assert receiver.connections == connections
    assert receiver.url not in system.log("gateway-2").read_text()
    metrics = await asyncio.to_thread(httpx2.get, f"{system.url('gateway-2')}/metrics")
    assert 'tokenline_webhook_attempts_total{outcome="retried"} 1.0' in metrics.text
