"""Pictures as an endpoint gets them (R2)."""

import json
from base64 import b64encode

from tests.support.scripted_model import ScriptedModel
from tokenline.adapters.model_openai import OpenAIModel
from tokenline.core.ports.model import ChatTurn, ModelRequest, Picture


async def test_pictures_are_sent_behind_the_text_and_their_names(scripted_model: ScriptedModel) -> None:
    model = OpenAIModel(scripted_model.base_url, "key")
    cat, dog = Picture(name="cat.png", jpeg=b"cat", tokens=85), Picture(name="dog.png", jpeg=b"dog", tokens=85)
    turns = (
        ChatTurn(role="system", content="Be brief."),
        ChatTurn(role="user", content="Who is it?", pictures=(cat, dog)),
    )
    async with model.stream(ModelRequest(model="any", turns=turns)) as events:
        assert [event async for event in events]
    await model.close()
    assert json.loads(scripted_model.last_body)["messages"] == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Who is it?"},
                {"type": "text", "text": "cat.png:"},
                {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{b64encode(b'cat').decode()}"}},
                {"type": "text", "text": "dog.png:"},
                {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{b64encode(b'dog').decode()}"}},
            ],
        },
    ]
