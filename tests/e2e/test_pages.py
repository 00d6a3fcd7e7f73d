"""A person and an administrator at work in a real browser, on the whole product.

``make screenshots`` keeps the pictures that the README shows.
"""

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import Window, open_window
from tests.support.chat import chat
from tests.support.documents import pdf
from tests.support.system import ADMIN, System

PAGES = [
    "Harbour report 2026. This report describes the state of the harbour and of its basins.",
    "Maintenance. The dredging of the north basin cost 4.2 million euros. It was finished in October.",
    "Outlook. The harbour expects twelve percent more ships in 2027.",
]
QUESTION = "How much did the dredging of the north basin cost?"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder


@pytest.fixture
def whole(system: System) -> System:
    system.model(tokens_per_second=50)
    system.ingest()
    system.worker(slots=1)
    system.gateway()
    system.admin()
    return system


async def test_a_person_asks_about_a_pdf_while_twenty_wait(
    whole: System, browser: Browser, pictures: Path | None, tmp_path: Path
) -> None:
    report = tmp_path / "harbour-report.pdf"
    report.write_bytes(pdf(PAGES))
    person = await open_window(browser, pictures)
    page = person.page
    await person.register(whole.url(), "ada@example.org")
    await page.locator("input[type=file]").first.set_input_files(report)
    await expect(page.get_by_label("Attached files")).to_contain_text("indexed", timeout=20_000)

    async with AsyncExitStack() as stack:
        for number in range(20):
            other = await stack.enter_async_context(chat(whole, f"person{number:02}@example.org"))
            await other.ask("Please tell me what this service is and how I can set it up.", "m1")
        await person.ask(QUESTION)
        waiting = page.get_by_label("Your place in line")
        await expect(waiting).to_be_visible()
        await expect(waiting).to_contain_text(re.compile(r"1\d"))
        await asyncio.sleep(1)
        await person.picture("chat-waiting")
        admin = await look_at_the_line(whole, browser, pictures)
        # The line moves under both their eyes.
        await expect(waiting).to_contain_text(re.compile(r"\b[1-5]\b ?(ahead|people|more|before)?"), timeout=60_000)

    await expect(page.get_by_text("4.2 million euros").first).to_be_visible(timeout=60_000)
    await expect(page.get_by_text("harbour-report.pdf").last).to_be_visible()
    await expect(page.get_by_label("Sources")).to_be_visible(timeout=20_000)
    await page.get_by_label("Sources").get_by_role("button").first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("It was finished in October.")
    await person.picture("chat-passage")
    await page.keyboard.press("Escape")
    # The conversation got its name, and everything is still there after a reload.
    await expect(page.get_by_role("navigation", name="Conversations")).to_contain_text("How much did the dredging")
    await page.reload()
    await expect(page.get_by_text("4.2 million euros").first).to_be_visible()
    assert person.complaints == []
    assert admin.complaints == []


async def look_at_the_line(whole: System, browser: Browser, pictures: Path | None) -> Window:
    """The administrator sees every ticket and that person's position in the same place as the person does."""
    admin = await open_window(browser, pictures)
    await admin.sign_in(whole.url("admin"), *ADMIN)
    table = admin.page.get_by_role("table", name="The line")
    await expect(table).to_be_visible(timeout=15_000)
    await expect(table.get_by_role("row").filter(has_text="person")).not_to_have_count(0)
    await asyncio.sleep(6)
    await admin.picture("admin")
    await admin.page.get_by_label("Search by user").fill("ada@")
    own = table.get_by_role("row").filter(has_text="ada@example.org")
    await expect(own).to_have_count(1, timeout=10_000)
    await expect(own).to_contain_text(re.compile(r"\d"))
    await admin.page.get_by_label("Search by user").fill("")
    return admin


async def test_a_ticket_survives_reload_while_it_waits_and_while_it_streams(
    whole: System, browser: Browser, pictures: Path | None
) -> None:
    person = await open_window(browser, pictures)
    await person.register(whole.url(), "ada@example.org")
    async with chat(whole, "bob@example.org") as other:
        await other.ask("Please tell me what this service is.", "m1")
        await person.ask("Hello, who are you?")
        await expect(person.page.get_by_label("Your place in line")).to_be_visible()
        await person.page.reload()
        await expect(person.page.get_by_text("Hello, who are you?").first).to_be_visible()
        await expect(person.page.get_by_title("Stop", exact=True)).to_be_hidden(timeout=60_000)
    await expect(person.page.get_by_text(re.compile("no[t]? a? ?language model")).first).to_be_visible(timeout=30_000)
    assert person.complaints == []


async def test_markup_from_anybody_never_runs(whole: System, browser: Browser, pictures: Path | None) -> None:
    person = await open_window(browser, pictures)
    foreign: list[str] = []
    person.page.on(
        "request", lambda r: None if r.url.startswith((whole.url(), "data:", "blob:")) else foreign.append(r.url)
    )
    await person.register(whole.url(), "ada@example.org")
    await person.ask(
        '<img src=x onerror="document.title=1"> ![x](http://127.0.0.1:9/leak.png) <script>document.title=1</script>'
    )
    await expect(person.page.get_by_title("Stop", exact=True)).to_be_hidden(timeout=60_000)
    await expect(person.page.get_by_text(re.compile("no[t]? a? ?language model")).first).to_be_visible(timeout=30_000)
    assert await person.page.title() != "1"
    assert foreign == []
    assert person.complaints == []


async def test_wrong_password_and_dark_phone(whole: System, browser: Browser, pictures: Path | None) -> None:
    person = await open_window(browser, pictures, dark=True, size=PHONE)
    await person.sign_in(whole.url(), "nobody@example.org", "some long password")
    await expect(person.page.get_by_role("alert").first).to_be_visible()
    await person.picture("sign-in-phone-dark")
    await person.page.goto("about:blank")
    await person.register(whole.url(), "ada@example.org")
    await person.picture("chat-phone-dark")
    admin = await open_window(browser, pictures, dark=True)
    await admin.sign_in(whole.url("admin"), "ada@example.org", "a long password")
    await expect(admin.page.get_by_role("alert").first).to_be_visible()
