"""An agent: a model with its instructions, as declared in the agents file."""

from typing import Annotated

from msgspec import Meta

from tokenline.contracts.base import Shape
from tokenline.contracts.ids import AgentId, Pool

VISION = "vision"


class Agent(Shape):
    id: AgentId
    name: str
    description: str = ""
    model: str
    system_prompt: str = "You are a helpful assistant. Answer briefly and exactly."
    temperature: float | None = None
    max_tokens: int | None = None
    context_tokens: int = 8192
    """Instructions, history and passages sent to the model are cut to this budget; passages to half of it. What was
    asked is always sent."""
    capabilities: tuple[str, ...] = ()
    """Words for clients to choose by; with ``vision`` among them its model is shown pictures."""
    tools: tuple[str, ...] = ()
    """What its model may call, of those in `contracts/tools.py`; we carry the calls out."""
    tool_steps: Annotated[int, Meta(ge=2, le=50)] = 5
    """With tools: so often at most is the model asked for one answer, the last time without them."""
    pool: Pool = "default"

    @property
    def sees(self) -> bool:
        return VISION in self.capabilities
