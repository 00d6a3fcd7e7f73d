"""A process that dies at its n-th call to the world, and one whose store fails now and then.

Death is a `BaseException`, which no part of the product may catch; from then on every call of that process raises it,
so nothing of it happens any more, whatever is still under way in its tasks.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, cast

from tokenline.contracts.errors import StoreUnavailable
from tokenline.contracts.topology import Queue
from tokenline.core.ports.broker import Broker, Consumption, Delivery, Handler
from tokenline.core.ports.store import Store


class Died(BaseException):
    """The process is gone."""


class Fuse:
    """Burns through after ``last`` calls were made; ``None``: never. ``calls`` names those that were made."""

    def __init__(self, last: int | None = None) -> None:
        self.last = last
        self.calls: list[str] = []

    @property
    def burnt(self) -> bool:
        return self.last is not None and len(self.calls) >= self.last

    def blow(self) -> None:
        """Now."""
        self.last = 0

    async def call(self, name: str, work: Callable[..., Awaitable[Any]], *arguments: Any, **options: Any) -> Any:
        """Cut after the call: what it did is done, its result reaches nobody."""
        if self.burnt:
            raise Died(name)
        if name not in _BY_THE_WAY:
            self.calls.append(name)
        result = await work(*arguments, **options)
        if self.burnt:
            raise Died(name)
        return result


_FREE = frozenset({"close", "now"})
"""What death itself does to a connection, and what only looks at a clock."""
_BY_THE_WAY = frozenset({"tell"})
"""What comes at no fixed place among the others, and may be lost at any time: it burns nothing."""


class _Fused:
    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name in _FREE or not iscoroutinefunction(found):
            return found
        return partial(self._fuse.call, name, found)


class _FusedBroker(_Fused):
    async def consume(self, queue: Queue, handler: Handler, **options: Any) -> Consumption:
        if queue.exclusive:
            consumption: Consumption = await self._fuse.call("consume", self._inner.consume, queue, handler, **options)
            return consumption

        def handle(delivery: Delivery) -> Awaitable[None] | None:
            return handler(cast(Delivery, _Fused(delivery, self._fuse)))

        consumption = await self._fuse.call("consume", self._inner.consume, queue, handle, **options)
        return consumption


def fused(inner: Any, fuse: Fuse) -> Any:
    """Any port."""
    return _Fused(inner, fuse)


def fused_store(store: Store, fuse: Fuse) -> Store:
    return cast(Store, _Fused(store, fuse))


def fused_broker(broker: Broker, fuse: Fuse) -> Broker:
    """Acknowledgements burn the fuse, too; those of events do not, which need none."""
    return cast(Broker, _FusedBroker(broker, fuse))


Judge = Callable[[str, tuple[Any, ...]], str | None]
"""By name and arguments of a call how it fails: ``None``: not at all; ``before``: nothing is done; ``after``: it is
done, and the caller is told that it failed, so that the result is unknown."""


class Shaky:
    """A store whose calls fail as ``judge`` says."""

    def __init__(self, store: Store, judge: Judge) -> None:
        self._store = store
        self._judge = judge

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return partial(self._call, name, found) if iscoroutinefunction(found) else found

    async def _call(self, name: str, work: Callable[..., Awaitable[Any]], *arguments: Any, **options: Any) -> Any:
        fails = self._judge(name, arguments)
        if fails == "before":
            raise StoreUnavailable
        result = await work(*arguments, **options)
        if fails == "after":
            raise StoreUnavailable
        return result


def shaky_store(store: Store, judge: Judge) -> Store:
    return cast(Store, Shaky(store, judge))
