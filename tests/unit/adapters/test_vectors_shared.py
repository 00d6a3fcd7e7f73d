"""What both engines share: names, ids, the fusion of rankings and its scale."""

import pytest

from tokenline.adapters.vectors_shared import Hit, fuse, payload_of, point_id
from tokenline.contracts.errors import Misconfigured, NotFound
from tokenline.contracts.vectors import Layout
from tokenline.core.ports.vectors import Chunk


def chunk(start, attachment="a1"):
    return Chunk(attachment_id=attachment, name="a.txt", page=None, start=start, end=start + 5, content=f"text {start}")


def hit(start, score, owner="anna"):
    return Hit(payload_of(owner, chunk(start)), score)


def test_one_collection_per_embedding_model():
    assert Layout().collection == "tokenline-keyword"
    assert Layout(model="BAAI/bge-small-en v1.5", dimension=384).collection == "tokenline-baai-bge-small-en-v1-5-384"


def test_a_model_and_its_dimension_belong_together():
    with pytest.raises(Misconfigured):
        Layout(model="some-model")


def test_point_ids_depend_on_place_alone():
    assert point_id(chunk(1)) == point_id(chunk(1))
    assert len({point_id(chunk(1)), point_id(chunk(2)), point_id(chunk(1, "a2"))}) == 3


def test_one_ranking_keeps_its_order_and_is_scaled_by_its_best():
    hits = fuse("anna", [[hit(1, 8.0), hit(2, 4.0), hit(3, 0.0)]], 5)
    assert [(found.start, found.similarity) for found in hits] == [(1, 1.0), (2, 0.5), (3, 0.0)]


def test_good_in_both_beats_best_in_one():
    words = [hit(1, 9.0), hit(2, 8.0), hit(3, 7.0)]
    meaning = [hit(4, 0.9), hit(2, 0.8), hit(5, 0.1)]
    hits = fuse("anna", [words, meaning], 5)
    assert hits[0].start == 2
    assert [found.similarity for found in hits] == sorted((found.similarity for found in hits), reverse=True)
    assert hits[0].similarity < 1.0


def test_first_in_both_is_one():
    assert fuse("anna", [[hit(1, 3.0)], [hit(1, 0.2)]], 5)[0].similarity == pytest.approx(1.0)


def test_equal_ones_come_in_the_order_of_the_text():
    hits = fuse("anna", [[hit(7, 1.0), hit(3, 1.0)]], 5)
    assert [found.start for found in hits] == [3, 7]


def test_a_foreign_payload_never_leaves():
    with pytest.raises(NotFound):
        fuse("anna", [[hit(1, 1.0, owner="bert")]], 5)
