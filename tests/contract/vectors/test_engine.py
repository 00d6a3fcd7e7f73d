"""What every engine does with its collections: side by side, and dropped alone."""

import pytest
from qdrant_client import AsyncQdrantClient

from tests.contract.vectors.conftest import HYBRID, WORDS
from tests.contract.vectors.test_vectors import ANNA, chunk, contents
from tokenline.adapters.engine_qdrant import QdrantEngine
from tokenline.contracts.errors import SearchUnavailable
from tokenline.core.ports.vectors import VectorEngine

# The client's local mode says that payload indexes do nothing there; the server's do.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning")


async def test_collections_stand_side_by_side(engine: VectorEngine) -> None:
    assert await engine.collections() == set()
    words, hybrid = await engine.index(WORDS), await engine.index(HYBRID)
    assert await engine.index(WORDS) is words
    assert await engine.collections() == {WORDS.collection, HYBRID.collection}
    await words.upsert(ANNA, [chunk("a1", "A pangolin.")], None)
    await hybrid.upsert(ANNA, [chunk("a1", "A bicycle.")], [[1, 0, 0]])
    assert await contents(words, ANNA, ["a1"], "pangolin bicycle") == ["A pangolin."]
    assert await contents(hybrid, ANNA, ["a1"], "pangolin bicycle") == ["A bicycle."]


async def test_one_that_is_dropped_leaves_the_others_and_says_so_to_whoever_has_it(engine: VectorEngine) -> None:
    words, hybrid = await engine.index(WORDS), await engine.index(HYBRID)
    await words.upsert(ANNA, [chunk("a1", "A pangolin.")], None)
    await hybrid.upsert(ANNA, [chunk("a1", "A pangolin.")], [[1, 0, 0]])
    for _ in range(2):
        await engine.drop(WORDS)
        assert await engine.collections() == {HYBRID.collection}
    with pytest.raises(SearchUnavailable):
        await words.search(ANNA, ["a1"], "pangolin", None, 5)
    assert await contents(hybrid, ANNA, ["a1"], "pangolin") == ["A pangolin."]
    assert await contents(await engine.index(WORDS), ANNA, ["a1"], "pangolin") == []


async def test_installations_that_share_a_server_see_nothing_of_each_other() -> None:
    server = AsyncQdrantClient(":memory:")
    ours, theirs = QdrantEngine(server), QdrantEngine(server, "other_house")
    for engine in (ours, theirs):
        assert await engine.collections() == set()
    await (await ours.index(WORDS)).upsert(ANNA, [chunk("a1", "A pangolin.")], None)
    await (await theirs.index(WORDS)).upsert(ANNA, [chunk("a1", "A bicycle.")], None)
    await theirs.index(HYBRID)
    assert await contents(await ours.index(WORDS), ANNA, ["a1"], "pangolin bicycle") == ["A pangolin."]
    assert await contents(await theirs.index(WORDS), ANNA, ["a1"], "pangolin bicycle") == ["A bicycle."]
    assert await ours.collections() == {WORDS.collection}
    assert await theirs.collections() == {WORDS.collection, HYBRID.collection}
    assert {one.name for one in (await server.get_collections()).collections} == {
        "tokenline-keyword",
        "other_house-keyword",
        "other_house-handmade-3",
    }
    await theirs.drop(WORDS)
    assert await contents(await ours.index(WORDS), ANNA, ["a1"], "pangolin bicycle") == ["A pangolin."]
    await ours.close()
