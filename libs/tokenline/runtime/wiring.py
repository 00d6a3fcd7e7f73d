"""Which engine stands behind which port, by settings."""

from collections.abc import Callable

from tokenline.adapters.broker_rabbitmq import RabbitBroker
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.core.clock import Clock
from tokenline.core.ports.broker import Broker
from tokenline.core.ports.store import Store
from tokenline.runtime.settings import ServiceSettings


def open_store(settings: ServiceSettings, clock: Clock, observe: Callable[[float], None]) -> Store:
    """``observe`` is told the seconds of each write."""
    if settings.mongo_url is not None:
        # Not at the top: the driver takes half a second and 11 MB to load, for nothing where SQLite serves.
        from tokenline.adapters.store_mongo import MongoStore

        return MongoStore(settings.mongo_url.get_secret_value(), clock, observe)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteStore(settings.data_dir / "tokenline.db", clock, observe)


def open_broker(
    settings: ServiceSettings, name: str, observe_publish: Callable[[str, float], None] | None = None
) -> Broker:
    """``name`` is shown as the connection's name in RabbitMQ. ``observe_publish`` is told exchange and seconds."""
    return RabbitBroker(settings.amqp_url.get_secret_value(), name, observe_publish=observe_publish)
