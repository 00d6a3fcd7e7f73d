"""What a person can do while a message waits or an answer runs, in a real browser against real processes."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browser import Window, open_window
from tests.support.chat import Chat, chat
from tests.support.system import System

STALLS = '{"say": "wait for it, and then for more of it", "per_second": 0.1}'
STREAMS = '{"tokens": 4000, "per_second": 40}'
PHONE = {"width": 390, "height": 844}
FIRST, BETTER = "How tall is Mont Blanc?", "How tall is the Matterhorn?"


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


def card(page: Page) -> Locator:
    return page.get_by_label("Your place in line")


def editor(page: Page) -> Locator:
    return page.get_by_label("Your question, edited")


def said(page: Page, text: str) -> Locator:
    """A question as it stands in the conversation."""
    return page.get_by_role("article").locator("p", has_text=re.compile(f"^{re.escape(text)}$"))


async def occupy(person: Chat) -> str:
    """Take the one slot; the ticket that has it."""
    ticket = await person.ask(STALLS, "occupy")
    await person.until(lambda: "processing" in person.tickets[ticket].kinds)
    return ticket


async def free(person: Chat, ticket: str) -> None:
    await person.send(type="cancel", ticket_id=ticket)
    await person.ended(ticket)


async def choose_follow_up(page: Page, name: str) -> None:
    await page.get_by_role("button", name="While an answer is running").click()
    await page.get_by_role("menuitemradio", name=name).click()
    await expect(page.get_by_role("button", name=f"While an answer is running: {name.lower()}")).to_be_visible()


def asked(system: System) -> list[str]:
    return [record["text"] for record in system.model_stats()["records"]]


async def test_an_edited_message_keeps_its_place_and_is_what_the_model_is_asked(
    one_slot: System, browser: Browser, pictures: Path | None
) -> None:
    person = await open_window(browser, pictures)
    page = person.page
    await person.register(one_slot.url(), "ada@example.org")
    async with chat(one_slot, "bob@example.org") as bob:
        occupied = await occupy(bob)
        ahead = await bob.ask("Ahead", "m2")
        await person.ask(FIRST)
        await expect(card(page)).to_contain_text("1ahead of you")
        tab = Window(await page.context.new_page(), pictures)
        await tab.page.goto(page.url)
        await expect(said(tab.page, FIRST)).to_be_visible()

        # By keyboard alone, and left without a change first.
        await page.get_by_role("button", name="Edit").focus()
        await page.keyboard.press("Enter")
        await expect(editor(page)).to_be_focused()
        await expect(said(page, FIRST)).to_be_hidden()
        await page.keyboard.type(" Or not.")
        await person.picture("editing")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="Edit")).to_be_focused()
        await expect(said(page, FIRST)).to_be_visible()

        await page.keyboard.press("Enter")
        await editor(page).fill(BETTER)
        await page.keyboard.press("Enter")
        for window in (person, tab):
            await expect(said(window.page, BETTER)).to_be_visible()
            await expect(said(window.page, FIRST)).to_be_hidden()
            await expect(card(window.page)).to_contain_text("1ahead of you")
            await expect(window.page.get_by_role("navigation", name="Conversations")).to_contain_text(BETTER)
        await person.picture("edited")
        await free(bob, occupied)
        await bob.ended(ahead)
    await expect(page.get_by_text("w0 w1 w2")).to_be_visible()
    assert asked(one_slot) == [STALLS, "Ahead", BETTER]
    await page.reload()
    await expect(said(page, BETTER)).to_be_visible()
    assert person.complaints == tab.complaints == []


async def test_a_withdrawn_message_leaves_the_line_and_the_next_moves_up(
    one_slot: System, browser: Browser, pictures: Path | None
) -> None:
    person = await open_window(browser, pictures)
    page = person.page
    await person.register(one_slot.url(), "ada@example.org")
    async with chat(one_slot, "bob@example.org") as bob, chat(one_slot, "eve@example.org") as eve:
        occupied = await occupy(bob)
        await person.ask(FIRST)
        await expect(card(page)).to_contain_text("You are next")
        behind = await eve.ask("Behind", "m1")
        await eve.until(lambda: eve.tickets[behind].positions[-1:] == [1])
        await page.get_by_role("button", name="Withdraw").click()
        await expect(page.get_by_text("Withdrawn before an answer.")).to_be_visible()
        await expect(card(page)).to_be_hidden()
        await person.picture("withdrawn")
        await eve.until(lambda: eve.tickets[behind].positions[-1:] == [0])
        await free(bob, occupied)
        await eve.ended(behind)
        assert asked(one_slot) == [STALLS, "Behind"]
        await page.get_by_role("button", name="Ask again").click()
        await expect(page.get_by_text("w0 w1 w2")).to_be_visible()
    assert person.complaints == []


async def test_an_edit_that_comes_too_late_is_not_lost(
    one_slot: System, browser: Browser, pictures: Path | None
) -> None:
    person = await open_window(browser, pictures, dark=True, size=PHONE)
    page = person.page
    await person.register(one_slot.url(), "ada@example.org")
    async with chat(one_slot, "bob@example.org") as bob:
        occupied = await occupy(bob)
        await person.ask(STALLS)
        await page.get_by_role("button", name="Edit").click()
        await editor(page).fill(BETTER)
        await person.picture("editing-phone-dark")
        await free(bob, occupied)
        await expect(page.get_by_role("alert").filter(has_text="A worker has just taken it")).to_be_visible()
        await expect(editor(page)).to_have_value(BETTER)
        await expect(editor(page)).to_be_focused()
        await expect(said(page, STALLS)).to_be_visible()
        await person.picture("too-late-phone-dark")
        # Not even a reload loses it.
        await page.reload()
        await expect(editor(page)).to_have_value(BETTER)
        await page.get_by_role("button", name="Send as a new message").click()
        await expect(said(page, BETTER)).to_be_visible()
        await expect(card(page).last).to_contain_text("Waiting for your earlier message")
        await expect(editor(page)).to_be_hidden()
        await expect(page.get_by_label("Your question", exact=True)).to_be_focused()
        await person.picture("sent-anew-phone-dark")
        await page.get_by_role("button", name="Stop").first.click()
    await expect(page.get_by_text("w0 w1 w2")).to_be_visible()
    assert asked(one_slot)[-2:] == [STALLS, BETTER]
    assert person.complaints == []


async def test_a_follow_up_that_interrupts_keeps_the_text_and_is_answered(
    one_slot: System, browser: Browser, pictures: Path | None
) -> None:
    person = await open_window(browser, pictures)
    page = person.page
    await person.register(one_slot.url(), "ada@example.org")
    await person.ask(STREAMS)
    await expect(page.get_by_text("w0 w1 w2")).to_be_visible()
    await page.get_by_role("button", name="While an answer is running: wait in line").click()
    await person.picture("follow-up-menu")
    await page.keyboard.press("Escape")
    await choose_follow_up(page, "Interrupt it")
    await page.get_by_label("Your question", exact=True).fill(BETTER)
    await expect(page.get_by_role("button", name="Interrupt and send")).to_be_visible()
    await person.picture("interrupting")
    await page.get_by_role("button", name="Interrupt and send").click()
    await expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    await expect(page.get_by_text(re.compile("^w0 w1 w2"))).to_have_count(2)
    assert [(record["text"], record["ended"]) for record in one_slot.model_stats()["records"]] == [
        (STREAMS, "client"),
        (BETTER, "finished"),
    ]
    # The setting is the conversation's: it is there after a reload, and a new one waits again.
    await page.reload()
    await expect(page.get_by_role("button", name="While an answer is running: interrupt it")).to_be_visible()
    await expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    await person.picture("interrupted")
    assert person.complaints == []


async def test_a_follow_up_that_is_refused_stays_in_the_composer(
    one_slot: System, browser: Browser, pictures: Path | None
) -> None:
    person = await open_window(browser, pictures, size=PHONE)
    page = person.page
    composer = page.get_by_label("Your question", exact=True)
    await person.register(one_slot.url(), "ada@example.org")
    await person.ask(STREAMS)
    await expect(page.get_by_text("w0 w1 w2")).to_be_visible()
    await choose_follow_up(page, "Refuse")
    await person.ask(BETTER)
    refusal = page.get_by_role("alert").filter(has_text="The earlier question of this conversation")
    await expect(refusal).to_be_visible()
    await expect(composer).to_have_value(BETTER)
    await expect(said(page, BETTER)).to_be_hidden()
    await person.picture("refused-phone")
    async with chat(one_slot, "ada@example.org") as socket:
        await socket.until(lambda: any(frame["type"] == "ready" for frame in socket.other))
        [running] = next(frame for frame in socket.other if frame["type"] == "ready")["live"]
        await socket.send(type="cancel", ticket_id=running)
    await expect(refusal).to_be_hidden()
    await composer.press("Enter")
    await expect(said(page, BETTER)).to_be_visible()
    await expect(composer).to_have_value("")
    await expect(page.get_by_text(re.compile("^w0 w1 w2"))).to_have_count(2)
    assert asked(one_slot) == [STREAMS, BETTER]
    assert person.complaints == []


async def test_the_card_says_what_a_message_is_held_for(
    one_slot: System, browser: Browser, pictures: Path | None
) -> None:
    person = await open_window(browser, pictures)
    page = person.page
    await person.register(one_slot.url(), "ada@example.org")
    async with chat(one_slot, "ada@example.org") as socket:
        occupied = await occupy(socket)
        second = await socket.ask("Second", "m2")
        await person.ask('{"say": "at last", "status": 503, "retry_after": "5", "faults": 1}')
        await expect(card(page)).to_contain_text("You have 2 messages in the line already; this one follows")
        await person.picture("user-limit")
        await free(socket, occupied)
        await socket.ended(second)
        await expect(card(page)).to_contain_text("Trying again in a moment")
        await person.picture("retrying")
    await expect(page.get_by_text("at last", exact=True)).to_be_visible(timeout=20_000)
    assert person.complaints == []
