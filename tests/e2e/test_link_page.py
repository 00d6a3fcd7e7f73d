"""R3 on the page: a link is added beside the paper clip; its chip tells what it is called, how it goes on, and why not.
At a whole gateway, from a real site."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.test_library_page import served
from tests.integration.fetching.test_urls import PAGE, Slow
from tests.support.browser import open_window
from tests.support.in_process.whole_gateway import PASSWORD, WholeGateway, whole_gateway
from tests.support.site import Site, says, site

EMAIL = "ada@example.org"
PHONE = {"width": 360, "height": 640}


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder


@pytest.fixture
async def there() -> AsyncIterator[Site]:
    async with site() as made:
        yield made


@pytest.fixture
async def gateway(tmp_path: Path, there: Site) -> AsyncIterator[WholeGateway]:
    port = urlsplit(there.url).port
    async with whole_gateway(tmp_path, fetch_networks=["127.0.0.1/32"], fetch_ports=[port]) as gateway:
        yield gateway


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark-phone"])
async def test_a_link_becomes_a_file_or_says_why_not(
    browser: Browser, gateway: WholeGateway, there: Site, pictures: Path | None, dark: bool
) -> None:
    look = "dark-phone" if dark else "light"
    there.pages["/about"] = says(PAGE)
    there.pages["/slow"] = slow = Slow()
    async with served(gateway) as url, gateway.person(EMAIL):
        mine = await open_window(browser, pictures, dark=dark, size=PHONE if dark else None)
        await mine.sign_in(url, EMAIL, PASSWORD)
        page = mine.page
        button = page.get_by_role("button", name="Add a link")
        await button.click()
        field = page.get_by_label("Address of a page")
        await expect(field).to_be_focused()
        await field.fill("nonsense")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog", name="Add a link")).to_contain_text("“nonsense” is not an address")
        await mine.picture(f"link-{look}")
        await field.fill(f"{there.url}/about {there.url}/slow {there.url}/missing {there.url.replace('0.1:', '0.2:')}")
        await page.keyboard.press("Enter")
        files = page.get_by_role("list", name="Attached files").get_by_role("listitem")
        await expect(files).to_have_count(4)
        await expect(files.nth(0)).to_contain_text("Lines & tickets.html")
        await expect(files.nth(0)).to_contain_text("queued")
        await expect(files.nth(1)).to_contain_text("fetching")
        await expect(files.nth(2)).to_contain_text("answered with status 404")
        await expect(files.nth(3)).to_contain_text("Addresses of private networks")
        await mine.picture(f"links-{look}")
        slow.go_on.set()
        await expect(files.nth(1)).to_contain_text("queued")
        # What the browser itself tells of refusals is no fault of the page.
        assert all("422" in complaint for complaint in mine.complaints)
