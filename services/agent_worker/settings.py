"""Settings of one worker process."""

from pathlib import Path

from pydantic import Field, SecretStr

from tokenline.core.retry import ATTEMPTS
from tokenline.runtime.settings import ServiceSettings


class WorkerSettings(ServiceSettings):
    worker_id: str = "worker-1"
    """Different at every worker; the same after a restart is fine."""
    pool: str = Field(default="default", pattern=r"^[a-z0-9-]{1,40}$")
    """The queue of tickets this worker serves."""
    slots: int = Field(default=4, ge=1, le=10_000)
    """Answers at the same time."""
    user_limit: int = Field(default=2, ge=1)
    """K: as at the gateways."""
    attempts: int = Field(default=ATTEMPTS, ge=1)
    """Attempts at an answer, lost workers included, before the ticket ends as an error."""
    tick_s: float = Field(default=0.006, gt=0)
    """How often text is sent back; the first text of an answer goes at once."""
    ingest_url: str = "http://127.0.0.1:8140"
    service_token: SecretStr = SecretStr("")
    files: str | None = None
    """Where uploads are kept, as at the gateways; default: ``files`` in the data folder. Read for pictures."""
    pictures: int = Field(default=8, ge=0)
    """So many at most are shown to a model with one question."""
    agents_file: Path | None = None
    model: str | None = None
    title_model: str | None = None
    """Model that names a conversation after its first exchange: one of the endpoint's, or ``agent`` for the one that
    answered; unset: a rule names it, without a call."""
    openai_base_url: str = Field(default="http://127.0.0.1:8139/v1", validation_alias="OPENAI_BASE_URL")
    """Base of the model's OpenAI-compatible API."""
    openai_api_key: SecretStr = Field(default=SecretStr("none"), validation_alias="OPENAI_API_KEY")
    """For that API."""
    first_token_s: float = 60
    """The first token is due so long after the request; then the attempt counts as failed."""
    between_tokens_s: float = 30
    """The same from one token to the next; keep-alives do not count."""
    answer_s: float = 300
    """The same for the whole answer, calls of tools included."""
    tool_s: float = Field(default=10, gt=0)
    """A built-in tool has so long for one call; then the model is told that it took too long."""
