"""A3, A4, W4: what an answer looks up is seen while it does so, when it is done or could not be, and after a reload; in
a real browser, at a whole gateway with a worker beside it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, expect

from tests.e2e.test_library_page import served
from tests.integration.library.test_exports import CLOCK
from tests.integration.library.test_search import ask
from tests.integration.line.test_citations import passages_of
from tests.integration.line.test_tools import Speaker, query
from tests.support.browser import open_window
from tests.support.drafts import an_attachment
from tests.support.in_process.processes import Worker
from tests.support.in_process.whole_gateway import PASSWORD, WholeGateway, whole_gateway
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.contracts.attachments import Attachment, Passage, SearchRequest
from tokenline.contracts.errors import SearchUnavailable
from tokenline.contracts.tools import CURRENT_TIME, SEARCH_FILES
from tokenline.core.clock import SystemClock
from tokenline.core.ports.search import Search
from tokenline.runtime.agents import Agents, load_agents

EMAIL = "ada@example.org"
PASSAGE = "The tower of Port Ellen was built in 1832 and is 24 metres high."
HEIGHT = query("height of the lighthouse of Port Ellen")
TIME = (CURRENT_TIME, '{"timezone": "Europe/London"}')
ANSWER = "It is **24 metres** high [1]; I could not look up when it opens."


class Desk:
    """Answers a search of the model when it may: the first with a passage, further ones not at all."""

    def __init__(self) -> None:
        self.file: Attachment | None = None
        self.may_find = asyncio.Event()
        self.may_fail = asyncio.Event()
        self._asked = 0

    async def passages(self, request: SearchRequest) -> tuple[Passage, ...]:
        if request.opening or self.file is None:
            return ()
        self._asked += 1
        if self._asked == 1:
            await self.may_find.wait()
            return tuple(passages_of(self.file, PASSAGE))
        await self.may_fail.wait()
        raise SearchUnavailable


class Scene:
    def __init__(self, gateway: WholeGateway, worker: Worker, desk: Desk) -> None:
        self.gateway = gateway
        self.worker = worker
        self.desk = desk


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    server, desk = MemoryServer(), Desk()
    speaker = Speaker([HEIGHT], [TIME], ["Let me look further.", query("opening hours")], [ANSWER])
    agents = Agents(tuple(replace(one, tools=(SEARCH_FILES, CURRENT_TIME)) for one in load_agents(None, None).all))
    async with whole_gateway(tmp_path, server) as gateway:
        worker = Worker("w", gateway.deps.store, MemoryBroker(server), speaker, SystemClock(), agents=agents)
        worker.deps.search = cast(Search, desk)
        await worker.start()
        yield Scene(gateway, worker, desk)
        await worker.kill()


async def test_what_is_looked_up_is_seen_live_and_afterwards(
    browser: Browser, scene: Scene, pictures: Path | None
) -> None:
    async with served(scene.gateway) as url, scene.gateway.person(EMAIL) as ada:
        me = (await ada.get("/api/v1/me")).json()["id"]
        scene.desk.file = towers = an_attachment(CLOCK, me, name="towers.md", size_bytes=len(PASSAGE))
        await scene.gateway.deps.store.add_attachment(towers)
        mine = await open_window(browser, pictures)
        await mine.sign_in(url, EMAIL, PASSWORD)
        page = mine.page
        await page.get_by_label("Your question").wait_for()
        asked = await ask(ada, "How high is the lighthouse, and when is it open?", attachment_ids=[towers.id])
        await page.goto(f"{url}/chat/{asked['conversation_id']}")
        steps = page.get_by_role("list", name="Looked up").get_by_role("listitem")
        await expect(steps).to_have_text(["Searching files for “height of the lighthouse of Port Ellen”"])
        await mine.picture("tools-running")
        scene.desk.may_find.set()
        await expect(steps).to_have_count(3)
        await expect(steps.first).to_have_text(
            "Searched files for “height of the lighthouse of Port Ellen” · 1 passage"
        )
        await expect(steps.nth(1)).to_contain_text("Looked up the time in London · ")
        await expect(steps.last).to_have_text("Searching files for “opening hours”")
        await mine.picture("tools-going-on")
        scene.desk.may_fail.set()
        failed = "Could not search files for “opening hours”. The files cannot be searched at the moment."
        await expect(page.get_by_role("list", name="Sources")).to_be_visible()
        await expect(steps.last).to_have_text(failed)
        await expect(page.get_by_role("log")).to_contain_text("Let me look further.")
        await mine.picture("tools-done")
        await page.reload()
        await expect(steps.last).to_have_text(failed)
        await expect(steps).to_have_count(3)
        await expect(page.get_by_role("button", name="Source 1: towers.md").first).to_be_visible()
        await page.set_viewport_size({"width": 360, "height": 640})
        box = await steps.last.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 360
        await mine.picture("tools-phone")
        assert mine.complaints == []


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder
