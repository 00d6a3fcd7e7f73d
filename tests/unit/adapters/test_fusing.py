"""How keyword and dense scores become one similarity (ADR 19)."""

import pytest

from tokenline.adapters.vectors_shared import ATTACHMENT, OWNER, START, Hit, fuse


def hit(name: str, score: float) -> Hit:
    payload = {OWNER: "ann", ATTACHMENT: name, "name": name, "page": None, START: 0, "end": 1, "content": name}
    return Hit(payload, score)


def fused(*rankings: list[Hit], top_k: int = 9) -> dict[str, float]:
    return {passage.name: round(passage.similarity, 3) for passage in fuse("ann", rankings, top_k)}


def test_one_ranking_keeps_its_order_and_its_proportions():
    assert fused([hit("a", 8.0), hit("b", 2.0)]) == {"a": 1.0, "b": 0.25}


def test_two_are_averaged_and_the_first_in_both_is_1():
    words, meaning = [hit("a", 8.0), hit("b", 4.0)], [hit("a", 0.9), hit("c", 0.8), hit("b", 0.7)]
    assert fused(words, meaning) == {"a": 1.0, "b": 0.25, "c": 0.25}


@pytest.mark.parametrize("floor", [-0.9, 0.0, 0.8])
def test_what_a_model_gives_to_strangers_does_not_count(floor):
    words = [hit("a", 8.0), hit("b", 4.0)]
    meaning = [hit("b", floor + 0.1), hit("c", floor + 0.05), hit("d", floor)]
    assert fused(words, meaning) == {"b": 0.75, "a": 0.5, "c": 0.25, "d": 0.0}


def test_a_far_better_passage_stays_first_whatever_the_other_ranking_says():
    words = [hit("all the words", 20.0), hit("one of them", 2.0)]
    meaning = [hit("one of them", 0.52), hit("all the words", 0.51), hit("x", 0.4)]
    assert next(iter(fused(words, meaning))) == "all the words"


def test_candidates_that_are_all_alike_and_none_at_all():
    assert fused([hit("a", 1.0)], [hit("a", 0.5), hit("b", 0.5)]) == {"a": 0.5, "b": 0.0}
    assert fused([], [hit("a", 0.5)]) == {"a": 0.5}
    assert fused() == {}


def test_equal_ones_stand_in_order_and_no_more_than_asked():
    assert fused([hit("b", 1.0), hit("a", 1.0)], top_k=1) == {"a": 1.0}
