"""Pictures that the unmodified ``openai`` package sends reach the model: looked at in the sandbox, small, in place."""

import io
from base64 import b64decode, b64encode
from typing import Any

import openai
import pytest
from openai import OpenAI
from PIL import Image

from tests.support.pictures import picture
from tests.support.system import System

SMALL, TURNED = picture("PNG"), picture("JPEG", (600, 300), orientation=6)


def shown(data: bytes, kind: str = "png") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{b64encode(data).decode()}"}}


def asking(*parts: dict[str, Any]) -> list[Any]:
    return [{"role": "user", "content": [{"type": "text", "text": "Who is it?"}, *parts]}]


def test_they_reach_the_model_where_they_stood_and_without_what_cameras_note(house: System, client: OpenAI) -> None:
    messages: list[Any] = [
        *asking(shown(SMALL)),
        {"role": "assistant", "content": "Red and blue."},
        *asking(shown(TURNED, "jpeg")),
    ]
    again = {"idempotency-key": "the same"}
    answer = client.chat.completions.with_raw_response.create(model="seeing", messages=messages, extra_headers=again)
    assert answer.parse().choices[0].finish_reason == "stop"
    _, first, said, second = house.model_asked()["messages"]
    assert said == {"role": "assistant", "content": "Red and blue."}
    assert [sizes_of(turn) for turn in (first, second)] == [[(60, 40)], [(300, 600)]]
    repeated = client.chat.completions.with_raw_response.create(model="seeing", messages=messages, extra_headers=again)
    assert repeated.headers["x-tokenline-ticket"] == answer.headers["x-tokenline-ticket"]
    with pytest.raises(openai.BadRequestError, match="used for another request"):
        client.chat.completions.create(model="seeing", messages=asking(shown(SMALL)), extra_headers=again)


def sizes_of(turn: dict[str, Any]) -> list[tuple[int, int]]:
    text, *rest = turn["content"]
    assert text == {"type": "text", "text": "Who is it?"}
    pictures = [b64decode(part["image_url"]["url"].split(",")[1]) for part in rest if part["type"] == "image_url"]
    assert all(b"52.5200" not in data for data in pictures)
    return [Image.open(io.BytesIO(data)).size for data in pictures]


@pytest.mark.parametrize(
    ("model", "part", "message"),
    [
        ("assistant", shown(SMALL), "cannot see pictures"),
        ("seeing", {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}, "none is fetched"),
        ("seeing", shown(b"%PDF-1.7 no picture"), "no picture in PNG"),
        ("seeing", {"type": "image_url", "image_url": {"url": "data:image/png;base64,%%%"}}, "no picture in PNG"),
        ("seeing", {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}, "not supported here"),
    ],
)
def test_what_cannot_be_shown_is_refused(client: OpenAI, model: str, part: dict[str, Any], message: str) -> None:
    with pytest.raises(openai.BadRequestError, match=message) as refused:
        client.chat.completions.create(model=model, messages=asking(part))
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["param"].startswith("messages[0].content[1]")


def test_a_damaged_picture_is_named_to_the_model(house: System, client: OpenAI) -> None:
    half = picture("PNG", (600, 400))[:300]
    client.chat.completions.create(model="seeing", messages=asking(shown(SMALL), shown(half)))
    instructions, asked = house.model_asked()["messages"]
    assert sizes_of(asked) == [(60, 40)]
    assert "The file “picture-2.png” could not be read" in instructions["content"]


def test_there_is_an_end_to_their_number(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="at most 10 pictures"):
        client.chat.completions.create(model="seeing", messages=asking(*[shown(SMALL)] * 11))
