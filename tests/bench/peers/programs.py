"""The peers' servers: what each one's own documentation shows, around the same upstream, with no limit of its own."""

import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.bench.streaming.work import BrokenRun

_READY_S = 90.0
_STOP_S = 10.0
LITELLM_KEY = f"sk-{secrets.token_hex(32)}"
"""It does not start without one."""

GRADIO = """
import os
import gradio
import openai

client = openai.AsyncOpenAI(max_retries=0, timeout=120, http_client=openai.DefaultAioHttpClient(timeout=120))

async def answer(message):
    text = ""
    stream = await client.chat.completions.create(
        model="scripted", messages=[{"role": "user", "content": message}], stream=True)
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            text += chunk.choices[0].delta.content
            yield text

with gradio.Blocks() as page:
    question, said = gradio.Textbox(), gradio.Textbox()
    question.submit(answer, question, said)
page.queue(default_concurrency_limit=None).launch(server_name="127.0.0.1", server_port=int(os.environ["PORT"]))
"""

CHAINLIT = """
import chainlit
import openai

client = openai.AsyncOpenAI(max_retries=0, timeout=120, http_client=openai.DefaultAioHttpClient(timeout=120))

@chainlit.on_message
async def answer(message):
    reply = chainlit.Message(content="")
    stream = await client.chat.completions.create(
        model="scripted", messages=[{"role": "user", "content": message.content}], stream=True)
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            await reply.stream_token(chunk.choices[0].delta.content)
    await reply.update()
"""

LITELLM = """
model_list:
  - model_name: scripted
    litellm_params:
      model: openai/scripted
      api_base: os.environ/OPENAI_BASE_URL
      api_key: none
      max_retries: 0
"""

FILES: Mapping[str, tuple[str, str]] = {
    "gradio": ("app.py", GRADIO),
    "chainlit": ("app.py", CHAINLIT),
    "litellm": ("config.yaml", LITELLM),
}


def _command(name: str, home: Path, port: int) -> Sequence[str]:
    if name == "gradio":
        return [str(home / "python"), "app.py"]
    if name == "chainlit":
        return [str(home / "chainlit"), "run", "app.py", "--headless", "--host", "127.0.0.1", "--port", str(port)]
    return [str(home / "litellm"), "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)]


@contextmanager
def serving(name: str, home: Path, folder: Path, port: int, model_url: str) -> Iterator[int]:
    """The server's process id, once it answers HTTP. Raises `BrokenRun` with its last words."""
    # Deep, since LiteLLM also imports what lies two folders up.
    folder = folder / "of" / "its" / "own"
    folder.mkdir(parents=True)
    file, text = FILES[name]
    (folder / file).write_text(text)
    environment = {
        **os.environ,
        "OPENAI_BASE_URL": model_url,
        "OPENAI_API_KEY": "none",
        "PORT": str(port),
        "PYTHONPATH": "",
        "HOME": str(folder),
        # Nobody is to be called during a measurement.
        "GRADIO_ANALYTICS_ENABLED": "False",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
        "LITELLM_MASTER_KEY": LITELLM_KEY,
    }
    log = folder / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(_command(name, home, port), cwd=folder, env=environment, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + _READY_S
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise BrokenRun(f"{name} does not serve: {log.read_text(errors='replace')[-600:]}")
            time.sleep(0.2)
        yield server.pid
    finally:
        server.terminate()
        try:
            server.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/", timeout=2).status_code < 500
    except httpx2.HTTPError:
        return False
