"""Run the ingest service: ``python -m services.ingest``.

The clients of servers are imported where one is set: they take a second of every start and 70 MiB.
"""

from collections.abc import Callable
from functools import partial

from pydantic import SecretStr

from services.ingest.app import METRICS, create_app
from services.ingest.chunk import CUT
from services.ingest.deps import Deps
from services.ingest.embedders import Embedders
from services.ingest.extract.sandbox import Sandbox
from services.ingest.indexes import Indexes
from services.ingest.settings import IngestSettings
from tokenline.adapters.engine_edge import EdgeEngine
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.contracts.errors import Misconfigured
from tokenline.contracts.metrics import STORE_WRITE
from tokenline.contracts.vectors import Layout
from tokenline.core.clock import Clock, SystemClock
from tokenline.core.ports.embedder import Embedder
from tokenline.core.ports.store import IndexStore
from tokenline.core.ports.vectors import VectorEngine
from tokenline.runtime.line import Line
from tokenline.runtime.logging import configure_logging
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.serve import run
from tokenline.runtime.tracing import configure_tracing
from tokenline.runtime.wiring import open_broker, open_store


def build_deps(settings: IngestSettings) -> Deps:
    clock = SystemClock()
    metrics = Metrics(*METRICS)
    store = open_store(settings, clock, partial(metrics.observe, STORE_WRITE))
    broker = open_broker(settings, "tokenline ingest")
    return Deps(
        store=store,
        broker=broker,
        files=ObstoreFiles(settings.files or settings.data_dir / "files"),
        vectors=open_vectors(settings, store, clock, metrics),
        sandbox=open_sandbox(settings),
        line=Line(store, broker, user_limit=settings.user_limit),
        clock=clock,
        metrics=metrics,
    )


def open_sandbox(settings: IngestSettings) -> Sandbox:
    if settings.ocr is not None and settings.pdf_reader == "pypdf":
        raise Misconfigured("TOKENLINE_OCR needs pdfium to draw pages: set TOKENLINE_PDF_READER to auto or pdfium.")
    return Sandbox(
        cpu_s=settings.extract_cpu_s,
        wall_s=settings.extract_wall_s,
        memory_bytes=settings.extract_memory_mb * 1024**2,
        max_chars=settings.extract_max_chars,
        pdf_reader=settings.pdf_reader,
        ocr=settings.ocr,
        ocr_s=settings.ocr_s,
    )


def open_vectors(settings: IngestSettings, store: IndexStore, clock: Clock, metrics: Metrics) -> Indexes:
    layout, make = Layout(cut=CUT), None
    if settings.embedding_url is not None:
        if settings.embedding_model is None or settings.embedding_dimension is None:
            raise Misconfigured(
                "TOKENLINE_EMBEDDING_URL needs TOKENLINE_EMBEDDING_MODEL and TOKENLINE_EMBEDDING_DIMENSION beside it."
            )
        layout = Layout(model=settings.embedding_model, dimension=settings.embedding_dimension, cut=CUT)
        make = make_embedders(settings.embedding_url, settings.embedding_api_key)
    return Indexes(store, open_engine(settings), Embedders(make, layout, clock, metrics))


def open_engine(settings: IngestSettings) -> VectorEngine:
    if settings.qdrant_url is None:
        return EdgeEngine(settings.data_dir / "vectors")
    from qdrant_client import AsyncQdrantClient

    from tokenline.adapters.engine_qdrant import QdrantEngine

    key = None if settings.qdrant_api_key is None else settings.qdrant_api_key.get_secret_value()
    # Checking the server's version would be a blocking call before there is a loop.
    client = AsyncQdrantClient(settings.qdrant_url, api_key=key, timeout=5, check_compatibility=False)
    return QdrantEngine(client, settings.qdrant_prefix)


def make_embedders(url: str, api_key: SecretStr | None) -> Callable[[str], Embedder]:
    from tokenline.adapters.embedder_openai import OpenAIEmbedder

    key = None if api_key is None else api_key.get_secret_value()
    return lambda model: OpenAIEmbedder(url, model, key)


def main() -> None:
    settings = IngestSettings()
    configure_logging("ingest", settings.log_level)
    configure_tracing("ingest", "ingest")
    run(create_app(settings, build_deps(settings)), settings)


if __name__ == "__main__":
    main()
