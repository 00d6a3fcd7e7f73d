"""Over the socket: the board and the line, live."""

import asyncio

from tests.support.broker import eventually
from tokenline.contracts.base import to_json
from tokenline.runtime.documents.asyncapi_admin import admin_asyncapi


async def test_the_sockets_document_is_served(page):
    served = await page.http.get("/asyncapi.json")
    assert served.content == to_json(admin_asyncapi())


async def test_the_screen_is_full_at_once_and_follows_the_line(others, page):
    ann, _ = await others.register("ann@example.org")
    await others.asks(ann.id)
    await page.shows(1)
    async with page.socket() as screen:
        assert (await screen.next("ready"))["user_id"] == page.user.id
        board = await screen.next("board")
        assert (board["broker_connected"], board["drift"]) == (True, 0)
        assert board["pools"][0]["waiting"] == 1
        line = await screen.next("line")
        assert [(item["user"], item["position"]) for item in line["items"]] == [("ann@example.org", 0)]

        ticket = await others.asks(ann.id, priority=9)
        async with asyncio.timeout(5):
            while (line := await screen.next("line"))["total"] != 2:
                pass
        assert line["items"][0]["ticket_id"] == ticket.id
        assert [item["position"] for item in line["items"]] == [0, 1]


async def test_every_screen_shows_the_same(others, page):
    ann, _ = await others.register("ann@example.org")
    async with page.socket() as one, page.socket() as other:
        await one.next("line")
        await other.next("line")
        await others.asks(ann.id)
        async with asyncio.timeout(5):
            assert await one.next("line") == await other.next("line")


async def test_sockets_are_counted(page):
    async def counted(count: int) -> bool:
        return f"tokenline_sockets {count}.0" in (await page.http.get("/metrics")).text

    async with page.socket() as screen:
        await screen.next("ready")
        assert await counted(1)
    await eventually(lambda: counted(0))
