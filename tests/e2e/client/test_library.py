"""The Python client against real gateways: one story for the caller, whatever happens to the connection."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.e2e.client.conftest import PASSWORD, email_of
from tests.support.relay import Relay
from tests.support.system import System
from tokenline.client import (
    Accepted,
    AsyncTokenline,
    Cancelled,
    Chat,
    Complete,
    Event,
    FeedbackReason,
    Processing,
    Queued,
    Rating,
    Text,
    Tokenline,
    Unreachable,
    UploadProgress,
    errors,
    link,
)
from tokenline.contracts.errors import NotFound, NotSignedIn, TooLate, Unsupported, WrongCredentials

LONG = '{"tokens": 150, "per_second": 50}'
WHOLE = "".join(f"w{number} " for number in range(150))


def told(events: list[Event]) -> str:
    """The text that the events amount to, judged as strictly as a caller may: no gap, no repeat."""
    text, attempt = "", 0
    for event in events:
        if isinstance(event, Text):
            assert event.attempt == attempt or not text
            assert event.offset == len(text), "a gap or a repeat"
            attempt, text = event.attempt, text + event.text
    return text


async def stored(client: AsyncTokenline, ticket_id: str | None) -> str:
    view = await client.tickets.get(ticket_id or "")
    assert view.answer is not None
    return view.answer.content


async def test_one_question_is_one_story(client: AsyncTokenline) -> None:
    async with client.connect() as chat:
        stream = chat.send('{"say": "a place in the line"}')
        events = [event async for event in stream]
    kinds = [type(event) for event in events]
    assert kinds[0] is Accepted
    assert [kinds.count(kind) for kind in (Accepted, Processing, Complete)] == [1, 1, 1]
    assert kinds.count(Queued) <= 1
    last = events[-1]
    assert isinstance(last, Complete)
    assert told(events) == last.message.content == stream.text == "a place in the line"
    assert last.message.content == await stored(client, stream.ticket_id)


async def test_ask_waits_and_conversations_remember(client: AsyncTokenline) -> None:
    answer = await client.ask('{"say": "one"}')
    again = await client.ask('{"say": "two"}', conversation_id=answer.conversation_id)
    assert (answer.text, again.text, again.stopped) == ("one", "two", False)
    assert again.usage is not None
    page = await client.conversations.messages(answer.conversation_id)
    assert [message.content for message in page.items] == ['{"say": "one"}', "one", '{"say": "two"}', "two"]
    renamed = await client.conversations.update(answer.conversation_id, title="A name")
    assert [c.title for c in (await client.conversations.list()).items] == [renamed.title] == ["A name"]
    await client.conversations.delete(answer.conversation_id)
    with pytest.raises(NotFound):
        await client.conversations.get(answer.conversation_id)
    [pool] = await client.queue_status()
    assert (pool.pool, pool.slots, pool.workers) == ("default", 2, 1)
    assert [agent.id for agent in await client.agents()] == ["assistant"]


async def test_stop_keeps_the_text_so_far(client: AsyncTokenline) -> None:
    async with client.connect() as chat:
        stream = chat.send('{"tokens": 2000, "per_second": 50}')
        events: list[Event] = []
        async for event in stream:
            events.append(event)
            if isinstance(event, Text):
                await stream.stop()
        assert isinstance(events[-1], Cancelled)
        assert told(events) == stream.text == await stored(client, stream.ticket_id)
        # Before anybody accepted it, it is stopped as soon as somebody has.
        hasty = chat.send('{"tokens": 2000, "per_second": 50}')
        await hasty.stop()
        assert (await hasty.answer()).stopped


async def test_waiting_questions_are_edited_until_it_is_too_late(client: AsyncTokenline) -> None:
    async with client.connect() as chat:
        busy = [chat.send('{"tokens": 2000, "per_second": 50}') for _ in range(2)]
        for stream in busy:
            async for event in stream:
                if isinstance(event, Processing):
                    break
        stream = chat.send('{"say": "first thought"}')
        assert (await stream.edit('{"say": "second thought"}')).content == '{"say": "second thought"}'
        for running in busy:
            await running.stop()
        assert (await stream.answer()).text == "second thought"
        with pytest.raises(TooLate):
            await stream.edit("x")


async def test_f40_a_killed_gateway_is_left_for_the_next(line: System, key: str) -> None:
    states: list[str] = []
    async with AsyncTokenline([line.url("gateway-1"), line.url("gateway-2")], api_key=key) as client:
        async with client.connect(on_state=states.append) as chat:
            streams = [chat.send(LONG), chat.send(LONG)]
            stories: list[list[Event]] = [[], []]
            async for event in streams[0]:
                stories[0].append(event)
                if len(streams[0].text) > 40:
                    break
            line.kill("gateway-1")
            for stream, story in zip(streams, stories, strict=True):
                story += [event async for event in stream]
        assert states == ["open", "reconnecting", "open", "closed"]
        for stream, story in zip(streams, stories, strict=True):
            assert told(story) == WHOLE
            assert digest(stream.text) == digest(await stored(client, stream.ticket_id))
            assert [type(event) for event in story].count(Accepted) == 1
    await asyncio.to_thread(line.gateway, 1)


async def test_cut_at_random_moments_it_is_still_one_story(line: System, key: str) -> None:
    dice = random.Random(4)
    async with Relay(line.ports["gateway-1"]) as one, Relay(line.ports["gateway-2"]) as two:
        async with AsyncTokenline([one.url, two.url], api_key=key) as client, client.connect() as chat:
            stream = chat.send(LONG)
            reading = asyncio.create_task(read(stream.__aiter__()))
            while not reading.done():
                await asyncio.wait([reading], timeout=dice.uniform(0.0, 0.3))
                one.cut()
                two.cut()
                await until_open(chat, reading)
        assert told(reading.result()) == WHOLE
        assert one.links > 1
        assert two.links > 1


async def test_f45_a_lost_accept_is_asked_again_and_is_the_same_ticket(line: System, key: str) -> None:
    async with (
        AsyncTokenline(line.url("gateway-2"), api_key=key) as witness,
        Relay(line.ports["gateway-1"]) as relay,
        AsyncTokenline(relay.url, api_key=key) as client,
        client.connect() as chat,
    ):
        relay.swallow()
        stream = chat.send('{"say": "once"}')
        async with asyncio.timeout(20):
            while not (found := (await witness.conversations.list()).items):  # noqa: ASYNC110 -- another process
                await asyncio.sleep(0.05)
        assert stream.ticket_id is None
        relay.cut()
        relay.restore()
        assert (await stream.answer()).text == "once"
        messages = (await witness.conversations.messages(found[0].id)).items
        assert [message.content for message in messages] == ['{"say": "once"}', "once"]
        assert messages[0].ticket_id == stream.ticket_id
        assert len((await witness.conversations.list()).items) == 1


async def test_s8_a_silent_connection_is_given_up(line: System, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert link.PING_S + link.PONG_S + link.CLOSE_S <= 30
    for name, seconds in (("PING_S", 0.2), ("PONG_S", 0.3), ("CLOSE_S", 0.1)):
        monkeypatch.setattr(link, name, seconds)
    async with Relay(line.ports["gateway-1"]) as dead, Relay(line.ports["gateway-2"]) as alive:
        async with AsyncTokenline([dead.url, alive.url], api_key=key) as client, client.connect() as chat:
            stream = chat.send(LONG)
            story = [await anext(stream) for _ in range(3)]
            dead.swallow()
            async with asyncio.timeout(30):
                story += [event async for event in stream]
        assert told(story) == WHOLE
        assert alive.links == 1


async def test_another_program_goes_on_from_the_cursor(line: System, client: AsyncTokenline, key: str) -> None:
    async with client.connect() as chat:
        first = chat.send(LONG)
        story: list[Event] = []
        async for event in first:
            story.append(event)
            if isinstance(event, Text):
                break
    async with AsyncTokenline(line.url("gateway-2"), api_key=key) as other, other.connect() as chat:
        rest = await chat.resume(first.ticket_id or "", *first.cursor)
        story += [event async for event in rest]
        assert told(story) == WHOLE
        assert (await rest.answer()).text == WHOLE
        finished = await chat.resume(first.ticket_id or "")
        assert (await finished.answer()).text == WHOLE
        with pytest.raises(NotFound):
            await chat.resume("0198c000-0000-7000-8000-000000000000")


async def test_follow_tells_what_is_asked_elsewhere(line: System, client: AsyncTokenline) -> None:
    conversation = await client.conversations.create()
    async with client.follow(conversation.id) as watch, client.connect() as chat:
        stream = chat.send('{"say": "for all to see"}', conversation_id=conversation.id)
        seen: list[Event] = []
        async for event in watch:
            assert not isinstance(event, Exception)
            seen.append(event)  # type: ignore[arg-type] # no ticket fails here
            if isinstance(event, Complete):
                break
        assert told(seen) == (await stream.answer()).text == "for all to see"


async def test_a_question_longer_than_a_frame(client: AsyncTokenline) -> None:
    question = '{"say": "long"}' + " " * 100_000
    async with client.connect() as chat:
        stream = chat.send(question)
        assert (await stream.answer()).text == "long"


async def test_files_are_sent_read_and_named(client: AsyncTokenline, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_text("The heron stands in the shallow water.\n" * 20_000)
    told_of: list[UploadProgress] = []
    attachment = await client.upload(file, on_progress=told_of.append)
    assert (attachment.state, attachment.name) == ("indexed", "report.txt")
    sent = [progress.sent_bytes for progress in told_of]
    assert sent == sorted(sent)
    assert sent[-1] == file.stat().st_size
    assert len({progress.state for progress in told_of}) > 1
    link = await client.link(attachment.id)
    async with httpx2.AsyncClient() as anybody:
        assert (await anybody.get(link.url)).content == file.read_bytes()
    broken = tmp_path / "broken.bin"
    broken.write_bytes(bytes(range(256)) * 8)
    with pytest.raises(Unsupported):
        await client.upload(broken)


async def test_email_and_password_are_a_sign_in(line: System, key: str, request: pytest.FixtureRequest) -> None:
    email = email_of(request)
    async with AsyncTokenline(line.url(), email=email, password=PASSWORD) as client:
        assert (await client.ask('{"say": "me"}')).text == "me"
        # Refused once, as after a restart with another key: a fresh one is got, and nobody notices.
        client._credentials._pair = None  # type: ignore[attr-defined]
        assert (await client.ask('{"say": "me again"}')).text == "me again"
    async with AsyncTokenline(line.url(), email=email, password="not this one") as client:
        with pytest.raises(WrongCredentials):
            await client.ask("x")


async def test_what_cannot_work_says_so(line: System) -> None:
    async with AsyncTokenline(line.url(), api_key="tl_wrong") as client:
        with pytest.raises(NotSignedIn):
            await client.queue_status()
        with pytest.raises(NotSignedIn):
            async with client.connect():
                pass
    async with AsyncTokenline("http://127.0.0.1:9", api_key="tl_any", connect_s=0.5) as client:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
            await client.ask("x")
        with pytest.raises(Unreachable):
            await client.agents()
    # Something that is no gateway.
    async with AsyncTokenline(line.url("model"), api_key="tl_any") as client:
        with pytest.raises(errors.WrongGateway):
            await client.ask("x")


def test_the_client_without_a_loop(line: System, key: str) -> None:
    with Tokenline(line.url(), api_key=key) as client, client.connect() as chat:
        stream = chat.send('{"say": "plain python"}')
        events = list(stream)
        assert told(events) == "plain python" == stream.text
        assert (stream.ticket_id, events[0].ticket_id) == (events[-1].ticket_id, stream.ticket_id)
        endless = chat.send('{"tokens": 2000, "per_second": 50}')
        for event in endless:
            if isinstance(event, Text):
                endless.stop()
        assert endless.answer().stopped
        again = chat.resume(stream.ticket_id or "")
        assert again.answer().text == client.ask('{"say": "plain python"}').text
        assert len(client.conversations.list().items) == 3
        with pytest.raises(NotFound):
            client.tickets.get("0198c000-0000-7000-8000-000000000000")


async def read(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


async def until_open(chat: Chat, reading: "asyncio.Task[list[Event]]") -> None:
    async with asyncio.timeout(20):
        while chat.state != "open" and not reading.done():  # noqa: ASYNC110 -- the client tells states, not events
            await asyncio.sleep(0.01)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def test_an_answer_is_rated_and_read_and_its_conversation_named(client: AsyncTokenline) -> None:
    answer = await client.ask('{"say": "Well said."}')
    [_, message] = (await client.conversations.messages(answer.conversation_id)).items
    said = await client.answers.rate(message.id, Rating.DOWN, reasons=[FeedbackReason.STYLE], comment="Too short.")
    assert (said.rating, said.reasons, said.comment) == ("down", ("style",), "Too short.")
    [_, rated] = (await client.conversations.messages(answer.conversation_id)).items
    assert rated.feedback == said
    await client.answers.unrate(message.id)
    [_, unrated] = (await client.conversations.messages(answer.conversation_id)).items
    assert unrated.feedback is None
    unread = await client.conversations.get(answer.conversation_id)
    assert unread.answer_seq == message.seq > unread.read_seq
    assert (await client.conversations.read_up_to(answer.conversation_id, message.seq)).read_seq == message.seq
    with pytest.raises(NotFound):
        await client.answers.rate("nobody's", Rating.UP)
