"""Over REST: the line with true positions, the pools, the workers, and the truth check."""

import aio_pika

from tests.support import drafts
from tests.support.broker import eventually
from tokenline.contracts.notes import NO_WORKER
from tokenline.contracts.topology import ticket_queue


async def test_positions_are_the_true_ranks(others, page):
    ann, _ = await others.register("ann@example.org")
    for priority in (4, 9, 4, 0, 9, 6):
        await others.asks(ann.id, priority=priority, user_limit=100)
    await page.shows(6)
    stored = sorted(await others.store.live_tickets(), key=lambda ticket: (-ticket.priority, ticket.seq))
    shown = await page.line()
    assert [(item["ticket_id"], item["position"]) for item in shown] == [(t.id, n) for n, t in enumerate(stored)]
    assert {item["user"] for item in shown} == {"ann@example.org"}

    await others.claims(stored[0])
    await others.claims(stored[2])

    async def moved() -> bool:
        positions = {item["ticket_id"]: item["position"] for item in await page.line()}
        return [positions[t.id] for t in stored] == [None, 0, None, 1, 2, 3]

    await eventually(moved)
    assert {item["ticket_id"] for item in await page.line(state="processing")} == {stored[0].id, stored[2].id}


async def test_one_users_tickets_with_reasons_and_pages(others, page):
    ann, _ = await others.register("ann@example.org")
    bob, _ = await others.register("bob@example.org")
    for owner in (ann, bob, ann, ann):
        await others.asks(owner.id)
    await page.shows(4)
    mine = await page.line(user="ANN@")
    assert [(item["state"], item["position"]) for item in mine] == [("queued", 0), ("queued", 2), ("held", 3)]
    assert [item["reason"] for item in mine] == [NO_WORKER, NO_WORKER, "user_limit"]
    assert await page.line(user=bob.id) == await page.line(user="bob@example.org")
    assert await page.line(user=bob.id[:20]) == []
    first = await page.get("line", limit=3)
    second = await page.get("line", limit=3, cursor=first["next"])
    assert [len(first["items"]), len(second["items"]), second["next"]] == [3, 1, None]


async def test_the_pool_card_follows_the_pool(others, page):
    ann, _ = await others.register("ann@example.org")
    assert (await page.card())["waiting"] == 0
    tickets = [await others.asks(ann.id, priority=p, user_limit=100) for p in (4, 4, 9)]
    await others.beats(slots=3, busy=1)
    await others.claims(tickets[0])

    async def settled() -> bool:
        card = await page.card()
        return bool(card["running"] == 1 and card["workers"] == 1)

    await eventually(settled)
    card = await page.card()
    assert (card["waiting"], card["depth_by_priority"], card["slots"]) == (2, {"4": 1, "9": 1}, 3)
    assert card["arrivals_per_min"] == 3
    assert 0 <= card["wait_p50_s"] <= card["wait_p95_s"] < 60
    assert card["oldest_age_s"] >= 0
    (worker,) = (await page.get("workers"))["items"]
    assert (worker["worker_id"], worker["slots"], worker["busy"]) == ("worker-1", 3, 1)


async def test_what_was_there_before_the_dashboard_is_shown(others, open_page):
    ann, _ = await others.register("ann@example.org")
    await others.asks(ann.id)
    async with open_page() as page:
        await page.shows(1)


async def test_the_history_begins_at_once(page):
    async def recorded() -> bool:
        return [point["pool"] for point in (await page.get("history"))["items"]] == ["default"]

    await eventually(recorded)


async def test_store_broker_and_ledger_agree_at_rest_and_disagreement_shows(others, page, amqp_url):
    ann, _ = await others.register("ann@example.org")
    for _ in range(3):
        await others.asks(ann.id, user_limit=100)
    await others.asks(ann.id, user_limit=1)
    await page.shows(4)
    (row,) = (await page.get("truth"))["items"]
    assert row == {"pool": "default", "store": 3, "broker": 3, "ledger": 3, "void": 0, "drift": 0}

    async with await aio_pika.connect(amqp_url) as connection:
        queue = await (await connection.channel()).get_queue(ticket_queue("default").name, ensure=False)
        await queue.purge()
    (row,) = (await page.get("truth"))["items"]
    assert row == {"pool": "default", "store": 3, "broker": 0, "ledger": 3, "void": 0, "drift": 3}


async def test_a_pool_without_a_queue_has_no_broker_count(others, page):
    ann, _ = await others.register("ann@example.org")
    await drafts.ask(others.store, others.clock, owner=ann.id, pool="large")
    rows = {row["pool"]: row for row in (await page.get("truth"))["items"]}
    assert rows["large"] == {"pool": "large", "store": 1, "broker": None, "ledger": 0, "void": None, "drift": None}
    assert rows["default"]["drift"] == 0, "looking at a missing queue disturbs nothing"


async def test_metrics_of_line_and_process(others, page):
    ann, _ = await others.register("ann@example.org")
    await others.asks(ann.id, priority=6)
    await others.beats()
    await page.shows(1)

    async def counted() -> bool:
        text = (await page.http.get("/metrics")).text
        return 'tokenline_workers{pool="default"} 1.0' in text

    await eventually(counted)
    text = (await page.http.get("/metrics")).text
    assert 'tokenline_queue_depth{pool="default",priority="6"} 1.0' in text
    assert 'tokenline_running{pool="default"} 0.0' in text
    for name in ("ledger_drift 0.0", "sockets 0.0", "broker_connected 1.0", "store_write_seconds_count"):
        assert f"tokenline_{name}" in text
    assert "ann@example.org" not in text
    assert ann.id not in text
