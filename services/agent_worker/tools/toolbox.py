"""The tools of one answer: those that its agent names, made for its ticket."""

from collections.abc import Callable

from services.agent_worker.deps import Deps
from services.agent_worker.prompt import Prompt
from services.agent_worker.tools.calling import Caller
from services.agent_worker.tools.current_time import CurrentTime
from services.agent_worker.tools.search_files import SearchFiles
from services.agent_worker.tools.steps import Send, Steps
from tokenline.contracts.agents import Agent
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.tools import CURRENT_TIME, SEARCH_FILES
from tokenline.core.ports.tool import Tool
from tokenline.core.sources import Sources


def steps_of(
    deps: Deps, agent: Agent, ticket: Ticket, prompt: Prompt, now: Callable[[], float], send: Send
) -> Steps | None:
    """``None``: the agent has no tools."""
    if not agent.tools:
        return None
    sources = Sources(prompt.passages)
    made: dict[str, Tool] = {
        SEARCH_FILES: SearchFiles(deps.search, ticket, sources),
        CURRENT_TIME: CurrentTime(now),
    }
    tools = {name: made[name] for name in agent.tools}
    caller = Caller(tools, deps.metrics, deps.clock.monotonic, deps.tool_s)
    return Steps(agent, ticket, prompt.request, list(tools.values()), sources, caller.carry_out, send)
