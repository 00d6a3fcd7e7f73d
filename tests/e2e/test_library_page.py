"""Find, share, temporary chats: in a real browser, at a whole gateway without a broker of its own process (W1, C3, C6,
C10). Answers are put where a worker would have written them."""

import socket
from asyncio import TaskGroup
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from playwright.async_api import Browser, expect

from tests.integration.library.test_exports import talk
from tests.support.browser import Window, open_window
from tests.support.in_process.whole_gateway import PASSWORD, WholeGateway, whole_gateway

EMAIL = "ada@example.org"
SCRIPT = "<img src=x onerror=document.title='broken'>"


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[WholeGateway]:
    async with whole_gateway(tmp_path) as gateway:
        yield gateway


@asynccontextmanager
async def served(gateway: WholeGateway) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(gateway.app, log_config=None, lifespan="off", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    async with TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]), name="server")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True


async def said(gateway: WholeGateway, ada: httpx2.AsyncClient) -> str:
    """A long conversation with a needle at its beginning."""
    home = await talk(gateway, ada, f"Where is the needle? {SCRIPT}", f"The **needle** is here. {SCRIPT}")
    for number in range(12):
        await talk(gateway, ada, f"Question {number}", "Hay. " * 120, conversation_id=home)
    await ada.patch(f"/api/v1/chat/conversations/{home}", json={"title": "A haystack"})
    return home


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_found_shared_and_read_by_a_stranger(
    browser: Browser, gateway: WholeGateway, pictures: Path | None, dark: bool
) -> None:
    look = "dark" if dark else "light"
    async with served(gateway) as url, gateway.person(EMAIL) as ada:
        home = await said(gateway, ada)
        mine = await open_window(browser, pictures, dark=dark)
        await mine.sign_in(url, EMAIL, PASSWORD)
        page = mine.page
        await page.get_by_label("Search conversations").fill("needle")
        hits = page.get_by_role("list", name="Found").get_by_role("link")
        await expect(hits).to_have_count(2)
        await expect(page.locator("mark").first).to_have_text("needle")
        await mine.picture(f"search-{look}")
        await hits.first.click()
        await expect(page.get_by_role("log").get_by_text("needle is here")).to_be_in_viewport()
        await expect(page).to_have_url(f"{url}/chat/{home}")
        await mine.picture(f"jumped-{look}")

        await page.get_by_label("Search conversations").fill("")
        await page.get_by_role("button", name="Actions for A haystack").click()
        await mine.picture(f"row-menu-{look}")
        await page.get_by_role("menuitem", name="Share").click()
        await page.get_by_role("button", name="Make a link and copy it").click()
        link = await page.get_by_label("Link of").first.input_value()
        await mine.picture(f"share-{look}")
        assert link.startswith(f"{url}/s/")

        stranger = await open_window(browser, pictures, dark=dark)
        response = await stranger.page.goto(link)
        assert response is not None
        assert response.headers["x-robots-tag"] == "noindex, nofollow"
        await expect(stranger.page.get_by_role("heading", name="A haystack")).to_be_visible()
        await expect(stranger.page.get_by_role("article")).to_have_count(26)
        await stranger.picture(f"shared-{look}")
        assert EMAIL not in await stranger.page.content()
        assert await stranger.page.title() == "A haystack · Tokenline"

        await page.get_by_role("button", name="Take the link back").first.click()
        await expect(page.get_by_label("Link of")).to_have_count(0)
        assert stranger.complaints == []
        await stranger.page.reload()
        await expect(stranger.page.get_by_text("There is nothing here")).to_be_visible()
        assert mine.complaints == []


async def test_a_temporary_chat_looks_like_one_and_is_in_no_list(
    browser: Browser, gateway: WholeGateway, pictures: Path | None
) -> None:
    async with served(gateway) as url:
        mine: Window = await open_window(browser, pictures)
        await mine.register(url, EMAIL)
        page = mine.page
        await page.get_by_role("button", name="Temporary chat").click()
        await expect(page.get_by_text("A temporary chat:")).to_be_visible()
        await mine.picture("temporary-new")
        await mine.ask("What is nobody to know?")
        await page.wait_for_url(f"{url}/chat/*")
        await expect(page.get_by_role("log").get_by_text("What is nobody to know?")).to_be_visible()
        await expect(page.get_by_text("Your conversations will be here.")).to_be_visible()
        await mine.picture("temporary")
        await page.reload()
        await expect(page.get_by_role("log").get_by_text("What is nobody to know?")).to_be_visible()
        await expect(page.get_by_text("Temporary", exact=True)).to_be_visible()
        # The next one is an ordinary one again.
        await page.get_by_role("link", name="New chat").first.click()
        await expect(page.get_by_role("button", name="Temporary chat")).to_have_attribute("aria-pressed", "false")
        assert mine.complaints == []
