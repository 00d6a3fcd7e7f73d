"""What the library raises, told apart from our own cancellation."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from aiormq import AMQPError, ChannelInvalidStateError

from tokenline.contracts.errors import BrokerUnavailable

CHANNEL_GONE = (AMQPError, OSError, ChannelInvalidStateError)
"""What a call on a channel raises when it, or its connection, has closed."""


def cancellations() -> int:
    """How often the running task was asked to cancel."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


@asynccontextmanager
async def as_unavailable(limit_s: float | None, doing: Callable[[], str], **detail: Any) -> AsyncIterator[None]:
    """Turns every failure of the library into `BrokerUnavailable`, and gives up after ``limit_s`` (``None``: never).

    A future that the library cancelled because the connection is gone looks like our own cancellation; it is ours only
    when the task was asked to cancel.
    """
    asked_before = cancellations()
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TimeoutError:
        raise BrokerUnavailable(f"The message broker did not answer in time: {doing()}.", **detail) from None
    except asyncio.CancelledError:
        if cancellations() > asked_before:
            raise
        raise BrokerUnavailable(f"The connection to the message broker was lost: {doing()}.", **detail) from None
    except CONNECTION_EXCEPTIONS as error:
        raise BrokerUnavailable(f"The message broker failed: {doing()}: {error!r}.", **detail) from error
