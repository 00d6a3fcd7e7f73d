"""Settings of the dashboard process."""

from pathlib import Path

from pydantic import SecretStr

from tokenline.runtime.settings import ServiceSettings


class DashboardSettings(ServiceSettings):
    secret_key: SecretStr
    """Signs access tokens; the same at every gateway and dashboard, 32 characters or more."""
    agents_file: Path | None = None
    """Names the pools that are shown even while they are empty."""
    model: str | None = None
    allowed_origins: tuple[str, ...] = ()
    """Web origins besides our own that may open sockets."""
