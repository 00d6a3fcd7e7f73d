"""Settings of the ingest service."""

from pydantic import Field, SecretStr

from services.ingest.extract.answers import PdfReaderName
from tokenline.contracts.vectors import PREFIX
from tokenline.runtime.settings import ServiceSettings


class IngestSettings(ServiceSettings):
    port: int = Field(default=8140, ge=1, le=65535)
    files: str | None = None
    """Where uploads are kept, as at the gateways; default: ``files`` in the data folder."""
    qdrant_url: str | None = Field(default=None, validation_alias="QDRANT_URL")
    """A Qdrant server; ``None``: the engine inside this process, for one ingest service per data folder."""
    qdrant_api_key: SecretStr | None = Field(default=None, validation_alias="QDRANT_API_KEY")
    """For that server."""
    qdrant_prefix: str = Field(default=PREFIX, pattern="^[a-z0-9_]{1,40}$", validation_alias="QDRANT_PREFIX")
    """First part of the names of its collections: another one for each installation that shares a server."""
    service_token: SecretStr = Field(default=SecretStr(""), min_length=16)
    """What gateways and workers show to search."""
    user_limit: int = Field(default=2, ge=1)
    """K: as at the gateways."""
    embedding_url: str | None = None
    """Base of an OpenAI-compatible API; ``None``: search by keywords alone."""
    embedding_model: str | None = None
    """Required with ``embedding_url``. Another model: every file is indexed again for it, while searches go on."""
    embedding_dimension: int | None = Field(default=None, ge=1, le=65536)
    """Length of its vectors; required with ``embedding_url``."""
    embedding_api_key: SecretStr | None = None
    """For that API."""
    parallel: int = Field(default=2, ge=1, le=64)
    """Files read at the same time; each may use a core. As many more are embedded and written meanwhile."""
    extract_cpu_s: int = Field(default=20, ge=1)
    """Processor time one file may take to read."""
    extract_wall_s: int = Field(default=30, ge=1)
    """Time one file may take to read."""
    extract_memory_mb: int = Field(default=512, ge=192)
    """Memory one file may take to read; the parsers alone take 120."""
    pdf_reader: PdfReaderName = "auto"
    """Which library reads PDF: `pdfium`, ten times faster; `pypdf`, pure Python; `auto`: pdfium, and pypdf for what
    pdfium refuses or does not survive."""
    ocr: str | None = Field(default=None, pattern=r"^[A-Za-z_]+(\+[A-Za-z_]+)*$")
    """Languages in which text is recognised in scans and pictures (OCR), as tesseract names them: `eng+deu`. Needs its
    library and data of each (Debian: `tesseract-ocr`, `tesseract-ocr-deu`); unset: scans are said to be some."""
    ocr_s: int = Field(default=120, ge=1)
    """Time one file may take for that, beyond what reading may take; pages beyond it are named. A page takes one to two
    seconds."""
    extract_max_chars: int = Field(default=10_000_000, ge=1000)
    """Longest text one file may give."""
