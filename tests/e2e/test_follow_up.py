"""Editing, withdrawing and following up as programs meet them: sockets and REST, against real processes."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.support.chat import Chat, Frame, chat
from tests.support.system import System

STREAMS = '{"tokens": 4000, "per_second": 50}'
STALLS = '{"say": "wait for it, and then for more of it", "per_second": 0.1}'
CONVERSATIONS = "/api/v1/chat/conversations"


@pytest.fixture
def one_slot(system: System) -> System:
    system.scripted_model()
    system.worker(slots=1)
    system.gateway()
    return system


def saying(text: str) -> str:
    """A question that is answered with this text at once."""
    return f'{{"say": "{text}"}}'


def conversation_of(person: Chat, ticket: str) -> str:
    conversation: str = person.tickets[ticket].frames[0]["conversation_id"]
    return conversation


def heard(person: Chat, kind: str) -> list[Frame]:
    return [frame for frame in person.other if frame["type"] == kind]


async def runs(person: Chat, ticket: str) -> None:
    await person.until(lambda: "processing" in person.tickets[ticket].kinds)


def stored(client: httpx2.Client, conversation: str) -> list[tuple[str, str, str]]:
    """Role, text and status of every message."""
    items = client.get(f"{CONVERSATIONS}/{conversation}/messages").json()["items"]
    return [(item["role"], item["content"], item["status"]) for item in items]


def refusal(answer: httpx2.Response) -> tuple[int, str, dict[str, Any]]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["detail"]


# ── editing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_edit_keeps_the_place_and_every_tab_hears_of_it(one_slot: System) -> None:
    async with (
        chat(one_slot, "ada@example.org") as ada,
        chat(one_slot, "bob@example.org") as bob,
        chat(one_slot, "bob@example.org") as tab,
        chat(one_slot, "eve@example.org") as eve,
    ):
        running = await ada.ask(STALLS, "m1")
        await runs(ada, running)
        ahead = await ada.ask(saying("ahead"), "m2")
        mine = await bob.ask(saying("first thought"), "m1")
        behind = await eve.ask(saying("behind"), "m1")
        await eve.until(lambda: eve.tickets[behind].positions[-1:] == [2])
        for number in range(5):
            await bob.send(type="edit", ticket_id=mine, content=saying(f"thought {number}"))
            await bob.until(lambda number=number: len(heard(bob, "edited")) > number)
        with one_slot.client("bob@example.org") as client:
            seen = client.get(f"/api/v1/chat/tickets/{mine}").json()
            assert (seen["state"], seen["position"]) == ("queued", 1)
        await tab.until(lambda: len(heard(tab, "edited")) == 5)
        await ada.send(type="cancel", ticket_id=running)
        await asyncio.gather(ada.ended(running, ahead), bob.ended(mine), eve.ended(behind))

    last = heard(tab, "edited")[-1]
    assert (last["ticket_id"], last["message"]["content"]) == (mine, saying("thought 4"))
    assert bob.tickets[mine].text == "thought 4"
    for person, ticket in ((bob, mine), (eve, behind)):
        positions = person.tickets[ticket].positions
        assert positions == sorted(positions, reverse=True), "an edit cost somebody a place"
    asked = [record["text"] for record in one_slot.model_stats()["records"]]
    assert asked == [STALLS, saying("ahead"), saying("thought 4"), saying("behind")]


async def test_an_edit_that_races_the_claim_is_asked_or_refused_never_both(one_slot: System) -> None:
    """Fifty edits around the moment of the claim: what the model was asked is what the conversation says."""
    delay_s, won = 0.0, 0
    tickets: dict[int, str] = {}
    async with chat(one_slot) as person:
        for number in range(50):
            tickets[number] = ticket = await person.ask(saying(f"{number} old"), f"m{number}")
            before = len(person.other)
            await asyncio.sleep(delay_s)
            await person.send(type="edit", ticket_id=ticket, content=saying(f"{number} new"))
            await person.until(lambda ticket=ticket, before=before: _verdict(person.other[before:], ticket))
            await person.ended(ticket)
            edited = _verdict(person.other[before:], ticket) == "edited"
            won += edited
            # Follows the claim, so that every edit comes within a millisecond or two of it.
            delay_s = max(0.0, delay_s + (0.001 if edited else -0.001))
            word = "new" if edited else "old"
            assert person.tickets[ticket].text == f"{number} {word}"
        with one_slot.client() as client:
            for number, ticket in tickets.items():
                question, answer = stored(client, conversation_of(person, ticket))
                assert question[1] == saying(person.tickets[ticket].text)
                assert answer == ("assistant", person.tickets[ticket].text, "complete"), number
    asked = [record["text"] for record in one_slot.model_stats()["records"]]
    assert asked == [saying(person.tickets[ticket].text) for ticket in tickets.values()]
    assert 0 < won < 50, "the race was not run: all edits came on the same side of the claim"


def _verdict(frames: list[Frame], ticket: str) -> str | None:
    """``edited`` or ``too_late``, once the edit of this ticket was answered."""
    for frame in frames:
        if frame["type"] == "edited" and frame["ticket_id"] == ticket:
            return "edited"
        if frame["type"] == "error" and frame["error"]["detail"].get("ticket_id") == ticket:
            code: str = frame["error"]["code"]
            return code
    return None


async def test_an_edit_over_rest_is_answered_in_full_or_refused_with_the_reason(one_slot: System) -> None:
    async with chat(one_slot) as person:
        running = await person.ask(STALLS, "m1")
        await runs(person, running)
        waiting = await person.ask(saying("old"), "m2", conversation_id=conversation_of(person, running))
        place, late = f"/api/v1/chat/tickets/{waiting}", f"/api/v1/chat/tickets/{running}"
        with one_slot.client() as client, one_slot.client("eve@example.org") as stranger:
            done = client.patch(place, json={"content": saying("new")})
            assert done.status_code == 200
            assert done.json()["message"]["content"] == saying("new")
            assert (done.json()["ticket"]["state"], done.json()["ticket"]["reason"]) == ("held", "earlier_message")
            assert refusal(client.patch(place, json={"content": " "}))[:2] == (400, "bad_request")
            assert refusal(client.patch(place, json={"content": "x" * 200_000}))[:2] == (413, "too_large")
            assert refusal(stranger.patch(place, json={"content": "mine"}))[:2] == (404, "not_found")
            detail = {"ticket_id": running, "state": "processing"}
            status, code, told = refusal(client.patch(late, json={"content": "too late"}))
            assert (status, code) == (409, "too_late")
            assert told in (detail, detail | {"state": "streaming"})
            await person.send(type="cancel", ticket_id=running)
            await person.ended(running, waiting)
            ended = {"ticket_id": waiting, "state": "complete"}
            assert refusal(client.patch(place, json={"content": "x"})) == (409, "too_late", ended)
            kept = stored(client, conversation_of(person, running))
            assert ("user", saying("new"), "sent") in kept
            assert kept[-1] == ("assistant", "new", "complete")


async def test_a_conversation_named_after_its_question_is_named_after_the_edited_one(one_slot: System) -> None:
    async with chat(one_slot, "ada@example.org") as ada, chat(one_slot, "bob@example.org") as bob:
        await runs(ada, await ada.ask(STALLS, "m1"))
        with one_slot.client("bob@example.org") as client:
            empty = client.post(CONVERSATIONS, json={}).json()["id"]
            mine = await bob.ask("How tall is Mont Blanc?", "m1", conversation_id=empty)
            await bob.until(lambda: _title(bob) == "How tall is Mont Blanc?")
            await bob.send(type="edit", ticket_id=mine, content="How tall is the Matterhorn?")
            await bob.until(lambda: _title(bob) == "How tall is the Matterhorn?")
            assert client.get(f"{CONVERSATIONS}/{empty}").json()["title"] == "How tall is the Matterhorn?"


def _title(person: Chat) -> str | None:
    frames = heard(person, "conversation")
    return frames[-1]["conversation"]["title"] if frames else None


# ── following up ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_choice_is_stored_told_to_every_tab_and_survives_a_restart(one_slot: System) -> None:
    async with chat(one_slot) as tab:
        with one_slot.client() as client:
            made = client.post(CONVERSATIONS, json={"title": "Mine"}).json()
            assert made["follow_up"] == "queue"
            place = f"{CONVERSATIONS}/{made['id']}"
            assert client.patch(place, json={"follow_up": "interrupt"}).json()["follow_up"] == "interrupt"
            assert client.patch(place, json={"title": "Still mine"}).json()["follow_up"] == "interrupt"
            assert refusal(client.patch(place, json={"follow_up": "shout"}))[0] == 422
            await tab.until(lambda: _title(tab) == "Still mine")
            assert heard(tab, "conversation")[-1]["conversation"]["follow_up"] == "interrupt"
    one_slot.kill("gateway-1")
    one_slot.gateway()
    with one_slot.client() as client:
        [kept] = client.get(CONVERSATIONS).json()["items"]
        assert (kept["title"], kept["follow_up"]) == ("Still mine", "interrupt")


async def test_interrupting_keeps_the_text_so_far_and_answers_the_newest(one_slot: System) -> None:
    async with chat(one_slot) as person:
        first = await person.ask(STREAMS, "m1")
        conversation = conversation_of(person, first)
        await person.until(lambda: len(person.tickets[first].text) > 20)
        elsewhere = await person.ask(saying("elsewhere"), "other")
        # Asked while it was to wait: it is interrupted as well, although it never began.
        second = await person.ask(saying("second"), "m2", conversation_id=conversation)
        await person.until(lambda: "held" in person.tickets[second].kinds)
        with one_slot.client() as client:
            client.patch(f"{CONVERSATIONS}/{conversation}", json={"follow_up": "interrupt"})
            third = await person.ask(saying("third"), "m3", conversation_id=conversation)
            await person.ended(first, second, third, elsewhere)
            kept = stored(client, conversation)
            # The same message once more is the same ticket, and interrupts nothing.
            again = {"content": saying("third"), "client_message_id": "m3", "conversation_id": conversation}
            assert client.post("/api/v1/chat/messages", json=again).json()["ticket"]["id"] == third
    ends = [person.tickets[ticket].kinds[-1] for ticket in (first, second, third, elsewhere)]
    assert ends == ["cancelled", "cancelled", "complete", "complete"]
    answers = [(text, status) for role, text, status in kept if role == "assistant"]
    assert sorted(answers, key=lambda answer: answer[1]) == [
        (person.tickets[first].text, "cancelled"),
        ("third", "complete"),
    ]
    asked = [record["text"] for record in one_slot.model_stats()["records"]]
    assert sorted(asked) == sorted([STREAMS, saying("third"), saying("elsewhere")])


async def test_of_many_that_interrupt_at_once_the_newest_is_answered(one_slot: System) -> None:
    one_slot.gateway(2)
    async with chat(one_slot) as here, chat(one_slot, gateway="gateway-2") as there:
        with one_slot.client() as client:
            for number in range(10):
                await _interrupt_at_once(here, there, client, number)


async def _interrupt_at_once(here: Chat, there: Chat, client: httpx2.Client, number: int) -> None:
    first = await here.ask(STREAMS, f"{number}.0")
    conversation = conversation_of(here, first)
    await runs(here, first)
    client.patch(f"{CONVERSATIONS}/{conversation}", json={"follow_up": "interrupt"})
    senders = dict(zip([f"{number}.{follow_up}" for follow_up in range(1, 6)], [here, there] * 3, strict=False))
    for name, person in senders.items():
        await person.send(type="send", content=saying(name), client_message_id=name, conversation_id=conversation)
    for name, person in senders.items():
        await person.until(lambda name=name, person=person: name in person.by_message)
    newest = [text for role, text, _ in stored(client, conversation) if role == "user"][-1]
    [(name, sender)] = [(name, sender) for name, sender in senders.items() if saying(name) == newest]
    ticket = sender.by_message[name]
    await sender.ended(ticket)
    assert sender.tickets[ticket].kinds[-1] == "complete", "an older question interrupted the newest"
    await here.ended(first)
    assert here.tickets[first].kinds[-1] == "cancelled"


async def test_refusing_stores_nothing_and_says_so(one_slot: System) -> None:
    async with chat(one_slot) as person:
        first = await person.ask(STALLS, "m1")
        conversation = conversation_of(person, first)
        await runs(person, first)
        with one_slot.client() as client:
            client.patch(f"{CONVERSATIONS}/{conversation}", json={"follow_up": "reject"})
            second = {"content": saying("second"), "client_message_id": "m2", "conversation_id": conversation}
            assert refusal(client.post("/api/v1/chat/messages", json=second)) == (409, "busy", {})
            await person.send(type="send", **second)
            await person.until(lambda: heard(person, "error"))
            [refused] = heard(person, "error")
            assert (refused["error"]["code"], refused["client_message_id"]) == ("busy", "m2")
            assert [message[1] for message in stored(client, conversation)] == [STALLS]
            # What was accepted before stays accepted: repeating it is no follow-up.
            again = {"content": STALLS, "client_message_id": "m1", "conversation_id": conversation}
            assert client.post("/api/v1/chat/messages", json=again).json()["ticket"]["id"] == first
            await person.send(type="cancel", ticket_id=first)
            await person.ended(first)
            # The refusal did not use up the message's id.
            accepted = await person.ask(second["content"], "m2", conversation_id=conversation)
            await person.ended(accepted)
            assert person.tickets[accepted].text == "second"
