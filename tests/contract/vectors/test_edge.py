"""What only the embedded engine has: a folder that belongs to one process."""

import asyncio
import shutil

import pytest

from tests.contract.vectors.test_vectors import chunk
from tokenline.adapters.vectors_edge import EdgeVectors
from tokenline.contracts.errors import Misconfigured, SearchUnavailable
from tokenline.contracts.vectors import Layout


async def test_a_second_process_is_told_what_to_do(tmp_path):
    first, second = EdgeVectors(tmp_path, Layout()), EdgeVectors(tmp_path, Layout())
    await first.open()
    with pytest.raises(Misconfigured, match="QDRANT_URL"):
        await second.open()
    await first.close()
    await second.open()
    await second.close()


async def test_a_half_made_index_is_made_again(tmp_path):
    half = tmp_path / f"{Layout().collection}.new" / "segments"
    half.mkdir(parents=True)
    index = EdgeVectors(tmp_path, Layout())
    await index.open()
    await index.close()
    assert not half.exists()


async def test_a_broken_folder_is_named(tmp_path):
    broken = tmp_path / Layout().collection
    broken.mkdir()
    (broken / "edge_config.json").write_text("{")
    index = EdgeVectors(tmp_path, Layout())
    with pytest.raises(Misconfigured, match=Layout().collection):
        await index.open()
    await index.close()


async def test_before_opening(tmp_path):
    index = EdgeVectors(tmp_path, Layout())
    with pytest.raises(SearchUnavailable):
        await index.search("anna", ["a1"], "word", None, 5)
    await index.close()


async def test_what_a_killed_process_wrote_is_there_before_it_is_settled(tmp_path):
    """What the kernel has of the folder at that moment is what the next process finds."""
    killed, following = EdgeVectors(tmp_path / "1", Layout()), EdgeVectors(tmp_path / "2", Layout())
    await killed.open()
    await killed.upsert("anna", [chunk("a1", f"Sentence number {n}.", start=100 * n) for n in range(100)], None)
    shutil.copytree(tmp_path / "1", tmp_path / "2")
    await killed.close()
    await following.open()
    assert len(await following.opening("anna", ["a1"], 200)) == 100
    await following.close()


async def test_searches_go_between_the_batches_of_a_large_file(tmp_path):
    index = EdgeVectors(tmp_path, Layout())
    await index.open()
    large = [chunk("a1", f"Sentence number {n} of a large file.", start=100 * n) for n in range(2000)]
    writing = asyncio.create_task(index.upsert("anna", large, None))
    await asyncio.sleep(0)
    await index.search("anna", ["a1"], "sentence", None, 5)
    assert not writing.done()
    await writing
    await index.close()
