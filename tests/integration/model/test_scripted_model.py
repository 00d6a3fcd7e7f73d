"""The scripted model itself: what tests rely on when they read its figures from another process."""

import httpx2
import openai

from tests.support.scripted_model import Script, ScriptedModel


async def test_figures_over_http(scripted_model: ScriptedModel) -> None:
    root = scripted_model.base_url.removesuffix("/v1")
    async with httpx2.AsyncClient() as client:
        body = {"model": "any", "messages": [{"role": "user", "content": '{"tokens": 3}'}], "stream": True}
        answer = await client.post(f"{root}/v1/chat/completions", json=body)
        stats = (await client.get(f"{root}/_stats")).json()
    assert answer.text.count('"content":"w') == 3
    assert (stats["requests"], stats["open_connections"]) == (1, 1)
    record = stats["records"][0]
    assert (record["text"], record["tokens"], record["ended"]) == ('{"tokens": 3}', 3, "finished")


async def test_faults_end_after_as_many_as_were_asked_for(scripted_model: ScriptedModel) -> None:
    script = '{"say": "All is well.", "status": 500, "faults": 2}'
    statuses = []
    async with openai.AsyncOpenAI(base_url=scripted_model.base_url, api_key="x", max_retries=0) as client:
        for _ in range(3):
            try:
                answer = await client.chat.completions.create(
                    model="any", messages=[{"role": "user", "content": script}]
                )
                statuses.append(answer.choices[0].message.content)
            except openai.InternalServerError as error:
                statuses.append(str(error.status_code))
    assert statuses == ["500", "500", "All is well."]


def test_what_it_is_told_to_say_is_said() -> None:
    assert Script(say='He said "yes"\nand left').text() == 'He said "yes"\nand left'
