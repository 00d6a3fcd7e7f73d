"""Settings of one gateway process."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import Field, SecretStr

from tokenline.runtime.auth.oidc.settings import OidcSettings
from tokenline.runtime.limits import LimitSettings


class GatewaySettings(OidcSettings):
    gateway_id: str = Field(default="gateway-1", pattern=r"^[A-Za-z0-9_-]{1,40}$")
    """Different at every gateway; workers send replies to it."""
    secret_key: SecretStr
    """Signs access tokens; the same at every gateway and dashboard, 32 characters or more."""
    former_secret_keys: tuple[SecretStr, ...] = ()
    """Keys (``["…"]``) that sign nothing any more; what they signed is good until it expires."""
    webhook_key: SecretStr | None = None
    """Webhooks' secrets are derived from it; default: the last of the former keys, or else the key itself."""
    service_token: SecretStr = SecretStr("")
    """What gateways and workers show to ingest; the same at all three, 16 characters or more."""
    ingest_url: str = "http://127.0.0.1:8140"
    """Where ingest answers searches."""
    agents_file: Path | None = None
    """TOML with ``[[agents]]`` tables, the same everywhere; ``None``: one agent called ``assistant``."""
    model: str | None = None
    """Model of that one agent; ``None``: the offline model."""
    admin_email: str | None = None
    """Address of the first administrator."""
    admin_password: SecretStr | None = None
    """Theirs. With both set the account is created when there is no administrator."""
    registration_open: bool = True
    """False: nobody can register."""
    allowed_origins: tuple[str, ...] = ()
    """Web origins besides our own that may open sockets."""
    user_limit: int = Field(default=2, ge=1)
    """K: tickets of one user in the broker's queue at a time."""
    pool_limit: int = Field(default=100_000, ge=1)
    """Live tickets of a pool beyond which a question is refused."""
    limits: LimitSettings = LimitSettings()
    ageing_s: float = Field(default=60, gt=0)
    """A ticket that has waited so long behind tickets of higher priority gains a level."""
    queue_timeout_s: float = Field(default=3600, gt=0)
    """A ticket that has waited so long ends as ``queue_timeout``."""
    upload_bytes: int = Field(default=25 * 1024 * 1024, ge=1)
    """Largest file."""
    unfinished_uploads: int = Field(default=20, ge=0)
    """Uploads a user may have begun and not finished, of those that can be resumed."""
    unsent_files_s: float = Field(default=86_400, gt=0)
    """A file that no message has taken for so long is deleted."""
    attachments_per_message: int = Field(default=10, ge=1)
    """Files one question may bring."""
    files: str | None = None
    """Where uploads are kept: a folder or s3://, gs://, az://; default: ``files`` in the data folder."""
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private networks (``["10.0.0.0/8"]``) that webhooks may lead into, there also with ``http://``."""
    webhooks_per_user: int = Field(default=10, ge=0)
    """Addresses a user may register; 0: none."""
    webhook_attempts: int = Field(default=12, ge=1)
    """After so many attempts the news of a ticket's end is given up: with the defaults after 11 to 23 hours."""
    webhook_first_retry_s: float = Field(default=5, gt=0)
    """Before the second attempt, at most; three times as long before each that follows."""
    webhook_longest_retry_s: float = Field(default=21_600, gt=0)
    """Between two attempts, at most."""
    webhook_timeout_s: float = Field(default=10, gt=0)
    """What a receiver gets to answer."""

    fetch_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private networks (``["10.0.0.0/8"]``) from which pages may be attached by their address."""
    fetch_ports: tuple[int, ...] = (80, 443)
    """Ports (``[80, 443]``) that pages may be fetched from."""
    fetch_bytes: int = Field(default=10 * 1024 * 1024, ge=1)
    """Largest page, unpacked."""
    fetch_timeout_s: float = Field(default=10, gt=0)
    """What a page gets to arrive, redirects included."""

    def key_of_webhooks(self) -> str:
        """Receivers keep their secrets while the key that signs tokens is replaced."""
        oldest = self.former_secret_keys[-1] if self.former_secret_keys else self.secret_key
        return (self.webhook_key or oldest).get_secret_value()
