"""A real browser: Debian's Chromium, quiet about everything but the page under test."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.support.engines import missing

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 800}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, default=None, help="folder to keep the pages' pictures in")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing("Chromium", "python3 deploy/local/bootstrap.py --for test")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        await started.close()


class Window:
    """A page that remembers every complaint of the browser: script errors and breaches of the content policy."""

    def __init__(self, page: Page, pictures: Path | None) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._pictures = pictures
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    async def picture(self, name: str) -> None:
        """Keep a picture, if the run was asked for them."""
        if self._pictures is not None:
            self._pictures.mkdir(parents=True, exist_ok=True)
            await self.page.screenshot(path=self._pictures / f"{name}.png", animations="disabled")

    async def register(self, url: str, email: str) -> None:
        await self.page.goto(url)
        await self.page.get_by_role("button", name="Create an account").click()
        await self._fill_in(email, "a long password")
        await self.page.get_by_label("Your question").wait_for()

    async def sign_in(self, url: str, email: str, password: str) -> None:
        await self.page.goto(url)
        await self._fill_in(email, password)

    async def _fill_in(self, email: str, password: str) -> None:
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_label("Password").fill(password)
        await self.page.keyboard.press("Enter")

    async def ask(self, question: str) -> None:
        await self.page.get_by_label("Your question").fill(question)
        await self.page.keyboard.press("Enter")


async def open_window(
    browser: Browser, pictures: Path | None, *, dark: bool = False, size: dict[str, int] | None = None
) -> Window:
    """A window with storage of its own, as another person's would be."""
    size = size or DESKTOP
    context = await browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, color_scheme="dark" if dark else "light"
    )
    return Window(await context.new_page(), pictures)
