"""A client library of other authors, in another language: the AI SDK, which checks what it gets against schemas."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.engines import missing
from tests.support.system import System

PROGRAM = Path(__file__).with_name("ai_sdk.mjs")


def test_the_ai_sdk_calls_tools_whole_and_streamed_through_the_queue(house: System, key: str) -> None:
    seen = _run(f"{house.url()}/v1", key)
    call = {"type": "tool-call", "toolCallId": "call_a", "toolName": "weather", "input": '{"place": "Bern"}'}
    assert [_known(part, call) for part in seen["whole"]["content"]] == [{"type": "text", "text": "Let me look."}, call]
    assert seen["whole"]["finishReason"]["unified"] == "tool-calls"
    parts = seen["parts"]
    assert not [part for part in parts if part["type"] == "error"]
    assert "".join(part["delta"] for part in parts if part["type"] == "text-delta") == "Let me look."
    assert [_known(part, call) for part in parts if part["type"] == "tool-call"] == [call]
    assert "".join(part["delta"] for part in parts if part["type"] == "tool-input-delta") == '{"place": "Bern"}'
    assert parts[-1]["type"] == "finish"
    assert parts[-1]["finishReason"]["unified"] == "tool-calls"
    assert parts[-1]["usage"]["outputTokens"]["total"] > 0
    assert seen["last"]["content"] == [{"type": "text", "text": "The tool said rain"}]
    assert seen["refusal"] == {"status": 404, "message": "The model 'gpt-7' does not exist.", "retryable": False}


def _run(url: str, key: str) -> Any:
    # Where the machine has no Node, set-up put one into the virtual environment.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    node = shutil.which("node", path=path)
    if node is None:
        missing("Node", "python3 deploy/local/bootstrap.py --for test")
    ended = subprocess.run([node, PROGRAM, url, key], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def _known(part: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """Without what the library adds of its own."""
    return {name: value for name, value in part.items() if name in {*like, "text"}}
