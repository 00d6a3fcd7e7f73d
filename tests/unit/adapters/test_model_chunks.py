"""However the bytes of an answer are cut, the same text comes out, and what is no answer is told apart."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenline.adapters.model_openai.chunks import MAX_LINE_BYTES, AnswerReader
from tokenline.contracts.errors import (
    AnswerIncomplete,
    ModelOverloaded,
    ModelRejected,
    ModelUnavailable,
    TokenlineError,
)
from tokenline.contracts.tickets import Usage

ROLE = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5, "details": {"cached": 1}}}
DONE = b"data: [DONE]\n\n"


def content(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}


def sse(*chunks: dict[str, Any], ascii: bool = True) -> bytes:
    return b"".join(f"data: {json.dumps(chunk, ensure_ascii=ascii)}\n\n".encode() for chunk in chunks)


def read(*pieces: bytes) -> tuple[AnswerReader, str, int]:
    reader = AnswerReader()
    texts = [text for piece in pieces if (text := reader.feed(piece))]
    last = reader.end()
    texts += [last] if last else []
    return reader, "".join(t.text for t in texts), sum(t.tokens for t in texts)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=6),
    st.lists(st.integers(0, 10_000), max_size=12),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.booleans(),
)
def test_any_cut_of_the_bytes_gives_the_same_answer(texts, places, newline, ascii):
    body = sse(ROLE, *map(content, texts), FINISH, USAGE, ascii=ascii) + DONE
    reader, text, tokens = read(*cut(body.replace(b"\n", newline), places))
    assert text == "".join(texts)
    assert tokens == len(texts)
    assert reader.finish_reason == "stop"
    assert reader.usage == Usage(prompt_tokens=3, completion_tokens=5)
    assert reader.done


def test_chunks_of_one_read_are_one_text():
    (text,) = [AnswerReader().feed(sse(content("a"), content("b"), content("c")))]
    assert text is not None
    assert (text.text, text.tokens) == ("abc", 3)


def test_comments_and_other_fields_are_no_progress():
    reader, text, _ = read(b": keep-alive\n\n", b"event: ping\nid: 7\ndata:\n\n", sse(ROLE))
    assert (text, reader.progress) == ("", 0)


def test_reasoning_is_progress_but_no_text():
    thought = {"choices": [{"delta": {"content": None, "reasoning_content": "hm"}, "finish_reason": None}]}
    reader, text, tokens = read(sse(thought, content("x")))
    assert (text, tokens, reader.progress) == ("x", 1, 2)


def test_an_answer_cut_off_has_no_finish_reason():
    reader, text, _ = read(sse(content("half")))
    assert (text, reader.finish_reason, reader.done) == ("half", None, False)


def test_a_last_line_without_its_end_counts():
    reader, text, _ = read((sse(content("x"), FINISH)).rstrip())
    assert (text, reader.finish_reason) == ("x", "stop")


def test_half_a_surrogate_pair_is_replaced_and_two_halves_are_joined():
    whole = b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n'
    assert read(whole % rb"a\ud83d")[1] == "a\ufffd"
    assert read(whole % rb"\ude00a")[1] == "\ufffda"
    assert read(whole % rb"\ud83d" + whole % rb"\ude00")[1] == "😀"


def test_bytes_that_are_no_utf8_are_replaced():
    assert read(b'data: {"choices":[{"delta":{"content":"a\xff"}}]}\n\n')[1] == "a\ufffd"


def test_text_of_other_choices_is_left_out():
    other = {"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": None}]}
    assert read(sse(content("yes"), other))[1] == "yes"


@pytest.mark.parametrize("payload", [b"{", b"nope", b"[]", b'{"choices": 3}', b"[" * 5000])
def test_what_is_no_chunk_is_refused(payload):
    with pytest.raises(ModelUnavailable):
        AnswerReader().feed(b"data: " + payload + b"\n\n")


def test_a_line_without_end_is_refused():
    with pytest.raises(ModelUnavailable):
        AnswerReader().feed(b"data: " + b"x" * MAX_LINE_BYTES)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "boom", "code": 500}, ModelUnavailable),
        ("boom", ModelUnavailable),
        ({"message": "slow down", "code": "rate_limit_exceeded"}, ModelOverloaded),
        ({"message": "busy", "code": "503"}, ModelOverloaded),
        ({"message": "busy", "type": "overloaded_error"}, ModelOverloaded),
        ({"message": "too long", "code": 400}, ModelRejected),
        ({"message": "too long", "type": "invalid_request_error", "code": None}, ModelRejected),
    ],
)
def test_an_error_in_the_stream_is_told_by_its_code(error: object, kind: type[TokenlineError]):
    with pytest.raises(kind):
        AnswerReader().feed(sse({"error": error}))


def test_an_error_after_text_leaves_the_answer_incomplete():
    with pytest.raises(AnswerIncomplete):
        AnswerReader().feed(sse(content("half"), {"error": {"message": "boom"}}))


def called(**call: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}


def parts(*chunks: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    reader = AnswerReader()
    assert reader.feed(sse(*chunks)) is None
    assert reader.progress == len(chunks), "a model that writes a call is alive"
    return [(part.index, part.id, part.name, part.arguments) for part in reader.take_calls()]


def test_calls_are_read_as_openai_streams_them() -> None:
    assert parts(
        called(index=0, id="a", type="function", function={"name": "f", "arguments": ""}),
        called(index=0, function={"arguments": "{}"}),
        called(index=1, id="b", function={"name": "g", "arguments": "[]"}),
    ) == [(0, "a", "f", ""), (0, "", "", "{}"), (1, "b", "g", "[]")]


@pytest.mark.parametrize("index", [{}, {"index": 0}])
def test_calls_without_an_index_or_all_of_the_same_are_told_apart_by_id(index: dict[str, int]) -> None:
    assert parts(
        called(**index, id="a", function={"name": "f", "arguments": "{}"}),
        called(**index, id="b", function={"name": "g", "arguments": "{"}),
        called(**index, id="b", function={"arguments": "}"}),
    ) == [(0, "a", "f", "{}"), (1, "b", "g", "{"), (1, "b", "", "}")]


def test_text_and_calls_in_one_chunk_are_both_read() -> None:
    reader = AnswerReader()
    both = called(index=0, id="a", function={"name": "f", "arguments": "{}"})
    both["choices"][0]["delta"]["content"] = "and"
    text = reader.feed(sse(both))
    assert text is not None
    assert text.text == "and"
    assert [call.name for call in reader.take_calls()] == ["f"]
    assert reader.take_calls() == []
