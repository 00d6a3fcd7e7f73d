"""What is done on one device shows on the others, at once and at any gateway (C1, C2, C9, S4)."""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, expect

from deploy.local.rabbitmq import NodeHandle
from tests.support.browser import open_window
from tests.support.chat import Chat, Frame, chat
from tests.support.system import ADMIN, System, shared_system

CONVERSATIONS = "/api/v1/chat/conversations"
SAYS = '{"say": "A place in the line."}'


@pytest.fixture(scope="module")
def two(broker_node: NodeHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with shared_system(broker_node, tmp_path_factory.mktemp("devices")) as system:
        system.scripted_model()
        system.worker()
        system.gateway(1)
        system.gateway(2)
        yield system


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder: Path | None = request.config.getoption("--screenshots")
    return folder


class Device:
    """Listens at the second gateway to what is done at the first, and writes down how long that took."""

    def __init__(self, socket: Chat) -> None:
        self.socket = socket
        self.took: list[float] = []

    async def sees(self, done: Callable[[], Any], news: Callable[[Frame], bool]) -> Frame:
        """``done`` is told of by a frame that comes after it."""
        known = len(self.socket.other)
        began = time.monotonic()
        await asyncio.to_thread(done)
        await self.socket.until(lambda: any(map(news, self.socket.other[known:])))
        self.took.append(time.monotonic() - began)
        return next(filter(news, self.socket.other[known:]))

    async def sees_conversation(self, done: Callable[[], Any], **fields: Any) -> Frame:
        def news(frame: Frame) -> bool:
            told = frame.get("conversation", {}) | {"deleted": frame.get("deleted")}
            return frame["type"] == "conversation" and all(told[name] == value for name, value in fields.items())

        return await self.sees(done, news)


def answered(client: httpx2.Client, content: str = SAYS, **fields: Any) -> dict[str, Any]:
    """The answer to a question, once there is one."""
    asked = client.post("/api/v1/chat/messages", json={"content": content, "wait": True, **fields})
    answer: dict[str, Any] = asked.json()["ticket"]["answer"]
    return answer


async def test_every_change_is_told_at_the_other_gateway(two: System) -> None:
    email = "every@example.org"
    with two.client(email) as client:
        async with chat(two, email, gateway="gateway-2") as socket, chat(two, email) as own:
            device = Device(socket)
            made = await device.sees_conversation(lambda: client.post(CONVERSATIONS, json={}), title="")
            place = f"{CONVERSATIONS}/{made['conversation']['id']}"
            await device.sees_conversation(lambda: client.patch(place, json={"title": "Mine"}), title="Mine")
            await device.sees_conversation(lambda: client.patch(place, json={"archived": True}), archived=True)
            await device.sees_conversation(lambda: client.patch(place, json={"archived": False}), archived=False)
            await device.sees_conversation(
                lambda: client.patch(place, json={"follow_up": "reject"}), follow_up="reject"
            )

            answer = await asyncio.to_thread(answered, client, conversation_id=made["conversation"]["id"])
            seq, rate = answer["seq"], f"/api/v1/chat/messages/{answer['id']}/feedback"
            await device.sees_conversation(
                lambda: client.put(f"{place}/read", json={"seq": seq}), read_seq=seq, answer_seq=seq, title="Mine"
            )
            said = {"rating": "down", "reasons": ["incomplete"], "comment": "And then?"}
            rated = await device.sees(
                lambda: client.put(rate, json=said), lambda frame: frame["type"] == "feedback" and frame["feedback"]
            )
            assert rated["message_id"] == answer["id"]
            assert rated["feedback"] | said == rated["feedback"]
            await device.sees(
                lambda: client.delete(rate), lambda frame: frame["type"] == "feedback" and not frame["feedback"]
            )
            await asyncio.to_thread(
                answered, client, conversation_id=made["conversation"]["id"], instead_of=answer["parent_id"]
            )
            path = {"message_id": answer["id"]}
            await device.sees_conversation(lambda: client.put(f"{place}/path", json=path), leaf_id=answer["id"])
            told = len(socket.other)
            await own.send(type="typing", conversation_id=made["conversation"]["id"])
            await socket.until(lambda: any(frame["type"] == "typed" for frame in socket.other[told:]))
            await device.sees_conversation(lambda: client.delete(place), deleted=True)
    print(f"\nseen elsewhere after {statistics.median(device.took):.3f} s, at worst {max(device.took):.3f} s")
    assert statistics.median(device.took) < 1.0


async def test_a_conversation_is_named_after_its_first_exchange_unless_its_user_was_faster(two: System) -> None:
    email = "named@example.org"
    with two.client(email) as client:
        async with chat(two, email, gateway="gateway-2") as socket:
            device = Device(socket)
            named = await device.sees_conversation(
                lambda: answered(client, '{"say": "# What a ticket is\\n\\nA place."}'), title="What a ticket is"
            )
            assert named["conversation"]["title_from"] == "exchange"
            mine = client.post(CONVERSATIONS, json={"title": "Mine", "initial_message": SAYS}).json()
            assert (mine["title"], mine["title_from"]) == ("Mine", "user")
            answered(client, '{"say": "# Not mine\\n\\nA place."}', conversation_id=mine["id"])
            # Whatever is told of it by now, and of one that was named later.
            await device.sees_conversation(
                lambda: answered(client, '{"say": "# The last one\\n\\nA place."}'), title="The last one"
            )
            assert client.get(f"{CONVERSATIONS}/{mine['id']}").json()["title"] == "Mine"


async def test_somebody_elses_conversation_is_not_read_nor_typed_in(two: System) -> None:
    with two.client("owner@example.org") as owner, two.client("other@example.org") as other:
        answer = answered(owner)
        place = f"{CONVERSATIONS}/{answer['conversation_id']}"
        assert other.put(f"{place}/read", json={"seq": answer["seq"]}).status_code == 404
        async with chat(two, "owner@example.org") as victim, chat(two, "other@example.org") as socket:
            told = len(victim.other)
            for kind in ("typing", "read"):
                await socket.send(type=kind, conversation_id=answer["conversation_id"], **_seq(kind, answer))
            await socket.until(lambda: [f["type"] for f in socket.other].count("error") == 2)
            refused = [frame for frame in socket.other if frame["type"] == "error"]
            assert [frame["error"]["code"] for frame in refused] == ["not_found"] * 2
            assert [frame["refused"]["type"] for frame in refused] == ["typing", "read"]
            assert {frame["refused"]["conversation_id"] for frame in refused} == {answer["conversation_id"]}
            await victim.send(type="ping", id=1)
            await victim.until(lambda: victim.other[-1]["type"] == "pong")
            assert [frame["type"] for frame in victim.other[told:]] == ["pong"]
        assert owner.get(place).json()["read_seq"] == 0


def _seq(kind: str, answer: dict[str, Any]) -> dict[str, int]:
    return {"seq": answer["seq"]} if kind == "read" else {}


async def read_by_an_administrator(two: System, browser: Browser, pictures: Path | None) -> None:
    two.admin()
    admin = await open_window(browser, pictures)
    await admin.sign_in(two.url("admin"), *ADMIN)
    await admin.page.get_by_role("tab", name="Feedback").click()
    await expect(admin.page.get_by_role("list", name="Feedback")).to_contain_text("Which line?")
    await admin.picture("admin-feedback")
    assert admin.complaints == []


async def test_two_devices_in_a_browser(two: System, browser: Browser, pictures: Path | None) -> None:
    email = "ada@example.org"
    desk = await open_window(browser, pictures)
    other = await open_window(browser, pictures, dark=True)
    await desk.register(two.url("gateway-1"), email)
    await other.sign_in(two.url("gateway-2"), email, "a long password")
    sidebar = other.page.get_by_role("navigation", name="Conversations").first
    with two.client(email) as program:
        # Asked by a program, so that nobody looks at the answer when it comes.
        answer = await asyncio.to_thread(answered, program)
    for window in (desk, other):
        await expect(window.page.get_by_role("img", name="Answer ready").first).to_be_visible()
        await expect(window.page).to_have_title("(1) Tokenline")
    await other.picture("chat-unread")
    await desk.page.goto(f"{two.url('gateway-1')}/chat/{answer['conversation_id']}")
    await expect(desk.page.get_by_text("A place in the line.").last).to_be_visible()
    await expect(other.page.get_by_role("img", name="Answer ready")).to_have_count(0)
    await expect(other.page).to_have_title("Tokenline")

    await other.page.goto(f"{two.url('gateway-2')}/chat/{answer['conversation_id']}")
    bad = other.page.get_by_role("button", name="Bad answer")
    await expect(bad).to_have_attribute("aria-pressed", "false")
    await desk.page.get_by_role("button", name="Bad answer").click()
    await desk.page.get_by_role("button", name="Something is missing").click()
    await desk.picture("chat-feedback")
    await desk.page.get_by_label("Comment").fill("Which line?")
    await desk.page.get_by_role("button", name="Send feedback").click()
    await expect(bad).to_have_attribute("aria-pressed", "true")
    await read_by_an_administrator(two, browser, pictures)
    await desk.page.get_by_label("Your question").press_sequentially("And the")
    await expect(other.page.get_by_text("You are typing on another device")).to_be_visible()
    await other.picture("chat-typing")
    await expect(other.page.get_by_text("You are typing on another device")).to_have_count(0, timeout=10_000)

    script = "<img src=x onerror=alert(1)>"
    with two.client(email) as program:
        place = f"{CONVERSATIONS}/{answer['conversation_id']}"
        program.patch(place, json={"title": script})
        await expect(sidebar.get_by_text(script)).to_be_visible()
        await expect(other.page.get_by_role("heading", name=script)).to_be_visible()
        program.delete(place)
        await expect(sidebar.get_by_text(script)).to_have_count(0)
    assert desk.complaints == []
    assert other.complaints == []
