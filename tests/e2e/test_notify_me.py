"""Notify me: whoever looks elsewhere while they wait is told by the browser, and leads back by a click."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browser import Window, open_window
from tests.support.chat import Chat, chat
from tests.support.system import System

STALLS = '{"say": "wait for it, and then for more of it", "per_second": 0.1}'
QUESTION = '{"say": "A place in the line."}'
PHONE = {"width": 390, "height": 844}

# Nobody sees a headless browser's notifications, and its pages never leave its sight: both are told to the test.
WATCHED = """
    window.shown = [];
    window.Notification = class extends window.Notification {
        constructor(title, options) { super(title, options); window.shown.push(this); }
    };
    window.away = false;
    Object.defineProperty(document, "hidden", { get: () => window.away });
    window.look = (away) => { window.away = away; document.dispatchEvent(new Event("visibilitychange")); };
"""


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder


@pytest.fixture
def one_slot(system: System) -> System:
    system.scripted_model()
    system.worker(slots=1)
    system.gateway()
    return system


def switch(page: Page) -> Locator:
    return page.get_by_role("switch", name="Notify me")


async def occupied(other: Chat) -> str:
    """The ticket that has the one slot."""
    ticket = await other.ask(STALLS, "occupy")
    await other.until(lambda: "processing" in other.tickets[ticket].kinds)
    return ticket


async def waiting(one_slot: System, person: Window, email: str) -> None:
    await person.page.add_init_script(WATCHED)
    await person.register(one_slot.url(), email)
    await person.ask(QUESTION)
    await expect(switch(person.page)).not_to_be_checked()


async def test_an_answer_in_a_page_out_of_sight_is_told_and_leads_back(
    one_slot: System, browser: Browser, pictures: Path | None
) -> None:
    person = await open_window(browser, pictures)
    page = person.page
    await page.context.grant_permissions(["notifications"])
    async with chat(one_slot, "bob@example.org") as bob:
        ticket = await occupied(bob)
        await waiting(one_slot, person, "ada@example.org")
        await person.picture("notify-off")
        await switch(page).press("Space")
        await expect(switch(page)).to_be_checked()
        await page.reload()
        await expect(switch(page)).to_be_checked()
        await person.picture("notify-on")
        there = page.url
        await page.get_by_title("New chat").click()
        await page.evaluate("look(true)")
        await bob.send(type="cancel", ticket_id=ticket)
        await expect(page).to_have_title("Answer ready · Tokenline", timeout=20_000)
    told = await page.evaluate("shown.map(({ title, body }) => [title, body])")
    assert told == [["Your answer is ready", QUESTION]]
    await page.evaluate("look(false); shown[0].onclick()")
    await expect(page).to_have_title("Tokenline")
    await expect(page).to_have_url(there)
    await expect(page.get_by_text("A place in the line.", exact=True)).to_be_visible()
    assert person.complaints == []


async def test_a_browser_that_will_not_notify_says_so(
    one_slot: System, browser: Browser, pictures: Path | None
) -> None:
    person = await open_window(browser, pictures, dark=True, size=PHONE)
    async with chat(one_slot, "bob@example.org") as bob:
        await occupied(bob)
        await waiting(one_slot, person, "ada@example.org")
        await person.picture("notify-phone-dark")
        await switch(person.page).click()
        await expect(person.page.get_by_role("status").filter(has_text="blocked")).to_be_visible()
        await expect(switch(person.page)).not_to_be_checked()
        await person.picture("notify-blocked-phone-dark")
    assert person.complaints == []
