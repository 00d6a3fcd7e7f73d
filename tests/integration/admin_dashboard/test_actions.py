"""What administrators do to tickets, pools and workers: carried out, once, and written down."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.support.broker import Inbox, eventually
from tokenline.contracts.control import CancelTicket, Control, DrainWorker, PausePool, unpack_control
from tokenline.contracts.notes import PAUSED
from tokenline.contracts.tickets import TicketOffer, TicketState
from tokenline.contracts.topology import control_queue, ticket_queue
from tokenline.core.ticket import Claim, judge_offer

_offers = msgspec.msgpack.Decoder(TicketOffer)


@pytest.fixture
async def waiting(others, page):
    """Three people wait, one question each, first come first."""
    tickets = []
    for name in ("ann", "bob", "cyd"):
        user, _ = await others.register(f"{name}@example.org")
        tickets.append(await others.asks(user.id))
    await page.shows(3)
    return tickets


async def served(others, count: int, pool: str = "default") -> list[str]:
    """The tickets in the order in which a worker with one slot would run them; void offers are dropped."""
    inbox = Inbox()
    consumption = await others.broker.consume(ticket_queue(pool), inbox, prefetch=1)
    order: list[str] = []
    while len(order) < count:
        delivery = await inbox.next()
        offer = _offers.decode(delivery.body)
        ticket = await others.store.get_ticket(offer.ticket_id)
        verdict = judge_offer(
            ticket, publish_no=offer.publish_no, redelivered=False, running_here=False, now=others.clock.now()
        )
        if verdict is Claim.RUN:
            order.append(ticket.id)
        await delivery.ack()
    await consumption.cancel()
    return order


async def commands(others, worker_id: str) -> Inbox:
    """What a worker of this name is told from here on."""
    inbox = Inbox(ack=True)
    await others.broker.consume(control_queue(worker_id, "first"), inbox, prefetch=10)
    return inbox


async def told(inbox: Inbox) -> Control:
    return unpack_control((await inbox.next()).body)


# ── first, last, elsewhere ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_bumped_ticket_is_delivered_first(others, page, waiting):
    first, second, last = waiting
    done = await page.does(f"tickets/{last.id}/bump")
    assert done == {
        "outcome": "done",
        "ticket": {"id": last.id, "state": "queued", "pool": "default", "priority": 5},
    }
    expected = [last.id, first.id, second.id]

    async def shown() -> bool:
        return [item["ticket_id"] for item in await page.line()] == expected

    await eventually(shown)
    assert await served(others, 3) == expected


async def test_a_demoted_ticket_is_delivered_last(others, page, waiting):
    first, second, last = waiting
    assert (await page.does(f"tickets/{first.id}/demote"))["ticket"]["priority"] == 3
    assert await served(others, 3) == [second.id, last.id, first.id]


async def test_each_bump_goes_before_the_former_up_to_the_highest_level(others, page, waiting):
    first, second, last = waiting
    levels = [
        (await page.does(f"tickets/{ticket.id}/bump"))["ticket"]["priority"]
        for ticket in (second, last, second, last, second, last)
    ]
    assert levels == [5, 6, 7, 8, 9, 9]
    assert await served(others, 3) == [second.id, last.id, first.id], "on the highest level first come first"


async def test_a_named_level_is_only_ever_taken_in_the_direction_meant(page, waiting):
    ticket = waiting[0]
    assert (await page.does(f"tickets/{ticket.id}/bump", priority=7))["ticket"]["priority"] == 7
    assert (await page.does(f"tickets/{ticket.id}/bump", priority=2))["outcome"] == "unchanged"
    assert (await page.does(f"tickets/{ticket.id}/demote", priority=8))["outcome"] == "unchanged"
    assert (await page.does(f"tickets/{ticket.id}/demote", priority=0))["ticket"]["priority"] == 0
    for level in (-1, 10, "high"):
        refused = await page.post(f"tickets/{ticket.id}/bump", priority=level)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("verb", ["bump", "demote"])
async def test_asking_twice_is_asking_once(others, page, waiting, verb):
    ticket = waiting[1]
    answers = await asyncio.gather(*(page.does(f"tickets/{ticket.id}/{verb}") for _ in range(4)))
    assert sorted(answer["outcome"] for answer in answers) == ["done", "unchanged", "unchanged", "unchanged"]
    assert (await page.does(f"tickets/{ticket.id}/{verb}"))["outcome"] == "unchanged"
    stored = await others.store.get_ticket(ticket.id)
    assert stored.publish_no == 2
    assert sorted(outcome for _, _, outcome in await page.audit()) == ["done"] + ["unchanged"] * 4


async def test_a_ticket_moves_to_another_pool(others, page, waiting):
    first, second, _ = waiting
    unknown = await page.post(f"tickets/{first.id}/move", pool="large")
    assert (unknown.status_code, unknown.json()["error"]["message"]) == (404, "There is no pool called 'large'.")

    await others.broker.declare(ticket_queue("large"))
    await others.beats(worker_id="worker-2", pool="large")
    await page.has_worker("worker-2")
    assert (await page.does(f"tickets/{first.id}/move", pool="large"))["ticket"]["pool"] == "large"
    assert (await page.does(f"tickets/{first.id}/move", pool="large"))["outcome"] == "unchanged"
    assert await served(others, 1, "large") == [first.id]
    assert (await served(others, 2))[0] == second.id, "the old offer is void"


async def test_a_held_ticket_moves_without_being_published(others, page):
    ann, _ = await others.register("ann@example.org")
    queued, held = [await others.asks(ann.id, user_limit=1) for _ in range(2)]
    await page.shows(2)
    assert (await page.does(f"tickets/{held.id}/bump"))["ticket"] == {
        "id": held.id,
        "state": "held",
        "pool": "default",
        "priority": 5,
    }
    assert (await others.store.get_ticket(held.id)).publish_no == 0
    assert await served(others, 1) == [queued.id]


@pytest.mark.parametrize(("verb", "body"), [("bump", {}), ("demote", {}), ("move", {"pool": "default"})])
async def test_what_runs_or_has_ended_cannot_be_moved(others, page, waiting, verb, body):
    running, ended, _ = waiting
    await others.claims(running)
    await others.line.stop(ended)
    for ticket, state in ((running, "processing"), (ended, "cancelled")):
        refused = await page.post(f"tickets/{ticket.id}/{verb}", **body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "too_late")
        assert refused.json()["error"]["detail"] == {"state": state}
        assert (await page.audit())[0][1:] == (ticket.id, "too_late")


# ── cancel ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_waiting_ticket_is_cancelled_once_and_the_owners_next_one_goes_on(others, page):
    ann, _ = await others.register("ann@example.org")
    queued, held = [await others.asks(ann.id, user_limit=1) for _ in range(2)]
    assert (await page.does(f"tickets/{queued.id}/cancel"))["ticket"]["state"] == "cancelled"
    assert (await page.does(f"tickets/{queued.id}/cancel"))["outcome"] == "unchanged"
    assert await served(others, 1) == [held.id]


async def test_a_running_ticket_is_cancelled_by_its_worker(others, page, waiting):
    inbox = await commands(others, "worker-1")
    ticket = await others.claims(waiting[0])
    assert (await page.does(f"tickets/{ticket.id}/cancel"))["outcome"] == "done"
    assert await told(inbox) == CancelTicket(ticket_id=ticket.id)
    assert (await page.does(f"tickets/{ticket.id}/cancel"))["outcome"] == "unchanged"
    stored = await others.store.get_ticket(ticket.id)
    assert (stored.state, stored.cancel_requested) == (TicketState.PROCESSING, True)


# ── pools and workers ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_paused_pool_says_so_everywhere_until_it_is_resumed(others, page, waiting):
    inbox = await commands(others, "worker-1")
    assert (await page.does("pools/default/pause"))["outcome"] == "done"
    assert await told(inbox) == PausePool(pool="default", paused=True)
    assert await others.store.paused_pools() == {"default"}

    async def shown(*, paused: bool) -> bool:
        reasons = {item["reason"] == PAUSED for item in await page.line()}
        return (await page.card())["paused"] is paused and reasons == {paused}

    await eventually(lambda: shown(paused=True))
    assert (await page.does("pools/default/pause"))["outcome"] == "unchanged"
    assert (await page.does("pools/default/resume"))["outcome"] == "done"
    await eventually(lambda: shown(paused=False))
    assert await others.store.paused_pools() == set()
    assert (await page.does("pools/default/resume"))["outcome"] == "unchanged"


async def test_a_worker_is_drained(others, page):
    inbox = await commands(others, "worker-1")
    await others.beats()
    await page.has_worker("worker-1")
    assert await page.does("workers/worker-1/drain") == {"outcome": "done", "ticket": None}
    assert await told(inbox) == DrainWorker(worker_id="worker-1")
    await others.beats(draining=True)

    async def draining() -> bool:
        [worker] = (await page.get("workers"))["items"]
        return bool(worker["draining"])

    await eventually(draining)
    assert (await page.does("workers/worker-1/drain"))["outcome"] == "unchanged"


@pytest.mark.parametrize(
    "path", ["tickets/nobody/bump", "tickets/nobody/cancel", "pools/nowhere/pause", "workers/nobody/drain"]
)
async def test_what_nobody_knows_is_missing_and_the_attempt_is_written_down(page, path):
    refused = await page.post(path)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
    [(_, target, outcome)] = await page.audit()
    assert (target, outcome) == (path.split("/")[1], "not_found")


# ── the audit ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_did_what_to_whom_and_how_it_ended(others, page, waiting):
    ticket = waiting[2]
    await page.does(f"tickets/{ticket.id}/bump", priority=8)
    await page.does(f"tickets/{ticket.id}/cancel")
    await page.post(f"tickets/{ticket.id}/bump")
    log = await page.get("audit")
    assert log["next"] is None
    assert [(item["action"], item["outcome"]) for item in log["items"]] == [
        ("ticket.bump", "too_late"),
        ("ticket.cancel", "done"),
        ("ticket.bump", "done"),
    ]
    first: dict[str, Any] = log["items"][-1]
    assert (first["actor"], first["actor_id"], first["target"]) == ("root@example.org", page.user.id, ticket.id)
    assert first["detail"] == {"user": "cyd@example.org", "pool": "default", "priority": 4, "to_priority": 8}

    page_one = await page.get("audit", limit=2)
    page_two = await page.get("audit", limit=2, cursor=page_one["next"])
    assert page_one["items"] + page_two["items"] == log["items"]
