"""C4 on the chat page: questions rewritten, answers asked for again, the way back, and what other tabs see of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from deploy.local.rabbitmq import NodeHandle
from tests.support.browser import Window, open_window
from tests.support.system import System, shared_system


@pytest.fixture(scope="module")
def house(broker_node: NodeHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with shared_system(broker_node, tmp_path_factory.mktemp("branches")) as system:
        system.scripted_model()
        system.worker()
        system.gateway()
        yield system


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder


def says(text: str) -> str:
    return f'{{"say": "{text}"}}'


def shown(page: Page, text: str) -> Locator:
    """An answer with this text; a question has its in quotes."""
    return page.get_by_role("article").get_by_text(re.compile(f"^{re.escape(text)}$"))


async def rewrite(page: Page, number: int, text: str) -> None:
    await page.get_by_role("article").nth(number).hover()
    await page.get_by_role("button", name="Rewrite this question").nth(number).click()
    await page.get_by_label("Your question, edited").fill(text)
    await page.keyboard.press("Enter")


async def test_what_was_said_stays_a_step_away_in_every_tab(
    house: System, browser: Browser, pictures: Path | None
) -> None:
    person = await open_window(browser, pictures)
    page = person.page
    await person.register(house.url(), "ada@example.org")
    await person.ask(says("One is a number."))
    await expect(shown(page, "One is a number.")).to_be_visible()
    await person.ask(says("Two is a couple."))
    await expect(shown(page, "Two is a couple.")).to_be_visible()
    tab = Window(await page.context.new_page(), pictures)
    await tab.page.goto(page.url)
    await expect(shown(tab.page, "Two is a couple.")).to_be_visible()

    # Rewritten, the first question leads to another conversation; the tab beside it follows.
    await rewrite(page, 0, says("Uno is a card game."))
    for one in (page, tab.page):
        await expect(shown(one, "Uno is a card game.")).to_be_visible()
        await expect(shown(one, "Two is a couple.")).to_have_count(0)
        await expect(one.get_by_role("group", name="Question 2 of 2")).to_be_visible()
    await person.picture("branches")
    await page.emulate_media(color_scheme="dark")
    await person.picture("branches-dark")

    # Another answer to it, and back by the arrows, over there too.
    await page.get_by_role("button", name="Another answer").click()
    await expect(page.get_by_role("group", name="Answer 2 of 2")).to_be_visible()
    await expect(tab.page.get_by_role("group", name="Answer 2 of 2")).to_be_visible()
    await tab.page.get_by_role("button", name="Earlier answer").click()
    await expect(page.get_by_role("group", name="Answer 1 of 2")).to_be_visible()
    await page.get_by_role("button", name="Earlier question").click()
    for one in (page, tab.page):
        await expect(shown(one, "One is a number.")).to_be_visible()
        await expect(shown(one, "Two is a couple.")).to_be_visible()

    # A copy up to the first answer goes on by itself.
    await page.get_by_role("button", name="Copy the conversation up to here").first.click()
    await expect(shown(page, "Two is a couple.")).to_have_count(0)
    await expect(shown(page, "One is a number.")).to_be_visible()
    assert page.url != tab.page.url
    await page.reload()
    await expect(shown(page, "One is a number.")).to_be_visible()
    assert person.complaints == tab.complaints == []
