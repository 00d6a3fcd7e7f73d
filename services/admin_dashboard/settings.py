"""Settings of the dashboard process."""

from pathlib import Path

from pydantic import Field, SecretStr

from tokenline.runtime.auth.oidc.settings import OidcSettings
from tokenline.runtime.limits import SignInLimits


class DashboardSettings(OidcSettings):
    public_url: str | None = Field(default=None, validation_alias="TOKENLINE_ADMIN_PUBLIC_URL")
    """Where browsers find the dashboard (``https://admin.example.org``); unset: as their requests say."""
    secret_key: SecretStr
    """Signs access tokens; the same at every gateway and dashboard, 32 characters or more."""
    former_secret_keys: tuple[SecretStr, ...] = ()
    """Keys (``["…"]``) that sign nothing any more; what they signed is good until it expires."""
    agents_file: Path | None = None
    """Names the pools that are shown even while they are empty."""
    model: str | None = None
    limits: SignInLimits = SignInLimits()
    allowed_origins: tuple[str, ...] = ()
    """Web origins besides our own that may open sockets."""
    user_limit: int = Field(default=2, ge=1)
    """K: as at the gateways."""
    pool_limit: int = Field(default=100_000, ge=1)
    """As at the gateways; a dead letter is not retried beyond it."""
    queue_timeout_s: float = Field(default=3600, gt=0)
    """As at the gateways; for retried dead letters."""
