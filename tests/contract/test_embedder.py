"""Dense vectors from an OpenAI-compatible endpoint over real HTTP: order, batches, patience, refusals."""

import asyncio
import json
import time

import pytest
from aiohttp import web

from tokenline.adapters import embedder_openai
from tokenline.adapters.embedder_openai import BATCH, OpenAIEmbedder
from tokenline.contracts.errors import Misconfigured, SearchUnavailable


class Endpoint:
    def __init__(self):
        self.requests = []
        self.at = []
        self.status = 200
        self.refusals = []
        """Of the next requests: status and headers."""
        self.refuses = lambda texts: False
        self.url = ""

    async def embeddings(self, request):
        asked = json.loads(await request.read())
        self.requests.append(asked)
        self.at.append(time.monotonic())
        status, headers = self.refusals.pop(0) if self.refusals else (self.status, {})
        if status == 200 and self.refuses(asked["input"]):
            status = 400
        if status != 200:
            return web.json_response({"error": {"message": "no"}}, status=status, headers=headers)
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
    ("status", "error"),
    [
        (500, SearchUnavailable),
        (429, SearchUnavailable),
        (408, SearchUnavailable),
        (401, Misconfigured),
        (403, Misconfigured),
        (404, Misconfigured),
        (405, Misconfigured),
    ],
)
async def test_refusals_by_kind_and_without_hidden_retries(endpoint, embedder, status, error):
    endpoint.status = status
    with pytest.raises(error):
        await embedder.embed(["x"])
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_comes_back_when_the_endpoint_says_so(endpoint, embedder, status):
    endpoint.refusals = [(status, {"Retry-After": "0.3"})]
    assert await embedder.embed(["x"], tries=2) == [[1, 0]]
    assert endpoint.at[1] - endpoint.at[0] >= 0.3


async def test_until_then_nobody_asks_and_longer_than_a_minute_waits_the_caller(endpoint, embedder):
    endpoint.refusals = [(429, {"Retry-After": "86400"})]
    for text in ("x", "y"):
        with pytest.raises(SearchUnavailable) as error:
            await embedder.embed([text], tries=5)
        assert 200 < error.value.detail["retry_after_s"] <= 300
    assert len(endpoint.requests) == 1


async def test_only_the_batch_that_failed_is_asked_for_again(endpoint, embedder, monkeypatch):
    monkeypatch.setattr(embedder_openai, "delay_s", lambda *_: 0.0)
    endpoint.refusals = [(200, {}), (500, {}), (500, {})]
    vectors = await embedder.embed(["x"] * (BATCH + 1), tries=3)
    assert len(vectors) == BATCH + 1
    assert len(endpoint.requests) == 4
    endpoint.refusals = [(500, {})] * 3
    with pytest.raises(SearchUnavailable):
        await embedder.embed(["x"], tries=3)
    assert len(endpoint.requests) == 7


async def test_what_the_model_refuses_is_found_shortened_or_left_out_and_the_rest_embedded(endpoint, embedder):
    endpoint.refuses = lambda texts: any(len(text) > 300 or "!" in text for text in texts)
    texts = ["x" * n for n in range(1, BATCH + 1)]
    texts[7], texts[40], texts[41] = "y" * 1000, "!" * 900, "z" * 301
    vectors = await embedder.embed(texts)
    assert [index for index, vector in enumerate(vectors) if vector is None] == [40]
    assert [vectors[index][0] for index in (7, 41)] == [250, 150]
    assert [vector[0] for index, vector in enumerate(vectors) if index not in (7, 40, 41)] == [
        len(text) for index, text in enumerate(texts) if index not in (7, 40, 41)
    ]
    assert len(endpoint.requests) < 40


async def test_too_many_at_once_are_learnt_not_to_be_asked_for(endpoint, embedder):
    endpoint.refuses = lambda texts: len(texts) > 32
    assert None not in await embedder.embed(["x"] * BATCH)
    before = len(endpoint.requests)
    assert None not in await embedder.embed(["x"] * BATCH)
    assert [len(asked["input"]) for asked in endpoint.requests[before:]] == [32, 32]


async def test_an_endpoint_that_refuses_everything_is_a_matter_for_its_operator(endpoint, embedder):
    endpoint.refuses = lambda texts: True
    with pytest.raises(Misconfigured):
        await embedder.embed(["x"] * BATCH)
    assert len(endpoint.requests) == 2


async def test_nobody_there():
    embedder = OpenAIEmbedder("http://127.0.0.1:9/v1", "handmade")
    with pytest.raises(SearchUnavailable):
        await asyncio.wait_for(embedder.embed(["x"]), 10)
    await embedder.close()
