"""Settings common to all services. Only a service's ``__main__`` lets them be read from the environment."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Variables are ``TOKENLINE_<NAME>``, inside a group ``TOKENLINE_<GROUP>__<NAME>``; servers of one's own keep their
    customary names (``AMQP_URL``)."""

    model_config = SettingsConfigDict(
        env_prefix="TOKENLINE_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(ge=1, le=65535)
    """Port to listen on: pages and APIs, at workers and ingest also probes and metrics."""
    data_dir: Path = Path("var")
    """Folder of the embedded engines: the SQLite file, uploads, vectors."""
    amqp_url: SecretStr = Field(default=SecretStr("amqp://guest:guest@127.0.0.1:5672/"), validation_alias="AMQP_URL")
    """RabbitMQ 3.10 to 4.3; ``amqps://`` for TLS."""
    mongo_url: SecretStr | None = Field(default=None, validation_alias="MONGO_URL")
    """A MongoDB server or replica set, the database in the path (``tokenline``); unset: SQLite in the data folder."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks of reverse proxies (``["10.0.0.0/8"]``) whose ``X-Forwarded-For`` says who a request comes from; from
    others it is ignored."""
    log_level: str = "INFO"
    """``DEBUG``, ``INFO``, ``WARNING`` or ``ERROR``."""
    graceful_s: int = Field(default=10, ge=1)
    """How long open connections and running work may take to end after SIGTERM."""
