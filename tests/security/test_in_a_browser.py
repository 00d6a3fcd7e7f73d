"""B11, B12 in a real browser: what users and models write runs nothing, opens nothing and has nothing fetched."""

from msgspec.structs import replace
from playwright.async_api import Browser, expect

from tests.security.people import PASSWORD, Person
from tests.security.stage import Stage
from tests.support.browser import open_window
from tokenline.contracts.chat import Citation

SCRIPT = "<img/src=x/onerror=alert(1)>"
HOSTILE = (
    SCRIPT,
    "<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "![x](http://127.0.0.1:9/leak.png)",
    "[x](javascript:alert(1))",
    '<a/href="javascript:alert(1)">x</a>',
    '<iframe/src="http://127.0.0.1:9/frame"></iframe>',
    "<style>@import'http://127.0.0.1:9/style'</style>",
    '<link/rel="stylesheet"href="http://127.0.0.1:9/style">',
    '<video/src="http://127.0.0.1:9/film"autoplay></video>',
    '<form/action="http://127.0.0.1:9/form"><button/autofocus>x</button></form>',
    "$$\\href{javascript:alert(1)}{x}\\includegraphics{http://127.0.0.1:9/maths.png}$$",
    "<math><mtext><img/src=x/onerror=alert(1)></mtext></math>",
    "[x]:http://127.0.0.1:9/definition",
)
"""Without spaces: the puppet answers with the first word of its question, so each is said by model and user alike."""
MARK = "needle"


async def test_nothing_hostile_does_anything(house: Stage, browser: Browser) -> None:
    person = Person(house, "browser")
    conversation = person.post("/api/v1/chat/conversations", {"title": f"{SCRIPT} title"})["id"]
    # Each by itself, and all in the last answer, which is in sight.
    for word in (*HOSTILE, "·".join(HOSTILE)):
        body = {"content": f"{word} {MARK}\n\n{' '.join(HOSTILE)}", "conversation_id": conversation, "wait": True}
        answer = person.post("/api/v1/chat/messages", body)["ticket"]["answer"]
        assert word in answer["content"]
    file = (f"{SCRIPT}.html", f"<script>alert(1)</script>{MARK}".encode())
    added = person.http.post("/api/v1/attachments", files={"file": file})
    assert added.status_code == 201
    _cite(house, answer["id"], added.json()["id"])

    window = await open_window(browser, None)
    page, dialogs, foreign = window.page, list[str](), list[str]()
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    own = (house.gateway, "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(own) else foreign.append(asked.url))
    page.on("popup", lambda popup: foreign.append(popup.url))
    await window.sign_in(house.gateway, person.email, PASSWORD)
    await page.get_by_role("navigation", name="Conversations").get_by_text(f"{SCRIPT} title").first.click()
    await expect(page.get_by_role("log").get_by_text(MARK).last).to_be_visible(timeout=20_000)
    await page.get_by_label("Sources").get_by_role("button").last.click()
    await expect(page.get_by_role("dialog")).to_contain_text(SCRIPT)
    await page.keyboard.press("Escape")
    await page.get_by_label("Search conversations").fill(MARK)
    await expect(page.get_by_role("list", name="Found").get_by_role("link").first).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("log").get_by_text(MARK).last).to_be_visible(timeout=20_000)
    assert (dialogs, foreign, window.complaints) == ([], [], [])
    # Nothing of it became an element, either.
    hostile = "script:not([src]), [onerror], [onload], iframe, video, a[href^='javascript:'], img[src*='127.0.0.1:9']"
    assert await page.get_by_role("log").locator(hostile).count() == 0


def _cite(house: Stage, message_id: str, file_id: str) -> None:
    """As if the answer rested on a hostile file: no ingest runs on this stage."""
    cited = Citation(
        number=1,
        attachment_id=file_id,
        name=f"{SCRIPT}.html",
        page=1,
        start=0,
        end=9,
        passage=" ".join(HOSTILE),
        similarity=0.9,
        section=SCRIPT,
    )

    async def cite() -> None:
        message = await house.store.get_message(message_id)
        assert message is not None
        ticket = await house.store.get_ticket(message.ticket_id or "")
        assert ticket is not None
        touched = replace(ticket, version=ticket.version + 1)
        assert await house.store.replace_ticket(touched, replace(message, citations=(cited,)))

    house.run(cite())
