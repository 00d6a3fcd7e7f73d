"""R4: another embedding model is taken up under running searches; killed, the rebuild goes on where it was."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from qdrant_client import AsyncQdrantClient

from services.ingest.chunk import CUT
from tests.support.ingest import Ingest
from tokenline.adapters.engine_qdrant import QdrantEngine
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.vectors import IndexState, Layout

# The client's local mode says that payload indexes do nothing there; the server's do.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning")

DIMENSIONS = {"old": 3, "new": 4}
OLD, NEW = (Layout(model=model, dimension=length, cut=CUT) for model, length in DIMENSIONS.items())


class Endpoint:
    """Vectors of letters. What the new model is asked about "slow" waits until `go`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.unknown: set[str] = set()
        self.slow = asyncio.Event()
        self.go = asyncio.Event()
        self.url = ""

    async def embeddings(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        model, texts = asked["model"], asked["input"]
        if model in self.unknown:
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        self.asked += [(model, text) for text in texts]
        if model == "new" and any("slow" in text for text in texts):
            self.slow.set()
            await self.go.wait()
        vectors = [[1.0 + text.count(letter) for letter in "aeio"[: DIMENSIONS[model]]] for text in texts]
        data = [{"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(vectors)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return web.json_response({"object": "list", "data": data, "model": model, "usage": usage})


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_post("/v1/embeddings", endpoint.embeddings)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield endpoint
    endpoint.go.set()
    await runner.cleanup()


@pytest.fixture(params=["edge"])
def house(request, tmp_path, amqp_url, endpoint, monkeypatch):
    """The service, set to a model, on each engine."""
    monkeypatch.setattr("services.ingest.rebuild.AT_A_TIME", 1)
    monkeypatch.setattr("services.ingest.rebuild.LOOK_S", 0.05)
    monkeypatch.setattr("services.ingest.rebuild.PATIENCE_S", 0.05)
    if request.param == "qdrant":

        def engine(_):
            return QdrantEngine(AsyncQdrantClient(path=str(tmp_path / "qdrant")))

        monkeypatch.setattr("services.ingest.__main__.open_engine", engine)

    def opened(model: str) -> Ingest:
        dimension = DIMENSIONS[model]
        return Ingest(
            tmp_path, amqp_url, embedding_url=endpoint.url, embedding_model=model, embedding_dimension=dimension
        )

    return opened


async def uploaded(ingest: Ingest, conversation, *texts: str) -> list[Attachment]:
    files = []
    for text in texts:
        files.append(await ingest.upload(text.encode(), f"{text.split()[1]}.txt", conversation))
        assert (await ingest.ended(files[-1])).state is AttachmentState.INDEXED
    return files


async def found(ingest: Ingest, conversation, query: str) -> list[str]:
    return [hit.content for hit in await ingest.search(conversation, query)]


async def forget(ingest: Ingest, file: Attachment) -> None:
    own = {"owner_id": "ann", "attachment_ids": [file.id]}
    assert (await ingest.http.post("/delete", json=own)).status_code == 204


async def stored(ingest: Ingest) -> IndexState:
    state = await ingest.deps.store.index_state()
    assert state is not None
    return state


async def switched(ingest: Ingest, conversation, query: str) -> None:
    """Search all the while: there is always an answer."""
    async with asyncio.timeout(60):
        while (state := await stored(ingest)).filling is not None or state.dropping:
            assert await found(ingest, conversation, query)
            await asyncio.sleep(0.01)
    assert (state.current.layout, state.filling) == (NEW, None)


@pytest.mark.parametrize("house", ["edge", "qdrant"], indirect=True)
async def test_another_model_under_running_searches_killed_in_the_middle(house, endpoint):
    async with house("old") as ingest:
        conversation = await ingest.conversation()
        done, slow, gone = await uploaded(ingest, conversation, "A pangolin.", "A slow bicycle.", "An aubergine.")
    async with house("new") as ingest:
        await asyncio.wait_for(endpoint.slow.wait(), 60)
        assert ingest.deps.vectors.state.current.layout == OLD
        ready = await ingest.http.get("/readyz")
        assert ready.json()["notes"] == {"index": "Filling the index of new (4 dimensions): 0 of 3 files."}
        assert "tokenline_index_files_left 3.0" in (await ingest.http.get("/metrics")).text
        assert "A pangolin." in await found(ingest, conversation, "pangolin")
        assert endpoint.asked[-1] == ("old", "pangolin")
        (late,) = await uploaded(ingest, conversation, "A lighthouse.")
        assert "A lighthouse." in await found(ingest, conversation, "lighthouse")
        for file in (done, gone):
            await forget(ingest, file)
            await ingest.deps.store.delete_attachment(file.id)
        assert "A pangolin." not in await found(ingest, conversation, "pangolin")
        state = await stored(ingest)
        assert (state.current.layout, state.wanted.layout) == (OLD, NEW)  # not before it is whole
        done_before = [text for model, text in endpoint.asked if model == "new"]
    async with house("new") as ingest:
        endpoint.go.set()
        await switched(ingest, conversation, "bicycle")
        assert await ingest.deps.vectors._engine.collections() == {NEW.collection}
        assert "A slow bicycle." in await found(ingest, conversation, "bicycle")
        assert endpoint.asked[-1] == ("new", "bicycle")
        everything = await ingest.deps.vectors.opening("ann", [f.id for f in (done, slow, gone, late)], 10)
        assert [hit.content for hit in everything] == ["A slow bicycle.", "A lighthouse."]
    for text in ("A pangolin.", "A lighthouse."):  # not done anew
        assert done_before.count(text) == [text for model, text in endpoint.asked if model == "new"].count(text) == 1
    assert ("new", "An aubergine.") not in endpoint.asked


async def test_deleted_while_it_is_written_it_is_in_neither(house, endpoint):
    async with house("old") as ingest:
        conversation = await ingest.conversation()
        slow, other = await uploaded(ingest, conversation, "A slow bicycle.", "A pangolin.")
    async with house("new") as ingest:
        await asyncio.wait_for(endpoint.slow.wait(), 60)
        await forget(ingest, slow)  # its row goes last
        endpoint.go.set()
        await switched(ingest, conversation, "pangolin")
        everything = await ingest.deps.vectors.opening("ann", [slow.id, other.id], 10)
        assert [hit.content for hit in everything] == ["A pangolin."]


async def test_where_the_former_model_is_gone_words_serve_until_the_switch(house, endpoint):
    async with house("old") as ingest:
        conversation = await ingest.conversation()
        await uploaded(ingest, conversation, "A slow bicycle.", "A pangolin.")
    endpoint.unknown.add("old")
    async with house("new") as ingest:
        await asyncio.wait_for(endpoint.slow.wait(), 60)
        assert await found(ingest, conversation, "pangolin") == ["A pangolin."]
        await uploaded(ingest, conversation, "A lighthouse.")
        assert await found(ingest, conversation, "lighthouse") == ["A lighthouse."]
        endpoint.go.set()
        await switched(ingest, conversation, "pangolin")
        assert "A lighthouse." in await found(ingest, conversation, "lighthouse")
