"""How many messages a queue has, where the broker can say it."""

from tokenline.contracts.errors import BrokerUnavailable
from tokenline.contracts.topology import Queue
from tokenline.core.ports.broker import Broker


async def depth_of(broker: Broker, queue: Queue) -> int | None:
    """Messages ready in the queue; ``None``: the broker or the queue cannot be reached."""
    if not broker.connected:
        return None
    try:
        return await broker.depth(queue)
    except BrokerUnavailable:
        return None
