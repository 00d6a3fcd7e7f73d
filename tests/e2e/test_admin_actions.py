"""An administrator at work in a real browser, and what the people in the line see of it.

``--screenshots DIR`` keeps pictures.
"""

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.support.browser import Window, open_window
from tests.support.chat import Chat, chat
from tests.support.system import ADMIN, System
from tokenline.core.retry import ATTEMPTS

FOR_LONG = '{"tokens": 4000, "per_second": 20}'
SHORT = '{"say": "one two three", "per_second": 20}'
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder


@pytest.fixture
def one_slot(system: System) -> System:
    system.scripted_model()
    system.worker(slots=1)
    system.gateway()
    system.admin()
    return system


class Desk:
    """The dashboard in an administrator's browser."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.page = window.page

    @property
    def rows(self) -> Locator:
        return self.page.get_by_role("table", name="The line").get_by_role("row").filter(has_text="@")

    async def choose(self, user: str, item: str) -> None:
        await self.page.get_by_role("button", name=f"Actions for {user}").click()
        await self.page.get_by_role("menuitem", name=item).click()

    async def order(self, *users: str) -> None:
        await expect(self.rows).to_have_text([re.compile(re.escape(user)) for user in users])

    async def opens(self, tab: str) -> None:
        await self.page.get_by_role("tab", name=tab).click()

    async def audit(self) -> list[str]:
        await self.opens("Audit")
        entries = self.page.get_by_role("list", name="Audit").get_by_role("listitem")
        await expect(entries.first).to_be_visible()
        return [" ".join(text.split()) for text in await entries.all_inner_texts()]


async def desk_of(
    system: System, browser: Browser, pictures: Path | None, *, dark: bool = False, size: dict[str, int] | None = None
) -> Desk:
    window = await open_window(browser, pictures, dark=dark, size=size)
    await window.sign_in(system.url("admin"), *ADMIN)
    await expect(window.page.get_by_role("table", name="The line")).to_be_visible(timeout=15_000)
    return Desk(window)


async def running(person: Chat, question: str = FOR_LONG) -> str:
    """Has a slot until it is told to stop."""
    ticket = await person.ask(question, "m1")
    await person.until(lambda: "processing" in person.tickets[ticket].kinds)
    return ticket


async def test_the_last_is_put_first_and_the_others_are_told(
    one_slot: System, browser: Browser, pictures: Path | None
) -> None:
    async with AsyncExitStack() as stack:
        people = {}
        tickets = {}

        async def comes(name: str, question: str) -> None:
            people[name] = person = await stack.enter_async_context(chat(one_slot, f"{name}@example.org"))
            tickets[name] = await person.ask(question, "m1")

        await comes("ann", FOR_LONG)
        await people["ann"].until(lambda: "processing" in people["ann"].tickets[tickets["ann"]].kinds)
        await comes("bob", SHORT)
        cyd = await open_window(browser, pictures)
        await cyd.register(one_slot.url(), "cyd@example.org")
        await cyd.ask(SHORT)
        place = cyd.page.get_by_label("Your place in line")
        await expect(place).to_contain_text("ahead of you")
        await comes("dan", SHORT)
        await comes("eve", SHORT)
        desk = await desk_of(one_slot, browser, pictures)
        await desk.order("ann", "bob", "cyd", "dan", "eve")

        await desk.page.get_by_role("button", name="Actions for eve@example.org").click()
        await desk.window.picture("actions-menu")
        await desk.page.get_by_role("menuitem", name="Move to the front").click()
        await desk.order("ann", "eve", "bob", "cyd", "dan")
        await expect(place).to_contain_text("1 priority message went ahead")
        await desk.window.picture("actions-bumped")
        await cyd.picture("actions-told")

        # Once more is once: the page says why nothing moves.
        await desk.choose("eve@example.org", "Move to the front")
        await expect(desk.page.get_by_role("alert").filter(has_text="as far in front")).to_be_visible()
        await desk.choose("bob@example.org", "Move to the back")
        await desk.order("ann", "eve", "cyd", "dan", "bob")

        served: list[str] = []

        async def wait(name: str) -> None:
            person, ticket = people[name], tickets[name]
            await person.until(lambda: "processing" in person.tickets[ticket].kinds)
            served.append(name)
            await person.ended(ticket)

        await people["ann"].send(type="cancel", ticket_id=tickets["ann"])
        await asyncio.gather(*(wait(name) for name in ("bob", "dan", "eve")))
        assert served == ["eve", "dan", "bob"]
        await expect(cyd.page.get_by_text("one two three")).not_to_have_count(0)
    assert await desk.audit() != []
    shown = await desk.audit()
    assert [("Move to the" in line, "eve@" in line or "bob@" in line) for line in shown] == [(True, True)] * 3
    assert [line.split()[-1] for line in shown] == ["done", "unchanged", "done"]
    await desk.window.picture("actions-audit")
    assert desk.window.complaints == []
    assert cyd.complaints == []


async def test_a_pool_is_paused_and_goes_on(one_slot: System, browser: Browser, pictures: Path | None) -> None:
    desk = await desk_of(one_slot, browser, pictures)
    await desk.page.get_by_role("button", name="Pause default").click()
    await expect(desk.page.get_by_text("Paused", exact=True)).to_be_visible()
    cyd = await open_window(browser, pictures)
    await cyd.register(one_slot.url(), "cyd@example.org")
    await cyd.ask(SHORT)
    await expect(cyd.page.get_by_label("Your place in line")).to_contain_text("aused by an administrator")
    await expect(desk.rows).to_contain_text(["Paused by an administrator"])
    await desk.window.picture("actions-paused")
    assert one_slot.model_stats()["requests"] == 0

    await desk.page.get_by_role("button", name="Resume default").click()
    await expect(cyd.page.get_by_text("one two three")).not_to_have_count(0)
    await expect(desk.page.get_by_text("Paused", exact=True)).to_be_hidden()
    assert desk.window.complaints == []
    assert cyd.complaints == []


async def test_a_dead_letter_is_retried_and_answered(one_slot: System, browser: Browser, pictures: Path | None) -> None:
    person = await open_window(browser, pictures)
    await person.register(one_slot.url(), "cyd@example.org")
    await person.ask(f'{{"status": 500, "faults": {ATTEMPTS}, "say": "answered at last"}}')
    await expect(person.page.get_by_role("button", name="Try again")).to_be_visible(timeout=60_000)

    desk = await desk_of(one_slot, browser, pictures)
    await desk.page.get_by_role("button", name="1 dead letter").click()
    letter = desk.page.get_by_role("list", name="Dead letters").get_by_role("listitem")
    await expect(letter).to_contain_text("cyd@example.org")
    await expect(letter).to_contain_text(f"{ATTEMPTS} attempts")
    await expect(letter).to_be_in_viewport()
    await expect(desk.page.get_by_role("banner")).to_be_in_viewport(ratio=1)
    await desk.window.picture("actions-dead-letter")
    await letter.get_by_role("button", name="Retry").click()
    await expect(letter).to_have_count(0)
    await expect(person.page.get_by_text("answered at last").last).to_be_visible(timeout=20_000)
    await expect(person.page.get_by_role("button", name="Try again")).to_be_hidden()
    await expect(desk.page.get_by_role("tab", name="Dead letters")).to_contain_text("0")
    assert one_slot.model_stats()["requests"] == ATTEMPTS + 1
    # The same after a reload: one question, one answer.
    await person.page.reload()
    await expect(person.page.get_by_text("answered at last").last).to_be_visible()
    await person.picture("actions-answered")
    assert desk.window.complaints == []
    assert person.complaints == []


async def test_cancelling_by_keyboard_and_draining(one_slot: System, browser: Browser, pictures: Path | None) -> None:
    desk = await desk_of(one_slot, browser, pictures)
    keys = desk.page.keyboard
    async with chat(one_slot, "ann@example.org") as ann:
        ticket = await running(ann)
        menu = desk.page.get_by_role("button", name="Actions for ann@example.org")
        await menu.focus()
        await keys.press("Enter")
        await expect(desk.page.get_by_role("menuitem")).to_have_text(["Cancel…"])
        await keys.press("Enter")
        dialog = desk.page.get_by_role("alertdialog")
        await expect(dialog).to_contain_text("ann@example.org")
        await desk.window.picture("actions-cancel")
        await keys.press("Escape")
        await expect(dialog).to_be_hidden()
        await menu.focus()
        await keys.press("Enter")
        await keys.press("Enter")
        await expect(dialog).to_be_visible()
        await keys.press("Tab")
        await keys.press("Enter")
        await ann.ended(ticket)
        assert ann.tickets[ticket].kinds[-1] == "cancelled"

        await desk.page.get_by_role("button", name="Drain worker-1").click()
        await dialog.get_by_role("button", name="Drain it").click()
        await expect(desk.page.get_by_text("draining")).to_be_visible()
        waiting = await ann.ask(SHORT, "m2")
        await ann.until(lambda: "queued" in ann.tickets[waiting].kinds)
        one_slot.worker(number=2)
        await ann.ended(waiting)
    assert desk.window.complaints == []


@pytest.mark.parametrize(("dark", "size"), [(False, PHONE), (True, None)], ids=["phone", "dark"])
async def test_everything_has_its_place(
    one_slot: System, browser: Browser, pictures: Path | None, dark: bool, size: dict[str, int] | None
) -> None:
    async with AsyncExitStack() as stack:
        ann = await stack.enter_async_context(chat(one_slot, "ann@example.org"))
        ticket = await running(ann)
        for name in ("bob", "cyd"):
            person = await stack.enter_async_context(chat(one_slot, f"{name}@example.org"))
            await person.ask(SHORT, "m1")
        desk = await desk_of(one_slot, browser, pictures, dark=dark, size=size)
        await desk.order("ann", "bob", "cyd")
        # On a phone the table is wider than the screen; its menus stay where a thumb finds them.
        menu = desk.page.get_by_role("button", name="Actions for cyd@example.org")
        await menu.scroll_into_view_if_needed()
        box = await menu.bounding_box()
        width = (size or {"width": 1280})["width"]
        assert box is not None
        assert 0 < box["x"] < width - box["width"]
        await desk.choose("cyd@example.org", "Move to the front")
        await desk.order("ann", "cyd", "bob")
        await desk.page.get_by_role("button", name="Pause default").click()
        await expect(desk.page.get_by_role("button", name="Resume default")).to_be_visible()
        kind = "dark" if dark else "phone"
        await desk.window.picture(f"actions-{kind}")
        for tab in ("Truth", "Audit"):
            await desk.opens(tab)
            await desk.page.get_by_role("tabpanel").scroll_into_view_if_needed()
            await expect(desk.page.get_by_role("tabpanel")).to_contain_text("default")
            await desk.window.picture(f"actions-{kind}-{tab.lower()}")
        wide = await desk.page.evaluate("document.scrollingElement.scrollWidth")
        assert wide <= width, "the page itself scrolls sideways"
        await ann.send(type="cancel", ticket_id=ticket)
        await ann.ended(ticket)
    assert desk.window.complaints == []
