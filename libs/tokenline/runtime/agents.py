"""The agents of an installation: those of the agents file, or one default agent."""

import tomllib
from pathlib import Path

import msgspec

from tokenline.contracts.agents import Agent
from tokenline.contracts.errors import Misconfigured, NotFound
from tokenline.contracts.ids import AgentId
from tokenline.contracts.tools import BUILT_IN

OFFLINE_MODEL = "offline"


class Agents:
    """In the order of the file; the first is the default."""

    def __init__(self, agents: tuple[Agent, ...]) -> None:
        self.all = agents
        self._by_id = {agent.id: agent for agent in agents}

    @property
    def default(self) -> Agent:
        return self.all[0]

    def get(self, agent_id: AgentId | None) -> Agent:
        """The default one for ``None``; raises `NotFound`."""
        if agent_id is None:
            return self.default
        if agent_id not in self._by_id:
            raise NotFound(f"There is no agent called {agent_id!r}.")
        return self._by_id[agent_id]


def load_agents(file: Path | None, model: str | None) -> Agents:
    """Read ``[[agents]]`` tables from TOML; without a file one agent on ``model``. Raises `Misconfigured`."""
    if file is None:
        return Agents((_default_agent(model),))
    try:
        tables = tomllib.loads(file.read_text()).get("agents", [])
        agents = tuple(msgspec.convert(table, Agent) for table in tables)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Misconfigured(f"The agents file {file} cannot be used: {error}") from error
    if not agents or len({agent.id for agent in agents}) != len(agents):
        raise Misconfigured(f"The agents file {file} needs at least one agent, each with an id of its own.")
    for agent in agents:
        for tool in agent.tools:
            if tool not in BUILT_IN:
                raise Misconfigured(
                    f"The agents file {file} cannot be used: agent {agent.id!r} names a tool {tool!r}, "
                    f"and there are only {', '.join(BUILT_IN)}."
                )
    return Agents(agents)


def _default_agent(model: str | None) -> Agent:
    return Agent(
        id="assistant",
        name="Assistant",
        description="Answers questions, also about the files you attach.",
        model=model or OFFLINE_MODEL,
        capabilities=("chat", "attachments"),
    )
