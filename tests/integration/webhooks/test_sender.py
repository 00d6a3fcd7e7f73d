"""Who is told when, by which gateway, and by how many at once: the sender on a real store, with a scripted receiver."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from services.gateway.settings import GatewaySettings
from services.gateway.webhook_sender import AT_ONCE, LEASE, LEASE_S, PER_OWNER, WebhookSender
from tests.support.broker import eventually
from tests.support.drafts import a_user, an_id, ask
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.accounts import User
from tokenline.contracts.errors import StoreUnavailable
from tokenline.contracts.metrics import WEBHOOKS
from tokenline.contracts.webhooks import Delivery, DeliveryState, Webhook
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.poster import NotPosted
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.supervisor import Supervisor

SETTINGS = GatewaySettings(port=8080, secret_key=SecretStr("k" * 32))


class Receivers:
    """Everybody's; what is posted to an address in ``hung`` waits until it is let go."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, str]] = []
        self.hung: dict[str, asyncio.Event] = {}
        self.away = False

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self.posted.append((url, headers["webhook-id"]))
        if url in self.hung:
            await self.hung[url].wait()
        if self.away:
            raise NotPosted("It is away.")
        return 204

    async def close(self) -> None:
        return


class House:
    def __init__(self, store: SqliteStore, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.receivers = Receivers()

    async def somebody(self, name: str, **changes: object) -> tuple[User, Webhook]:
        user = a_user(self.clock, f"{name}@example.org", **changes)
        await self.store.create_user(user)
        webhook = Webhook(
            id=an_id(self.clock), owner_id=user.id, url=f"https://{name}.example/", created_at=self.clock.now()
        )
        await self.store.add_webhook(webhook, 10)
        return user, webhook

    async def ended(self, webhook: Webhook, number: int = 1) -> list[str]:
        ids = []
        for _ in range(number):
            ticket = (await ask(self.store, self.clock, owner=webhook.owner_id, webhook_id=webhook.id)).ticket
            assert await self.store.replace_ticket(moves.cancel(ticket, now=self.clock.now()))
            ids.append(ticket.id)
        return ids

    async def delivery(self, ticket_id: str) -> Delivery:
        delivery = await self.store.get_delivery(ticket_id)
        assert delivery is not None
        return delivery

    async def all_in(self, state: DeliveryState, ticket_ids: list[str]) -> None:
        async def reached() -> bool:
            return {(await self.delivery(ticket_id)).state for ticket_id in ticket_ids} == {state}

        await eventually(reached)

    @asynccontextmanager
    async def sender(self, holder: str = "gateway-1") -> AsyncIterator[Metrics]:
        metrics = Metrics(WEBHOOKS)
        async with Supervisor() as supervisor:
            sender = WebhookSender(self.store, self.receivers, supervisor, metrics, SETTINGS, holder)
            supervisor.forever("webhooks", sender.look)
            yield metrics


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = ManualClock()
    store = SqliteStore(tmp_path / "store.db", clock)
    await store.open()
    yield House(store, clock)
    await store.close()


async def test_one_users_slow_receiver_holds_up_nobody_else(house: House):
    _, slow = await house.somebody("ann")
    _, quick = await house.somebody("bob")
    house.receivers.hung[slow.url] = asyncio.Event()
    behind = await house.ended(slow, 50)
    house.clock.advance(1)
    others = await house.ended(quick, 2 * PER_OWNER)
    async with house.sender():
        await house.all_in(DeliveryState.DELIVERED, others)
        assert [url for url, _ in house.receivers.posted].count(slow.url) == PER_OWNER
        house.receivers.hung[slow.url].set()
        await house.all_in(DeliveryState.DELIVERED, behind)
    posted = [ticket_id for _, ticket_id in house.receivers.posted]
    assert sorted(posted) == sorted(behind + others)


async def test_one_gateway_at_a_time_sends(house: House):
    _, webhook = await house.somebody("ann")
    house.receivers.hung[webhook.url] = asyncio.Event()
    tickets = await house.ended(webhook, PER_OWNER)
    async with house.sender("gateway-1"):
        await eventually(lambda: _true(len(house.receivers.posted) == PER_OWNER))
        async with house.sender("gateway-2"):
            assert not await house.store.renew_lease(LEASE, "gateway-2", 1)
            house.receivers.hung[webhook.url].set()
            await house.all_in(DeliveryState.DELIVERED, tickets)
    assert len(house.receivers.posted) == PER_OWNER


async def test_a_gateway_that_leaves_starts_nothing_more_and_does_not_keep_the_others_waiting(house: House):
    _, webhook = await house.somebody("ann")
    async with Supervisor() as supervisor:
        leaving = WebhookSender(house.store, house.receivers, supervisor, Metrics(WEBHOOKS), SETTINGS, "gateway-1")
        await house.all_in(DeliveryState.DELIVERED, await _sent_by(leaving, house, webhook))
        await leaving.leave()
        assert await house.store.renew_lease(LEASE, "gateway-2", 1)
        await house.store.drop_lease(LEASE, "gateway-2")
        [later] = await house.ended(webhook)
        await leaving.look()
    assert later not in [ticket_id for _, ticket_id in house.receivers.posted]
    async with house.sender("gateway-2"):
        await house.all_in(DeliveryState.DELIVERED, [later])


async def test_a_gateway_with_its_hands_full_keeps_the_lease(house: House):
    for number in range(AT_ONCE // PER_OWNER):
        _, webhook = await house.somebody(f"person{number}")
        house.receivers.hung[webhook.url] = asyncio.Event()
        await house.ended(webhook, PER_OWNER)
    async with Supervisor() as supervisor:
        sender = WebhookSender(house.store, house.receivers, supervisor, Metrics(WEBHOOKS), SETTINGS, "gateway-1")
        await sender.look()
        assert len(house.receivers.posted) == AT_ONCE
        house.clock.advance(LEASE_S - 1)
        await sender.look()
        house.clock.advance(LEASE_S - 1)
        assert not await house.store.renew_lease(LEASE, "gateway-2", 1)


async def test_nobody_is_told_who_deleted_the_webhook_or_was_disabled(house: House):
    _, deleted = await house.somebody("ann")
    user, disabled = await house.somebody("bob")
    tickets = await house.ended(deleted) + await house.ended(disabled)
    await house.store.delete_webhook(deleted.id)
    await house.store.update_user(replace(user, disabled=True))
    async with house.sender():
        await house.all_in(DeliveryState.DROPPED, tickets)
    assert house.receivers.posted == []


async def test_a_receiver_that_is_away_is_asked_again_when_it_is_time(house: House):
    _, webhook = await house.somebody("ann")
    house.receivers.away = True
    [ticket_id] = await house.ended(webhook)
    async with house.sender():

        async def tried() -> bool:
            return (await house.delivery(ticket_id)).attempts == 1

        await eventually(tried)
        delivery = await house.delivery(ticket_id)
        assert (delivery.state, delivery.error) == (DeliveryState.PENDING, "It is away.")
        assert delivery.due_at is not None
        house.receivers.away = False
        house.clock.advance(delivery.due_at - house.clock.now())
        await house.all_in(DeliveryState.DELIVERED, [ticket_id])


async def test_what_was_sent_while_the_store_was_away_is_written_down_later_and_not_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    _, webhook = await house.somebody("ann")
    tickets = await house.ended(webhook)
    write, refusals = house.store.replace_delivery, 1

    async def refuse_once(delivery: Delivery) -> bool:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise StoreUnavailable
        return await write(delivery)

    monkeypatch.setattr(house.store, "replace_delivery", refuse_once)
    async with house.sender():
        await house.all_in(DeliveryState.DELIVERED, tickets)
    assert len(house.receivers.posted) == 1


async def test_a_store_where_nothing_is_due_is_not_written_to(house: House, monkeypatch: pytest.MonkeyPatch):
    read, looked = house.store.due_deliveries, asyncio.Event()

    async def watched(*args: Any, **options: Any) -> list[Delivery]:
        found = await read(*args, **options)
        if looked.is_set():
            second_look.set()
        looked.set()
        return found

    second_look = asyncio.Event()
    monkeypatch.setattr(house.store, "due_deliveries", watched)
    async with house.sender():
        await asyncio.wait_for(second_look.wait(), 30)
        assert await house.store.renew_lease(LEASE, "somebody else", 1)


async def _sent_by(sender: WebhookSender, house: House, webhook: Webhook) -> list[str]:
    tickets = await house.ended(webhook)
    await sender.look()
    return tickets


async def _true(value: bool) -> bool:
    return value
