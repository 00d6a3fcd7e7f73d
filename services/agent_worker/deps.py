"""What a run needs, built once per process."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.agent_worker.pictures import Gallery
from services.agent_worker.publisher import Publisher
from tokenline.core.clock import Clock
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.model import Model
from tokenline.core.ports.search import Search
from tokenline.core.ports.store import Store
from tokenline.runtime.agents import Agents
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics

if TYPE_CHECKING:
    from services.agent_worker.failures import Failures


@dataclass
class Deps:
    store: Store
    broker: Broker
    model: Model
    search: Search
    gallery: Gallery
    agents: Agents
    clock: Clock
    metrics: Metrics
    line: Line
    publisher: Publisher
    failures: "Failures"
    tool_s: float = 10.0
    """What one call of a tool may take."""
    answer_s: float = 300.0
    """What all steps of an answer with tools may take together."""
