"""Delivers the news of ended tickets to webhooks, at least once. One gateway at a time does it.

What is due stands in the store, so it survives whoever was about to send it.
"""

import asyncio
import secrets
import time
from collections import Counter

import structlog

from services.gateway.settings import GatewaySettings
from services.gateway.streams import answer_of
from tokenline.contracts.errors import AddressRefused, StoreUnavailable
from tokenline.contracts.ids import TicketId, UserId
from tokenline.contracts.metrics import WEBHOOKS
from tokenline.contracts.webhooks import Delivery, DeliveryState, Webhook
from tokenline.core.ports.poster import NotPosted, Poster
from tokenline.core.ports.store import Store
from tokenline.core.webhooks import RetryPlan, attempted, body_of, drop, secrets_of, signed_headers
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.supervisor import Supervisor

log = structlog.get_logger()

LEASE = "webhooks"
LEASE_S = 6.0
"""Renewed every second. Whoever was killed is followed soon; whoever only stood still may have sent twice."""
LOOK_S = 1.0
AT_ONCE = 32
PER_OWNER = 4
"""So that one user's slow receivers do not take all."""

HEADERS = {"content-type": "application/json", "user-agent": "Tokenline-Webhooks"}
_uniform = secrets.SystemRandom().random


class WebhookSender:
    def __init__(
        self,
        store: Store,
        poster: Poster,
        supervisor: Supervisor,
        metrics: Metrics,
        settings: GatewaySettings,
        holder: str,
    ) -> None:
        self._store = store
        self._poster = poster
        self._supervisor = supervisor
        self._metrics = metrics
        self._key = settings.key_of_webhooks()
        self._plan = RetryPlan(
            settings.webhook_attempts, settings.webhook_first_retry_s, settings.webhook_longest_retry_s
        )
        self._holder = holder
        self._under_way: dict[TicketId, UserId] = {}
        self._ended = asyncio.Event()
        self._leaving = False

    async def look(self) -> None:
        """Start what is due; then wait until one has ended, or a second."""
        self._ended.clear()
        await self._start_due()
        try:
            async with asyncio.timeout(LOOK_S):
                await self._ended.wait()
        except TimeoutError:
            return

    async def _start_due(self) -> None:
        now = await self._store.now()
        # With nothing under way and nothing due the store is not written to.
        mine = bool(self._under_way) and await self._renew()
        while len(self._under_way) < AT_ONCE and not self._leaving:
            due = await self._due(now)
            mine = mine or (bool(due) and await self._renew())
            if not due or not mine:
                return
            for delivery in due:
                self._start(delivery)

    async def _renew(self) -> bool:
        return not self._leaving and await self._store.renew_lease(LEASE, self._holder, LEASE_S)

    async def _due(self, now: float) -> list[Delivery]:
        """What may be started, as far as one look reaches."""
        busy = Counter(self._under_way.values())
        full = [owner for owner, number in busy.items() if number >= PER_OWNER]
        # As it is before the store is asked: one that ends meanwhile may be answered as it was before its end.
        under_way = set(self._under_way)
        startable = []
        for delivery in await self._store.due_deliveries(now, AT_ONCE + len(under_way), except_of=full):
            room = busy.total() < AT_ONCE and busy[delivery.owner_id] < PER_OWNER
            if room and delivery.ticket_id not in under_way:
                busy[delivery.owner_id] += 1
                startable.append(delivery)
        return startable

    def _start(self, delivery: Delivery) -> None:
        self._under_way[delivery.ticket_id] = delivery.owner_id
        self._supervisor.spawn(f"webhook.{delivery.ticket_id}", self._deliver(delivery))

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._record(await self._attempted(delivery))
        except StoreUnavailable:
            # Before anything was sent; it stays due.
            await asyncio.sleep(LOOK_S)
        finally:
            del self._under_way[delivery.ticket_id]
            self._ended.set()

    async def _attempted(self, delivery: Delivery) -> Delivery:
        webhook = await self._store.get_webhook(delivery.webhook_id)
        ticket = await self._store.get_ticket(delivery.ticket_id)
        owner = await self._store.get_user(delivery.owner_id)
        if webhook is None or ticket is None or owner is None or owner.disabled:
            return drop(delivery)
        answer = await answer_of(self._store, ticket)
        body = body_of(ticket, answer.id if answer else None)
        now = await self._store.now()
        began = time.monotonic()
        status, error = await self._post(webhook, ticket.id, body, now)
        now += time.monotonic() - began
        return attempted(delivery, status, error, now=now, random=_uniform(), plan=self._plan)

    async def _post(
        self, webhook: Webhook, ticket_id: TicketId, body: bytes, now: float
    ) -> tuple[int | None, str | None]:
        """The status, if there was one, and what was wrong, if anything."""
        signed = signed_headers(secrets_of(self._key, webhook, now), ticket_id, now, body)
        try:
            status = await self._poster.post(webhook.url, HEADERS | signed, body)
        except AddressRefused as refused:
            return None, refused.message
        except NotPosted as failure:
            return None, str(failure)
        return status, None if 200 <= status < 300 else f"Answered with status {status}."

    async def _record(self, delivery: Delivery) -> None:
        outcome = "retried" if delivery.state is DeliveryState.PENDING else delivery.state.value
        self._metrics.add(WEBHOOKS, outcome)
        log.info(
            "webhook.attempted",
            webhook_id=delivery.webhook_id,
            ticket_id=delivery.ticket_id,
            attempt=delivery.attempts,
            outcome=outcome,
            status=delivery.status,
            problem=delivery.error,
        )
        while True:
            try:
                # Refused: another gateway sent it as well, or its owner asked for another attempt meanwhile.
                await self._store.replace_delivery(delivery)
            except StoreUnavailable:
                # Forgotten, it would be sent once more.
                await asyncio.sleep(LOOK_S)
            else:
                return

    async def leave(self) -> None:
        """Start nothing more, and let another gateway have it at once."""
        self._leaving = True
        await self._store.drop_lease(LEASE, self._holder)

    async def close(self) -> None:
        await self._poster.close()
