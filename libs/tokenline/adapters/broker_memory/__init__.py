"""The broker port in memory, for unit tests: what RabbitMQ promises, without RabbitMQ.

A `MemoryServer` stands for the node; any number of `MemoryBroker` share it, as processes share RabbitMQ.
"""

from tokenline.adapters.broker_memory.broker import MemoryBroker
from tokenline.adapters.broker_memory.server import MemoryServer

__all__ = ["MemoryBroker", "MemoryServer"]
