"""Dense vectors from an OpenAI-compatible endpoint over real HTTP: order, batches, refusals."""

import asyncio
import json

import pytest
from aiohttp import web

from tokenline.adapters.embedder_openai import BATCH, OpenAIEmbedder
from tokenline.contracts.errors import Misconfigured, SearchUnavailable


class Endpoint:
    def __init__(self):
        self.requests = []
        self.status = 200
        self.url = ""

    async def embeddings(self, request):
        asked = json.loads(await request.read())
        self.requests.append(asked)
        if self.status != 200:
            return web.json_response({"error": {"message": "no"}}, status=self.status)
        data = [
            {"object": "embedding", "index": n, "embedding": [len(text), n]} for n, text in enumerate(asked["input"])
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return web.json_response({"object": "list", "data": data[::-1], "model": asked["model"], "usage": usage})


@pytest.fixture
async def endpoint():
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_post("/v1/embeddings", endpoint.embeddings)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield endpoint
    await runner.cleanup()


@pytest.fixture
async def embedder(endpoint):
    embedder = OpenAIEmbedder(endpoint.url, "handmade")
    yield embedder
    await embedder.close()


async def test_one_vector_per_text_in_order_whatever_the_batches(endpoint, embedder):
    texts = ["x" * n for n in range(BATCH * 2 + 3)]
    vectors = await embedder.embed(texts)
    assert [vector[0] for vector in vectors] == list(range(BATCH * 2 + 3))
    assert sorted(len(asked["input"]) for asked in endpoint.requests) == [3, BATCH, BATCH]
    assert await embedder.embed([]) == []


@pytest.mark.parametrize(
    ("status", "error"), [(500, SearchUnavailable), (429, SearchUnavailable), (401, Misconfigured)]
)
async def test_refusals_by_kind_and_without_hidden_retries(endpoint, embedder, status, error):
    endpoint.status = status
    with pytest.raises(error):
        await embedder.embed(["x"])
    assert len(endpoint.requests) == 1


async def test_nobody_there():
    embedder = OpenAIEmbedder("http://127.0.0.1:9/v1", "handmade")
    with pytest.raises(SearchUnavailable):
        await asyncio.wait_for(embedder.embed(["x"]), 10)
    await embedder.close()
