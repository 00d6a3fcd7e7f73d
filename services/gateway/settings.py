"""Settings of one gateway process."""

from pathlib import Path

from pydantic import Field, SecretStr

from tokenline.runtime.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    gateway_id: str = Field(default="gateway-1", pattern=r"^[A-Za-z0-9_-]{1,40}$")
    secret_key: SecretStr
    """Signs access tokens; the same at every gateway and dashboard, 32 characters or more."""
    service_token: SecretStr = SecretStr("")
    ingest_url: str = "http://127.0.0.1:8140"
    agents_file: Path | None = None
    model: str | None = None
    admin_email: str | None = None
    admin_password: SecretStr | None = None
    registration_open: bool = True
    allowed_origins: tuple[str, ...] = ()
    """Web origins besides our own that may open sockets."""
    user_limit: int = Field(default=2, ge=1)
    """K: tickets of one user in the broker's queue at a time."""
    pool_limit: int = Field(default=100_000, ge=1)
    """Live tickets of a pool beyond which a question is refused."""
    queue_timeout_s: float = Field(default=3600, gt=0)
    """A ticket that has waited so long ends as ``queue_timeout``."""
    upload_bytes: int = Field(default=25 * 1024 * 1024, ge=1)
    attachments_per_message: int = Field(default=10, ge=1)
    files: str | None = None
    """Where uploads are kept: a folder or s3://, gs://, az://; default: ``files`` in the data folder."""
