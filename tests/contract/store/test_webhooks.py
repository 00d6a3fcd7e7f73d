"""Webhooks and their deliveries: made by the write that ends a ticket, found when due, and nobody else's."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.support.drafts import a_conversation, an_answer, an_id, ask
from tokenline.contracts.chat import Conversation
from tokenline.contracts.errors import BadRequest, ErrorInfo
from tokenline.contracts.tickets import Ticket, Usage
from tokenline.contracts.webhooks import Delivery, DeliveryState, Webhook
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


def a_webhook(clock: ManualClock, owner: str = "ann") -> Webhook:
    return Webhook(id=an_id(clock), owner_id=owner, url="https://hooks.example/", created_at=clock.now())


async def ended(
    store: Store,
    clock: ManualClock,
    owner: str = "ann",
    webhook_id: str = "w",
    conversation: Conversation | None = None,
) -> Ticket:
    """A ticket that somebody is to be told of."""
    ticket = (await ask(store, clock, conversation, owner=owner, webhook_id=webhook_id)).ticket
    over = moves.cancel(ticket, now=clock.now())
    assert await store.replace_ticket(over)
    return over


async def due(store: Store, clock: ManualClock, limit: int = 100, except_of: tuple[str, ...] = ()) -> list[str]:
    found = await store.due_deliveries(clock.now(), limit, except_of=except_of)
    return [delivery.ticket_id for delivery in found]


async def test_webhooks_are_their_owners_oldest_first(store: Store, clock: ManualClock):
    first, foreign, second = a_webhook(clock), a_webhook(clock, "bob"), a_webhook(clock)
    for webhook in (first, foreign, second):
        assert await store.add_webhook(webhook, 2)
    assert await store.webhooks("ann") == [first, second]
    assert await store.get_webhook(foreign.id) == foreign
    await store.delete_webhook(first.id)
    await store.delete_webhook(first.id)
    assert await store.get_webhook(first.id) is None
    assert await store.webhooks("ann") == [second]


async def test_nobody_gets_more_than_the_limit_however_many_ask_at_once(engine: Engine, clock: ManualClock):
    stores = [await engine.open(), await engine.open()]
    added = await asyncio.gather(*(stores[n % 2].add_webhook(a_webhook(clock), 3) for n in range(8)))
    assert sum(added) == 3
    kept = await stores[0].webhooks("ann")
    assert len(kept) == 3
    assert not await stores[0].add_webhook(a_webhook(clock), 3)
    await stores[0].delete_webhook(kept[1].id)
    assert await stores[1].add_webhook(a_webhook(clock), 3)
    assert await stores[1].add_webhook(a_webhook(clock, "bob"), 3)


async def test_a_secret_is_replaced_once_however_many_ask(store: Store, clock: ManualClock):
    webhook = a_webhook(clock)
    assert not await store.rotate_webhook(replace(webhook, generation=2))
    await store.add_webhook(webhook, 10)
    rotated = replace(webhook, generation=2, rotated_at=clock.now())
    won = await asyncio.gather(*(store.rotate_webhook(rotated) for _ in range(4)))
    assert sorted(won) == [False, False, False, True]
    assert await store.get_webhook(webhook.id) == rotated


async def test_the_end_of_a_ticket_makes_its_delivery_due_at_once(store: Store, clock: ManualClock):
    accepted = await ask(store, clock, webhook_id="w")
    running = moves.claim(accepted.ticket, worker="w", incarnation="i", now=clock.now())
    assert await store.replace_ticket(running)
    assert await store.get_delivery(running.id) is None
    clock.advance(5)
    assert await due(store, clock) == []
    done = moves.complete(moves.begin_streaming(running, now=clock.now()), usage=Usage(), now=clock.now())
    done = replace(done, version=running.version + 1)
    assert await store.replace_ticket(done, an_answer(clock, done))
    delivery = Delivery(ticket_id=done.id, webhook_id="w", owner_id="ann", due_at=clock.now(), created_at=clock.now())
    assert await store.get_delivery(done.id) == delivery
    assert await store.due_deliveries(clock.now(), 10) == [delivery]
    assert await store.due_deliveries(clock.now() - 1, 10) == []


async def test_an_end_that_is_not_written_makes_none_and_neither_does_one_without_a_webhook(
    store: Store, clock: ManualClock
):
    ticket = (await ask(store, clock, webhook_id="w")).ticket
    late = replace(moves.cancel(ticket, now=clock.now()), version=ticket.version + 2)
    assert not await store.replace_ticket(late)
    other = (await ask(store, clock, owner="bob")).ticket
    assert await store.replace_ticket(moves.cancel(other, now=clock.now()))
    assert await store.get_delivery(ticket.id) is None
    assert await store.get_delivery(other.id) is None
    assert await due(store, clock) == []


async def test_what_happens_to_a_ticket_after_its_end_is_no_news(store: Store, clock: ManualClock):
    ticket = (await ask(store, clock, webhook_id="w")).ticket
    dead = moves.fail(ticket, ErrorInfo(code="x", message=""), now=clock.now(), dead=True)
    assert await store.replace_ticket(dead)
    delivery = await store.get_delivery(ticket.id)
    assert delivery is not None
    told = replace(delivery, state=DeliveryState.DELIVERED, attempts=1, due_at=None, version=1)
    assert await store.replace_delivery(told)
    assert await store.replace_ticket(moves.bury(dead))
    assert await store.get_delivery(ticket.id) == told
    assert await due(store, clock) == []


async def test_deliveries_are_changed_by_whoever_read_them_last(store: Store, clock: ManualClock):
    ticket = await ended(store, clock)
    delivery = await store.get_delivery(ticket.id)
    assert delivery is not None
    later = replace(delivery, attempts=1, due_at=clock.now() + 5, version=1)
    won = await asyncio.gather(*(store.replace_delivery(later) for _ in range(4)))
    assert sorted(won) == [False, False, False, True]
    assert await due(store, clock) == []
    clock.advance(5)
    assert await due(store, clock) == [ticket.id]
    assert not await store.replace_delivery(replace(later, ticket_id="unknown"))


async def test_due_ones_come_longest_first_and_some_owners_can_be_left_out(store: Store, clock: ManualClock):
    tickets = []
    for owner in ("ann", "ann", "bob", "cy"):
        tickets.append((await ended(store, clock, owner)).id)
        clock.advance(1)
    assert await due(store, clock) == tickets
    assert await due(store, clock, limit=3) == tickets[:3]
    assert await due(store, clock, limit=1, except_of=("ann", "cy")) == [tickets[2]]


async def test_deliveries_of_a_webhook_come_latest_first_in_pages(store: Store, clock: ManualClock):
    tickets = [(await ended(store, clock)).id for _ in range(3)]
    clock.advance(1)
    tickets += [(await ended(store, clock)).id for _ in range(2)]
    await ended(store, clock, webhook_id="v")
    page = await store.deliveries("w", limit=3)
    rest = await store.deliveries("w", limit=3, cursor=page.next)
    assert [delivery.ticket_id for delivery in (*page.items, *rest.items)] == tickets[::-1]
    assert rest.next is None
    with pytest.raises(BadRequest):
        await store.deliveries("w", cursor="nonsense")


async def test_deliveries_go_with_their_conversation_and_stay_with_others(store: Store, clock: ManualClock):
    doomed, kept = a_conversation(clock), a_conversation(clock)
    gone, stays = [await ended(store, clock, conversation=one) for one in (doomed, kept)]
    await store.delete_conversation(doomed.id)
    assert await store.get_delivery(gone.id) is None
    assert await due(store, clock) == [stays.id]


async def test_another_process_finds_what_was_left_undelivered(engine: Engine, clock: ManualClock):
    first = await engine.open()
    ticket = await ended(first, clock)
    await first.close()
    assert await due(await engine.open(), clock) == [ticket.id]
