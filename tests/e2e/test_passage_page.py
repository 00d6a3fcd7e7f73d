"""R7, W5: a citation opens its passage, with the keyboard too: what was quoted is marked in it, and its file can be
had, or is said to be gone. At a whole gateway; the answer is put where a worker would have written it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser, expect

from tests.e2e.test_library_page import served
from tests.integration.library.test_exports import CLOCK
from tests.integration.library.test_search import ask
from tests.support.browser import open_window
from tests.support.drafts import an_answer, an_attachment
from tests.support.in_process.whole_gateway import PASSWORD, WholeGateway, whole_gateway
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.chat import Citation, UnreadFile
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.tickets import Usage
from tokenline.core import ticket as moves
from tokenline.core.file_keys import file_key

EMAIL = "ada@example.org"
PASSAGE = (
    "The tower of Port Ellen stands at the end of the northern pier.\nIt was built in 1832 and is 24 metres high, "
    "which makes it\nthe second highest of the island. See [2] for <b>the other</b> one. "
    "Visits are possible from May to September."
)
ANSWER = (
    "It is **24 metres** high: “It was built in 1832 and is 24 metres high” [1]. Only one tower is higher [1, 2]; "
    "nobody gave me [7].\n\nIn summer it can be visited, from May to September [1]."
)
LOCKED = ErrorInfo(code="encrypted", message="“plans.pdf” is encrypted. Remove the password and upload it again.")


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[WholeGateway]:
    async with whole_gateway(tmp_path) as gateway:
        yield gateway


async def cited_answer(gateway: WholeGateway, ada: httpx2.AsyncClient) -> str:
    """The conversation's id."""
    deps = gateway.deps
    me = (await ada.get("/api/v1/me")).json()["id"]
    towers = an_attachment(CLOCK, me, name="towers.md", size_bytes=len(PASSAGE))
    gone = an_attachment(CLOCK, me, name="islands.pdf")
    locked = an_attachment(CLOCK, me, name="plans.pdf", state=AttachmentState.FAILED, error=LOCKED)
    for file in (towers, gone, locked):
        await deps.store.add_attachment(file)
    await deps.files.put(file_key(towers.id), _once(PASSAGE.encode()))
    asked = await ask(ada, "How high is the tower?", attachment_ids=[towers.id, gone.id, locked.id])
    await deps.store.delete_attachment(gone.id)
    ticket = await deps.store.get_ticket(asked["ticket_id"])
    assert ticket is not None
    running = moves.claim(ticket, worker="w", incarnation="i", now=CLOCK.now())
    assert await deps.store.replace_ticket(running)
    cites = [
        Citation(
            number=number,
            attachment_id=file.id,
            name=file.name,
            page=page,
            start=0,
            end=len(PASSAGE),
            passage=PASSAGE,
            similarity=similarity,
            section=section,
        )
        for number, file, page, similarity, section in (
            (1, towers, None, 1.0, "Sights › Lighthouses and towers"),
            (2, gone, 14, 0.62, None),
        )
    ]
    unread = (UnreadFile(name="plans.pdf", reason=LOCKED.message),)
    said = an_answer(CLOCK, running, content=ANSWER, citations=tuple(cites), unread=unread)
    done = moves.complete(running, usage=Usage(), now=CLOCK.now())
    assert await deps.store.replace_ticket(done, said)
    home: str = asked["conversation_id"]
    return home


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_a_citation_opens_its_passage(
    browser: Browser, gateway: WholeGateway, pictures: Path | None, dark: bool
) -> None:
    look = "dark" if dark else "light"
    async with served(gateway) as url, gateway.person(EMAIL) as ada:
        home = await cited_answer(gateway, ada)
        mine = await open_window(browser, pictures, dark=dark)
        await mine.sign_in(url, EMAIL, PASSWORD)
        page = mine.page
        await page.get_by_label("Your question").wait_for()
        await page.goto(f"{url}/chat/{home}")
        chips = page.get_by_role("button", name="Source")
        await expect(chips).to_have_count(4)
        await expect(page.get_by_role("log")).to_contain_text("nobody gave me [7]")
        unread = page.get_by_role("list", name="Files that could not be read")
        await expect(unread).to_contain_text("plans.pdf is encrypted. Remove the password")
        await mine.picture(f"cited-{look}")

        first = page.get_by_role("button", name="Source 1: towers.md, section Sights › Lighthouses and towers").first
        await first.focus()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="towers.md")
        await expect(dialog).to_contain_text("[1] · Section Sights › Lighthouses and towers · 100 % match")
        await expect(dialog.locator("mark")).to_contain_text("It was built in 1832 and is 24 metres high")
        await expect(dialog).to_contain_text("See [2] for <b>the other</b> one.")
        async with page.expect_download() as download:
            await dialog.get_by_role("button", name="Download").click()
        assert (await download.value).suggested_filename == "towers.md"
        await mine.picture(f"passage-{look}")
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(first).to_be_focused()
        assert mine.complaints == []

        # From the list of sources: all that was quoted, and of a file that is gone.
        await page.get_by_role("list", name="Sources").get_by_role("button").first.click()
        await expect(page.get_by_role("dialog").locator("mark")).to_have_count(2)
        await page.keyboard.press("Escape")
        await page.get_by_role("list", name="Sources").get_by_role("button").last.click()
        await expect(page.get_by_role("dialog", name="islands.pdf")).to_contain_text("This file was deleted since.")
        await expect(page.get_by_role("dialog")).to_contain_text("Page 14")
        await expect(page.get_by_role("dialog").get_by_role("button", name="Download")).to_have_count(0)
        await mine.picture(f"passage-gone-{look}")
        # What the browser itself tells of a missing file is no fault of the page.
        assert all("404" in complaint for complaint in mine.complaints)


async def test_on_a_phone_it_fits(browser: Browser, gateway: WholeGateway, pictures: Path | None) -> None:
    async with served(gateway) as url, gateway.person(EMAIL) as ada:
        home = await cited_answer(gateway, ada)
        mine = await open_window(browser, pictures, size={"width": 360, "height": 640})
        await mine.sign_in(url, EMAIL, PASSWORD)
        await mine.page.get_by_label("Your question").wait_for()
        await mine.page.goto(f"{url}/chat/{home}")
        await mine.page.get_by_role("button", name="Source 1").first.click()
        box = await mine.page.get_by_role("dialog", name="towers.md").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        await mine.picture("passage-phone")
