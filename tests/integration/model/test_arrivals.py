"""Answers that are read together: all comes, in order, and a connection ends and goes on as if it were read alone."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.integration.model.test_direct_transport import CHUNKED, Serve, Server
from tokenline.adapters.model_openai import OpenAIModel
from tokenline.adapters.model_openai.transport import DirectTransport
from tokenline.contracts.errors import AnswerIncomplete, ModelUnavailable
from tokenline.core.ports.model import ChatTurn, ModelEnd, ModelRequest, ModelText

REQUEST = ModelRequest(model="m", turns=(ChatTurn(role="user", content="?"),))
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def saying(text: str) -> bytes:
    return b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % text.encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Talk:
    """A server whose answer goes on when the test says so."""

    def __init__(self) -> None:
        self.writer: asyncio.StreamWriter
        self.asked = asyncio.Queue[None]()
        self.over = asyncio.Event()

    async def __call__(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.asked.put_nowait(None)
        await self.over.wait()
        self.over.clear()

    def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)


class Listener:
    """Asks, and collects what it is given."""

    def __init__(self, model: OpenAIModel) -> None:
        self.texts: list[str] = []
        self.end: ModelEnd | None = None
        self._news = asyncio.Event()
        self._model = model

    async def ask(self) -> None:
        async with self._model.stream(REQUEST, self._take) as events:
            async for event in events:
                if isinstance(event, ModelEnd):
                    self.end = event

    def _take(self, text: ModelText) -> None:
        self.texts.append(text.text)
        self._news.set()

    async def wait_for(self, number: int) -> None:
        async with asyncio.timeout(5):
            while len(self.texts) < number:
                await self._news.wait()
                self._news.clear()


class Reads:
    """Who reads what has arrived: only when the test says so."""

    def __init__(self, model: OpenAIModel) -> None:
        self._arrivals = model.arrivals
        self._news = asyncio.Event()
        model.arrivals.tell(self._news.set)

    async def wait(self) -> None:
        async with asyncio.timeout(5):
            await self._news.wait()
        self._news.clear()

    async def read(self) -> None:
        """Until something has come, and all that comes close behind."""
        found = False
        async with asyncio.timeout(5):
            while (more := self._arrivals.read()) or not found:
                found = found or more
                await asyncio.sleep(0.01)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    yield made
    made.close()


async def begun(server: Server, say: Serve) -> OpenAIModel:
    await server.start(say)
    return OpenAIModel(f"http://127.0.0.1:{server.port}/v1", "")


async def test_the_first_text_comes_at_once_and_the_rest_is_read_together(server):
    talk = Talk()
    model = await begun(server, talk)
    reads, listener = Reads(model), Listener(model)
    asking = asyncio.create_task(listener.ask(), name="ask")
    await talk.asked.get()
    talk.say(CHUNKED, chunk(saying("a")))
    await listener.wait_for(1)
    talk.say(chunk(saying("b")), chunk(saying("c")))
    await reads.wait()
    assert listener.texts == ["a"]
    model.arrivals.read()
    assert "".join(listener.texts) == "abc"
    talk.say(chunk(FINISH), b"0\r\n\r\n")
    await reads.read()
    async with asyncio.timeout(5):
        await asking
    assert listener.end is not None
    assert listener.end.finish_reason == "stop"
    await model.close()


async def test_the_connection_serves_the_next_answer_and_is_seen_to_be_closed(server):
    talk = Talk()
    model = await begun(server, talk)
    reads = Reads(model)
    for _ in range(3):
        listener = Listener(model)
        asking = asyncio.create_task(listener.ask(), name="ask")
        await talk.asked.get()
        talk.say(CHUNKED, chunk(saying("a")))
        await listener.wait_for(1)
        talk.say(chunk(saying("b")), chunk(FINISH), b"0\r\n\r\n")
        await reads.read()
        async with asyncio.timeout(5):
            await asking
        assert "".join(listener.texts) == "ab"
        talk.over.set()
    assert server.connections == 1
    await model.close()
    async with asyncio.timeout(5):
        await server.gone.wait()


async def test_the_end_of_the_connection_ends_a_body_without_length(server):
    talk = Talk()
    model = await begun(server, talk)
    reads, listener = Reads(model), Listener(model)
    asking = asyncio.create_task(listener.ask(), name="ask")
    await talk.asked.get()
    talk.say(b"HTTP/1.1 200 OK\r\n\r\n", saying("a"))
    await listener.wait_for(1)
    talk.say(saying("b"), FINISH.partition(b"data: [DONE]")[0])
    talk.writer.close()
    await reads.read()
    async with asyncio.timeout(5):
        await asking
    assert ("".join(listener.texts), listener.end is not None) == ("ab", True)
    await model.close()


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_an_answer_that_is_cut_off_is_not_whole(server, reset):
    talk = Talk()
    model = await begun(server, talk)
    reads, listener = Reads(model), Listener(model)
    asking = asyncio.create_task(listener.ask(), name="ask")
    await talk.asked.get()
    talk.say(b"HTTP/1.1 200 OK\r\n\r\n" if reset else CHUNKED, saying("a") if reset else chunk(saying("a")))
    await listener.wait_for(1)
    if reset:
        talk.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        talk.writer.transport.abort()
    else:
        talk.writer.close()
    await reads.read()
    with pytest.raises(AnswerIncomplete):
        async with asyncio.timeout(5):
            await asking
    assert listener.texts == ["a"]
    await model.close()


async def test_leaving_hangs_up_and_leaves_nothing_to_read(server):
    talk = Talk()
    model = await begun(server, talk)
    reads, listener = Reads(model), Listener(model)
    asking = asyncio.create_task(listener.ask(), name="ask")
    await talk.asked.get()
    talk.say(CHUNKED, chunk(saying("a")))
    await listener.wait_for(1)
    talk.say(chunk(saying("b")))
    await reads.wait()
    asking.cancel()
    await asyncio.wait([asking])
    talk.over.set()
    async with asyncio.timeout(5):
        await server.gone.wait()
    assert not model.arrivals.read()
    assert listener.texts == ["a"]
    await model.close()


async def test_a_connection_is_opened_ahead_and_serves_its_request(server):
    talk = Talk()
    model = await begun(server, talk)
    model.arrivals.tell(lambda: None)
    model.expect()
    await opened(server)
    for _ in range(2):
        listener = Listener(model)
        asking = asyncio.create_task(listener.ask(), name="ask")
        await talk.asked.get()
        talk.say(CHUNKED, chunk(saying("a")), chunk(FINISH), b"0\r\n\r\n")
        await listener.wait_for(1)
        model.arrivals.read()
        async with asyncio.timeout(5):
            await asking
        talk.over.set()
        model.expect()
    assert server.connections == 1
    await model.close()


async def test_a_request_waits_for_the_connection_that_is_being_opened(server):
    talk = Talk()
    model = await begun(server, talk)
    model.expect()
    listener = Listener(model)
    asking = asyncio.create_task(listener.ask(), name="ask")
    await talk.asked.get()
    talk.say(CHUNKED, chunk(saying("a")), chunk(FINISH), b"0\r\n\r\n")
    async with asyncio.timeout(5):
        await asking
    assert (listener.texts, server.connections) == (["a"], 1)
    await model.close()


async def opened(server: Server) -> None:
    async with asyncio.timeout(5):
        while not server.connections:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.001)


async def test_a_connection_that_nobody_uses_is_closed(server):
    model = await begun(server, Talk())
    model.expect()
    await opened(server)
    await model.close()
    async with asyncio.timeout(5):
        await server.gone.wait()


async def test_nothing_is_being_opened_after_the_end(server):
    model = await begun(server, Talk())
    model.expect()
    await model.close()
    assert "model.connect" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_a_connection_whose_request_is_cancelled_as_it_opens_is_not_lost(server):
    await server.start(Talk())
    transport = DirectTransport(idle_s=30)
    request = httpx2.Request("POST", f"http://127.0.0.1:{server.port}/")
    transport.expect(request)
    [opening] = next(iter(transport._opening.values()))
    asking = asyncio.create_task(transport.handle_async_request(request), name="ask")
    opening.add_done_callback(lambda _: asking.cancel())
    await asyncio.wait([asking])
    await opened(server)
    await transport.aclose()
    async with asyncio.timeout(5):
        await server.gone.wait()


async def test_that_it_cannot_be_opened_ahead_is_told_to_the_request(unused_tcp_port):
    model = OpenAIModel(f"http://127.0.0.1:{unused_tcp_port}/v1", "")
    model.expect()
    await asyncio.sleep(0)
    with pytest.raises(ModelUnavailable):
        await Listener(model).ask()
    await model.close()
