"""A limit in a browser (I5): what was written is kept, the page says when it works again, and then it works."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import open_window
from tests.support.system import System

PER_S = 6


async def test_a_message_too_many_waits_in_the_composer(
    system: System, browser: Browser, request: pytest.FixtureRequest
) -> None:
    pictures: Path | None = request.config.getoption("--screenshots")
    system.gateway(TOKENLINE_LIMITS__MESSAGES__MAX="2", TOKENLINE_LIMITS__MESSAGES__PER_S=str(PER_S))
    person = await open_window(browser, pictures)
    await person.register(system.url(), "ada@example.org")
    page, question = person.page, person.page.get_by_label("Your question")
    for text in ("What is a ticket?", "And a line?"):
        await person.ask(text)
        await expect(page.get_by_role("article").filter(has_text=text)).to_be_visible()
        await expect(question).to_have_value("")

    await person.ask("One more, please.")

    await expect(page.get_by_text("You can send again in")).to_be_visible()
    await expect(page.get_by_text("2 messages are allowed in 6 s.").first).to_be_visible()
    await expect(question).to_have_value("One more, please.")
    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_hidden()
    await question.press("Enter")
    await expect(question).to_have_value("One more, please.")
    await person.picture("chat-limit")
    await expect(page.get_by_text("You can send again in")).to_be_hidden(timeout=2 * PER_S * 1000)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(question).to_have_value("")
    await expect(page.get_by_role("article").filter(has_text="One more, please.")).to_be_visible()
    assert person.complaints == []
