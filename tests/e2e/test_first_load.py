"""What a browser has to fetch before a page can be used (T15), counted as it travels."""

import pytest
from playwright.async_api import Browser, Page, Response

from tests.support.browser import open_window
from tests.support.system import ADMIN, System

MOST_BYTES = 250_000
_FETCHED = """() => performance.getEntries()
    .filter(({ entryType, name }) => ["navigation", "resource"].includes(entryType) && !name.includes("/api/"))
    .reduce((sum, { transferSize }) => sum + transferSize, 0)"""


class Fetched:
    """The files a page asked for."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.scripts: list[Response] = []
        page.on("response", self._came)

    def _came(self, response: Response) -> None:
        if response.url.endswith((".js", ".css")):
            self.scripts.append(response)

    async def bytes(self) -> int:
        """With headers, as the browser counts them."""
        await self._page.wait_for_load_state("networkidle")
        return int(await self._page.evaluate(_FETCHED))


@pytest.mark.parametrize("name", ["gateway-1", "admin"])
async def test_the_first_load_is_small_and_kept(system: System, browser: Browser, name: str) -> None:
    system.gateway()
    if name == "admin":
        system.admin()
    window = await open_window(browser, None)
    fetched = Fetched(window.page)
    if name == "admin":
        await window.sign_in(system.url("admin"), *ADMIN)
        await window.page.get_by_role("table", name="The line").wait_for()
    else:
        await window.register(system.url(), "ada@example.org")
    assert 50_000 < await fetched.bytes() < MOST_BYTES
    large = [r for r in fetched.scripts if len(await r.body()) > 1024]
    assert len(large) >= 3
    for response in large:
        assert await response.header_value("content-encoding") == "gzip"
        assert await response.header_value("cache-control") == "public, max-age=31536000, immutable"
    assert window.complaints == []
