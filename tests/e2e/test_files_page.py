"""Files on the chat page: a picture is seen before and after it is sent, and large; a click downloads what was given
(R8); an upload goes on where the network broke it (R1)."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, expect

from deploy.local.rabbitmq import NodeHandle
from tests.support.browser import open_window
from tests.support.documents import pdf
from tests.support.pictures import picture
from tests.support.relay import Relay
from tests.support.system import System, shared_system

MIB = 2**20
LARGE = 12 * MIB
NOTES = b"The heron stands in the shallow water.\n"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def house(broker_node: NodeHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with shared_system(broker_node, tmp_path_factory.mktemp("files")) as system:
        system.scripted_model()
        system.ingest()
        system.worker()
        system.gateway()
        yield system


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder


async def test_pictures_are_seen_and_files_downloaded(house: System, browser: Browser, pictures: Path | None) -> None:
    red = picture("PNG", (600, 400))
    person = await open_window(browser, pictures)
    page = person.page
    await person.register(house.url(), "ada@example.org")
    files: list[FilePayload] = [
        {"name": "red.png", "mimeType": "image/png", "buffer": red},
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": NOTES},
    ]
    await page.locator("input[type=file]").set_input_files(files)
    tray = page.get_by_label("Attached files")
    await expect(tray.locator("img")).to_have_js_property("naturalWidth", 512)
    await expect(tray.get_by_text("notes.txt")).to_be_visible()
    await person.picture("files-composer")
    await person.ask(json.dumps({"say": "A red and a blue half."}))
    sent = page.get_by_role("img", name="red.png")
    await expect(sent).to_have_js_property("naturalWidth", 512)
    await expect(page.get_by_text("A red and a blue half.", exact=True)).to_be_visible()
    await person.picture("files-light")
    await page.emulate_media(color_scheme="dark")
    await page.reload()
    await expect(sent).to_have_js_property("naturalWidth", 512)
    await person.picture("files-dark")
    await page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    await person.picture("files-phone")
    links = []
    page.on("request", lambda request: links.append(request.url) if "/api/public/files/" in request.url else None)
    for name, data in (("red.png", red), ("notes.txt", NOTES)):
        async with page.expect_download() as begun:
            if name == "red.png":
                await page.get_by_role("button", name="Show red.png").click()
                large = page.get_by_role("dialog").get_by_role("img")
                await expect(large).to_have_js_property("naturalWidth", 600)
                await person.picture("files-large")
                await page.get_by_role("dialog").get_by_role("button", name="Download").click()
            else:
                await page.get_by_role("button", name=f"Download {name}").click()
        download = await begun.value
        assert download.suggested_filename == name
        assert await asyncio.to_thread((await download.path()).read_bytes) == data
        links.append(download.url)
        await page.keyboard.press("Escape")
    assert person.complaints == []
    signatures = {link.rpartition(".")[2] for link in links}
    log = house.log("gateway-1").read_text()
    assert len(signatures) == 2
    assert not [one for one in signatures if one in log]


async def test_an_upload_goes_on_where_the_network_broke_it(
    house: System, browser: Browser, pictures: Path | None, tmp_path: Path
) -> None:
    """R1: cut in the middle of a request's body, which the offline mode of a browser lets through."""
    report = tmp_path / "report.pdf"
    report.write_bytes(large_pdf("The heron stands in the shallow water.", LARGE))
    async with Relay(house.ports["gateway-1"]) as relay:
        person = await open_window(browser, pictures)
        page = person.page
        await person.register(relay.url, "bob@example.org")
        rests: list[int] = []
        page.on("request", lambda request: rests.append(int(request.headers.get("upload-offset", -1))))
        before = relay.brought
        await page.locator("input[type=file]").set_input_files(report)
        await relay.full(before + LARGE * 2 // 5)
        chip = page.get_by_label("Attached files").get_by_role("listitem")
        await expect(chip).to_contain_text(re.compile(r"uploading \d+ %"))
        relay.refuse()
        await expect(chip).to_contain_text("waiting for the network")
        await person.ask("Not yet")
        await expect(page.get_by_role("button", name="Waiting for the upload")).to_be_disabled()
        await person.picture("upload-waits")
        relay.welcome()
        await expect(chip).to_contain_text("indexed", timeout=30_000)
        [first, *others] = [rest for rest in rests if rest >= 0]
        assert (first, max(others) > LARGE // 3) == (0, True)
        # What the gateway was sent again, with all headers and frames of the page.
        assert relay.brought - before - LARGE < MIB
        await person.ask(json.dumps({"say": "It stands in the shallow water [1]."}))
        await expect(page.get_by_label("Sources")).to_contain_text("report.pdf")
        await person.picture("upload-cited")
    # What the browser itself tells of a network that is gone is not the page's fault.
    assert [one for one in person.complaints if "ERR_" not in one and "WebSocket" not in one] == []


def large_pdf(text: str, size: int) -> bytes:
    """So many bytes, most of them a comment behind the end."""
    whole = pdf([text])
    end = whole[whole.rindex(b"startxref") :]
    return whole + b"%" + b"." * (size - len(whole) - len(end) - 2) + b"\n" + end
