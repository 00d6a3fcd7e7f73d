"""A connection is opened before its request is there: it serves that request, and is never left behind."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.integration.model.test_direct_transport import EVENT, Server, saying
from tokenline.adapters.model_openai import OpenAIModel
from tokenline.adapters.model_openai.transport import DirectTransport
from tokenline.contracts.errors import ModelUnavailable
from tokenline.core.ports.model import ChatTurn, ModelRequest, ModelText

REQUEST = ModelRequest(model="m", turns=(ChatTurn(role="user", content="?"),))
BODY = EVENT + b"data: [DONE]\n\n"
SAID = saying(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(BODY), BODY)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    yield made
    made.close()


async def begun(server: Server) -> OpenAIModel:
    await server.start(SAID)
    return OpenAIModel(f"http://127.0.0.1:{server.port}/v1", "")


async def answer(model: OpenAIModel) -> str:
    texts: list[str] = []
    async with asyncio.timeout(5), model.stream(REQUEST) as events:
        async for event in events:
            if isinstance(event, ModelText):
                texts.append(event.text)
    return "".join(texts)


async def opened(server: Server) -> None:
    async with asyncio.timeout(5):
        while not server.connections:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.001)


async def test_a_connection_is_opened_ahead_and_serves_its_request(server):
    model = await begun(server)
    model.expect()
    await opened(server)
    for _ in range(2):
        assert await answer(model) == "Hi"
        model.expect()
    assert server.connections == 1
    await model.close()


async def test_a_request_waits_for_the_connection_that_is_being_opened(server):
    model = await begun(server)
    model.expect()
    assert (await answer(model), server.connections) == ("Hi", 1)
    await model.close()


async def test_a_connection_that_nobody_uses_is_closed(server):
    model = await begun(server)
    model.expect()
    await opened(server)
    await model.close()
    async with asyncio.timeout(5):
        await server.gone.wait()


async def test_nothing_is_being_opened_after_the_end(server):
    model = await begun(server)
    model.expect()
    await model.close()
    assert "model.connect" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_a_connection_whose_request_is_cancelled_as_it_opens_is_not_lost(server):
    await server.start(SAID)
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
        await answer(model)
    await model.close()
