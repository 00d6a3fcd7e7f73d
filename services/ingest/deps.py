"""What the service's parts need, built once per process."""

from dataclasses import dataclass

from services.ingest.extract.sandbox import Sandbox
from tokenline.core.clock import Clock
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.embedder import Embedder
from tokenline.core.ports.files import Files
from tokenline.core.ports.store import Store
from tokenline.core.ports.vectors import VectorIndex
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics


@dataclass
class Deps:
    store: Store
    broker: Broker
    files: Files
    vectors: VectorIndex
    embedder: Embedder | None
    """``None``: keyword vectors alone."""
    sandbox: Sandbox
    line: Line
    clock: Clock
    metrics: Metrics
