"""A1, A4: what an agents file may say, and that a mistake in it is named at the start."""

from pathlib import Path

import pytest

from tokenline.contracts.errors import Misconfigured
from tokenline.runtime.agents import Agents, load_agents

AGENT = '[[agents]]\nid = "a"\nname = "A"\nmodel = "m"\n'


def read(folder: Path, more: str) -> Agents:
    file = folder / "agents.toml"
    file.write_text(AGENT + more)
    return load_agents(file, None)


def test_tools_and_steps_are_taken_and_none_is_the_default(tmp_path: Path) -> None:
    assert (read(tmp_path, "").default.tools, load_agents(None, "m").default.tools) == ((), ())
    agent = read(tmp_path, 'tools = ["search_files", "current_time"]\ntool_steps = 3').default
    assert (agent.tools, agent.tool_steps) == (("search_files", "current_time"), 3)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            'tools = ["current_time", "search_file"]',
            "agent 'a' names a tool 'search_file', and there are only search_files",
        ),
        ('tools = "search_files"', "Expected `array`"),
        ("tool_steps = 1", "tool_steps"),
        ("tool_steps = 99", "tool_steps"),
        ("steps = 3", "unknown field `steps`"),
        (AGENT, "an id of its own"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, more: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says.replace("(", r"\(")):
        read(tmp_path, more)
