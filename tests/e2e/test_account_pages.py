"""One's account in a real browser: in by a provider, settings, other tabs, and gone for good."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import open_window
from tests.support.oidc import CALLBACK, CLIENT_ID, CLIENT_SECRET, OidcProvider
from tests.support.raw import all_of
from tests.support.system import System, free_port

PHONE = {"width": 390, "height": 844}
EMAIL = "ada@example.org"


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder


@pytest.fixture
def house(system: System) -> Iterator[System]:
    """A gateway, and a provider to sign in at."""
    system.ports["gateway-1"] = free_port()
    provider = OidcProvider(free_port(), system.url() + CALLBACK)
    provider.start()
    try:
        system.gateway(
            TOKENLINE_OIDC_ISSUER=provider.issuer,
            TOKENLINE_OIDC_CLIENT_ID=CLIENT_ID,
            TOKENLINE_OIDC_CLIENT_SECRET=CLIENT_SECRET,
            TOKENLINE_OIDC_LABEL="Example ID",
        )
        yield system
    finally:
        provider.stop()


async def _through_the_provider(page: Page, url: str, login: str) -> None:
    await page.goto(url)
    await page.get_by_role("link", name="Continue with Example ID").click()
    await page.locator("input[name=login]").fill(login)
    await page.locator("input[name=password]").fill("anything")
    await page.locator("button[type=submit]").click()
    await page.get_by_role("button", name="Continue").click()
    await page.wait_for_url(re.compile(re.escape(url)))


async def _settings(page: Page, section: str) -> None:
    await page.get_by_role("button", name=re.compile("ada@")).click()
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_role("tab", name=section).click()


async def test_in_by_a_provider_and_out_for_good(house: System, browser: Browser, pictures: Path | None) -> None:
    url = house.url()
    window = await open_window(browser, pictures)
    page = window.page
    await page.goto(url)
    await page.get_by_role("link", name="Continue with Example ID").wait_for()
    await window.picture("sign-in-provider")
    await _through_the_provider(page, url, "ada")
    await page.get_by_label("Your question").wait_for()
    assert page.url == f"{url}/", "nothing of the sign-in is left in the address"
    # The pages of the provider want fonts from elsewhere, and an icon that it does not have.
    assert [one for one in window.complaints if not one.startswith("Failed to load resource")] == []

    # It lasts over a reload and in another tab.
    await page.reload()
    await page.get_by_label("Your question").wait_for()
    other = await page.context.new_page()
    await other.goto(url)
    await other.get_by_label("Your question").wait_for()

    await _settings(page, "API keys")
    await page.get_by_label("Name").fill("nightly report")
    await page.get_by_role("button", name="Create key").click()
    key = await page.locator("code").inner_text()
    me = httpx2.get(f"{url}/api/v1/me", headers={"authorization": f"Bearer {key}"}).json()
    assert (me["email"], me["via"]) == (EMAIL, "api_key")
    await window.picture("settings-keys")
    await page.get_by_role("tab", name="Sign-ins").click()
    await expect(page.get_by_text("This one")).to_be_visible()
    await page.get_by_role("tab", name="Password").click()
    await page.get_by_label("New password").fill("a long password")
    await page.get_by_role("button", name="Set password").click()
    await expect(page.get_by_text("Your password was changed.")).to_be_visible()

    # Elsewhere, with the password: seen here, and ended from here.
    phone = await open_window(browser, pictures, dark=True, size=PHONE)
    await phone.sign_in(url, EMAIL, "a long password")
    await phone.page.get_by_label("Your question").wait_for()
    await page.get_by_role("tab", name="Sign-ins").click()
    await window.picture("settings-sign-ins")
    await page.get_by_role("button", name="Sign out everywhere else").click()
    await expect(phone.page.get_by_text("Your sign-in has expired")).to_be_visible(timeout=10_000)
    await phone.picture("sign-in-expired-phone-dark")
    await phone.sign_in(url, EMAIL, "a long password")
    await phone.page.get_by_label("Your question").wait_for()
    await phone.page.get_by_role("button", name="Conversations").first.click()
    await _settings(phone.page, "Delete account")
    await phone.picture("settings-delete-phone-dark")

    await page.get_by_role("tab", name="Delete account").click()
    remove = page.get_by_role("button", name="Delete my account")
    await expect(remove).to_be_disabled()
    await page.get_by_label(f"Type {EMAIL} to confirm").fill(EMAIL)
    await page.locator("input[name=password]").fill("a long password")
    await window.picture("settings-delete")
    await remove.click()
    await page.get_by_role("link", name="Continue with Example ID").wait_for()
    for gone in (other, phone.page):
        await gone.get_by_label("E-mail").wait_for(timeout=10_000)
    assert httpx2.get(f"{url}/api/v1/me", headers={"authorization": f"Bearer {key}"}).status_code == 401
    await _wait_until_forgotten(page, house, me["id"])


async def _wait_until_forgotten(page: Page, house: System, user_id: str) -> None:
    """A gateway does it once calls that were under way have ended: 10 s, and a sweep."""
    for _ in range(40):
        left = await all_of(f"sqlite:{house.folder / 'tokenline.db'}")
        if user_id not in left and EMAIL not in left:
            return
        await page.wait_for_timeout(1000)
    raise AssertionError("something is left of the account")
