"""Files on the chat page: a picture is seen before and after it is sent, and a click downloads what was given (R8)."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, expect

from deploy.local.rabbitmq import NodeHandle
from tests.support.browser import open_window
from tests.support.pictures import picture
from tests.support.system import System, shared_system

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
            await page.get_by_role("button", name=f"Download {name}").click()
        download = await begun.value
        assert download.suggested_filename == name
        assert await asyncio.to_thread((await download.path()).read_bytes) == data
        links.append(download.url)
    assert person.complaints == []
    signatures = {link.rpartition(".")[2] for link in links}
    log = house.log("gateway-1").read_text()
    assert len(signatures) == 2
    assert not [one for one in signatures if one in log]
