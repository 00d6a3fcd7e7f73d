"""Pages attached by their address (R3, B6): through the front door, from a real site, whatever comes between."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import httpx2
import pytest

from services.gateway import fetching
from tests.support.broker import eventually
from tests.support.in_process.whole_gateway import PASSWORD, WholeGateway, whole_gateway
from tests.support.site import Site, leads_to, says, site
from tokenline.adapters.broker_memory import MemoryServer
from tokenline.contracts.metrics import FETCHES
from tokenline.core.clock import ManualClock

ATTACHMENTS = "/api/v1/attachments"
PAGE = b"<!doctype html><title>Lines &amp; tickets</title><p>A ticket is a place in a line."
BEGINNING = b"A line of text. " * 600
"""More than is looked at to tell what it is."""


class Slow:
    """Sends the beginning of a page, and the rest when it is told to."""

    def __init__(self, rest: bytes = b"And its end.", announced: int | None = None) -> None:
        self.go_on = asyncio.Event()
        self.hung_up = asyncio.Event()
        self._rest = rest
        self._announced = len(BEGINNING) + len(rest) if announced is None else announced

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        writer.write(says(BEGINNING, length=self._announced, content_type="text/plain"))
        await writer.drain()
        await self.go_on.wait()
        writer.write(self._rest)


@pytest.fixture
async def there() -> AsyncIterator[Site]:
    async with site() as made:
        yield made


@pytest.fixture
async def inside() -> AsyncIterator[Site]:
    """In a network that is not allowed."""
    async with site("127.0.0.2") as made:
        yield made


@asynccontextmanager
async def a_gateway(folder: Path, *sites: Site, **more: Any) -> AsyncIterator[WholeGateway]:
    ports = [urlsplit(one.url).port for one in sites]
    async with whole_gateway(folder, fetch_networks=["127.0.0.1/32"], fetch_ports=ports, **more) as gateway:
        yield gateway


@pytest.fixture
async def gateway(tmp_path: Path, there: Site, inside: Site) -> AsyncIterator[WholeGateway]:
    async with a_gateway(tmp_path, there, inside) as gateway:
        yield gateway


@pytest.fixture
async def ann(gateway: WholeGateway) -> AsyncIterator[httpx2.AsyncClient]:
    async with gateway.person() as client:
        yield client


async def attach(client: httpx2.AsyncClient, url: str, **more: Any) -> dict[str, Any]:
    made = await client.post(f"{ATTACHMENTS}/url", json={"url": url, **more})
    assert made.status_code == 201, made.text
    attachment: dict[str, Any] = made.json()
    return attachment


async def read(client: httpx2.AsyncClient, attachment: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = (await client.get(f"{ATTACHMENTS}/{attachment['id']}")).json()
    return known


async def until(client: httpx2.AsyncClient, attachment: dict[str, Any], state: str) -> dict[str, Any]:
    async def reached() -> bool:
        now: str = (await read(client, attachment))["state"]
        return now == state

    await eventually(reached)
    return await read(client, attachment)


async def over(gateway: WholeGateway) -> None:
    async def ended() -> bool:
        return not gateway.deps.fetching.under_way

    await eventually(ended)


def counted(gateway: WholeGateway, outcome: str) -> bool:
    return f'{FETCHES.name}{{outcome="{outcome}"}} 1.0' in gateway.deps.metrics.exposition().decode()


def stored(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


async def test_a_page_becomes_a_file_for_ingest(gateway: WholeGateway, ann: httpx2.AsyncClient, there: Site):
    there.pages["/about/"] = says(gzip.compress(PAGE), content_encoding="gzip", content_type="text/plain")
    there.pages["/"] = leads_to("/about/")
    made = await attach(ann, there.url + "#top")
    assert (made["state"], made["name"], made["mime_type"]) == ("uploading", "Lines & tickets.html", "text/html")
    assert made["url"] == there.url + "/"
    kept = await until(ann, made, "queued")
    assert (kept["size_bytes"], kept["error"], kept["fetch_due_at"]) == (len(PAGE), None, None)
    assert (await ann.get(f"{ATTACHMENTS}/{made['id']}/content")).content == PAGE
    assert counted(gateway, "fetched")


async def test_an_encoding_that_only_the_header_names_is_kept(ann: httpx2.AsyncClient, there: Site):
    text = "Η ουρά προχωρά. " * 1000
    there.pages["/"] = says(text.encode("iso-8859-7"), content_type="text/plain; charset=iso-8859-7")
    made = await attach(ann, there.url)
    await until(ann, made, "queued")
    assert (await ann.get(f"{ATTACHMENTS}/{made['id']}/content")).text == text


async def test_while_it_is_fetched_others_are_told_how_much_is_there(
    gateway: WholeGateway, ann: httpx2.AsyncClient, there: Site
):
    told: list[tuple[str, int]] = []
    there.pages["/notes"] = slow = Slow(b"x" * 300_000)
    announce = gateway.deps.announcer.announce

    def listen(event: Any) -> None:
        told.append((event.attachment.state.value, event.attachment.size_bytes))
        announce(event)

    with patch.object(gateway.deps.announcer, "announce", listen), patch.object(fetching, "TELL_S", 0):
        made = await attach(ann, f"{there.url}/notes")
        assert (made["name"], made["size_bytes"]) == ("notes.txt", 0)
        slow.go_on.set()
        await until(ann, made, "queued")
    assert told[0] == ("uploading", 0)
    assert told[-1] == ("queued", len(BEGINNING) + 300_000)
    assert sorted(told[1:-1]) == told[1:-1] != []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:{port}/",
        "http://[::1]:{port}/",
        "http://2130706434:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://169.254.169.254:{port}/latest/meta-data/",
        "http://ann:secret@example.org:{port}/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://example.org:22/",
        "not an address",
    ],
)
async def test_a_refused_address_is_a_422_with_nothing_stored(ann: httpx2.AsyncClient, inside: Site, url: str):
    named = url.format(port=urlsplit(inside.url).port)
    refused = await ann.post(f"{ATTACHMENTS}/url", json={"url": named})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "address_refused")
    assert "secret" not in refused.text
    assert inside.connections == 0
    used = {one["name"]: one["used"] for one in (await ann.get("/api/v1/me/limits")).json()["items"]}
    assert used["uploads"] == 0


async def test_a_redirect_into_a_private_network_is_a_422_too(ann: httpx2.AsyncClient, there: Site, inside: Site):
    there.pages["/"] = leads_to(inside.url)
    refused = await ann.post(f"{ATTACHMENTS}/url", json={"url": there.url})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "address_refused")
    assert (there.connections, inside.connections) == (1, 0)


async def test_what_is_known_to_fail_at_once_is_said_at_once(ann: httpx2.AsyncClient, there: Site, tmp_path: Path):
    there.pages["/film"] = says(b"\x00\x00\x00\x18ftypmp42" + bytes(9000), content_type="text/html")
    there.pages["/empty"] = says()
    there.pages["/large"] = says(length=11 * 2**20)
    for path, status, code in (
        ("/film", 415, "unsupported_type"),
        ("/empty", 422, "no_text"),
        ("/large", 413, "too_large"),
        ("/missing", 422, "not_fetched"),
    ):
        refused = await ann.post(f"{ATTACHMENTS}/url", json={"url": there.url + path})
        assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert stored(tmp_path) == []


async def test_a_slow_page_is_answered_before_it_begins(ann: httpx2.AsyncClient, there: Site):
    go_on = asyncio.Event()

    async def late(writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        writer.write(says(PAGE))

    there.pages["/late"] = late
    with patch.object(fetching, "PATIENCE_S", 0.01):
        made = await attach(ann, f"{there.url}/late")
    assert made["name"] == there.url.removeprefix("http://") + "/late"
    go_on.set()
    kept = await until(ann, made, "queued")
    assert (kept["name"], kept["mime_type"]) == ("Lines & tickets.html", "text/html")
    assert len(there.asked) == 1


async def test_a_question_waits_for_its_page_and_hears_why_there_is_none(ann: httpx2.AsyncClient, there: Site):
    there.pages["/cut"] = slow = Slow(announced=len(BEGINNING) + 1000)
    made = await attach(ann, f"{there.url}/cut")
    assert (await ann.get(f"{ATTACHMENTS}/{made['id']}/content")).status_code == 404
    asked = await ann.post(
        "/api/v1/chat/messages", json={"content": "What does it say?", "attachment_ids": [made["id"]]}
    )
    ticket = asked.json()["ticket"]
    assert (ticket["state"], ticket["reason"]) == ("held", "indexing")
    slow.go_on.set()
    failed = await until(ann, made, "failed")
    assert failed["error"]["code"] == "not_fetched"
    assert "broke off" in failed["error"]["message"]
    assert failed["conversation_id"] == ticket["conversation_id"]

    async def released() -> bool:
        state: str = (await ann.get(f"/api/v1/chat/tickets/{ticket['id']}")).json()["state"]
        return state == "queued"

    await eventually(released)


async def test_a_page_that_is_deleted_while_it_comes_leaves_nothing(
    gateway: WholeGateway, ann: httpx2.AsyncClient, there: Site, tmp_path: Path
):
    there.pages["/notes"] = slow = Slow()
    made = await attach(ann, f"{there.url}/notes")
    assert (await ann.delete(f"{ATTACHMENTS}/{made['id']}")).status_code == 204
    slow.go_on.set()
    await over(gateway)
    assert (await ann.get(f"{ATTACHMENTS}/{made['id']}")).status_code == 404
    assert stored(tmp_path) == []
    assert counted(gateway, "gone")


async def test_a_page_whose_owner_goes_while_it_comes_leaves_nothing(
    gateway: WholeGateway, ann: httpx2.AsyncClient, there: Site, tmp_path: Path
):
    there.pages["/notes"] = slow = Slow()
    made = await attach(ann, f"{there.url}/notes")
    gone = await ann.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert gone.status_code in (202, 204), gone.text
    slow.go_on.set()
    await over(gateway)
    assert await gateway.deps.store.get_attachment(made["id"]) is None
    assert stored(tmp_path) == []


async def test_a_page_whose_gateway_dies_is_fetched_by_another(tmp_path: Path, there: Site):
    clock, server = ManualClock(), MemoryServer()
    there.pages["/notes"] = Slow()
    async with a_gateway(tmp_path, there, server=server, clock=clock) as dying, dying.person() as ann:
        token = ann.headers["authorization"]
        made = await attach(ann, f"{there.url}/notes")
    there.pages["/notes"] = says(BEGINNING)
    async with a_gateway(tmp_path, there, server=server, clock=clock) as other:
        other.anybody.headers["authorization"] = token
        await other.deps.fetching.sweep()
        assert (await read(other.anybody, made))["state"] == "uploading"
        clock.advance(10 + fetching.MARGIN_S)
        await other.deps.fetching.sweep()
        kept = await until(other.anybody, made, "queued")
    assert kept["size_bytes"] == len(BEGINNING)
    assert len(there.asked) == 2


async def test_a_page_that_never_comes_about_is_given_up(tmp_path: Path, there: Site):
    clock, server = ManualClock(), MemoryServer()
    there.pages["/notes"] = Slow()
    async with a_gateway(tmp_path, there, server=server, clock=clock) as dying, dying.person() as ann:
        token = ann.headers["authorization"]
        made = await attach(ann, f"{there.url}/notes")
    clock.advance(fetching.GIVE_UP_S + 1)
    async with a_gateway(tmp_path, there, server=server, clock=clock) as other:
        await other.deps.fetching.sweep()
        failed = await other.deps.store.get_attachment(made["id"])
        assert failed is not None
        assert failed.error is not None
        assert (failed.state, failed.error.code) == ("failed", "not_fetched")
    assert token
    assert len(there.asked) == 1


async def test_what_is_too_much_waits_for_the_keeper(gateway: WholeGateway, ann: httpx2.AsyncClient, there: Site):
    there.pages["/notes"] = says(BEGINNING)
    with patch.object(fetching, "AT_ONCE", 0):
        made = await attach(ann, f"{there.url}/notes")
        await gateway.deps.fetching.sweep()
        assert there.asked == []
    await gateway.deps.fetching.sweep()
    await until(ann, made, "queued")


async def test_a_copy_fetches_its_own_page(gateway: WholeGateway, ann: httpx2.AsyncClient, there: Site):
    there.pages["/notes"] = slow = Slow()
    made = await attach(ann, f"{there.url}/notes")
    asked = await ann.post("/api/v1/chat/messages", json={"content": "Well?", "attachment_ids": [made["id"]]})
    copy = await ann.post(f"/api/v1/chat/conversations/{asked.json()['ticket']['conversation_id']}/copy", json={})
    assert copy.status_code == 201, copy.text
    slow.go_on.set()
    await gateway.deps.fetching.sweep()
    await until(ann, made, "queued")
    [copied] = await gateway.deps.store.attachments_of(copy.json()["id"])
    assert (await until(ann, {"id": copied.id}, "queued"))["url"] == f"{there.url}/notes"


async def test_somebody_elses_conversation_takes_no_page(gateway: WholeGateway, ann: httpx2.AsyncClient, there: Site):
    conversation = (await ann.post("/api/v1/chat/conversations", json={})).json()
    async with gateway.person("eve@example.org") as eve:
        body = {"url": there.url, "conversation_id": conversation["id"]}
        assert (await eve.post(f"{ATTACHMENTS}/url", json=body)).status_code == 404
    assert there.connections == 0
