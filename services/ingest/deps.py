"""What the service's parts need, built once per process."""

from dataclasses import dataclass

from services.ingest.extract.sandbox import Sandbox
from services.ingest.indexes import Indexes
from tokenline.core.clock import Clock
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.files import Files
from tokenline.core.ports.store import Store
from tokenline.runtime.line import Line
from tokenline.runtime.metrics import Metrics


@dataclass
class Deps:
    store: Store
    broker: Broker
    files: Files
    vectors: Indexes
    sandbox: Sandbox
    line: Line
    clock: Clock
    metrics: Metrics
