"""Run the ingest service: ``python -m services.ingest``.

The clients of servers are imported where one is set: they take a second of every start and 70 MiB.
"""

from functools import partial

from services.ingest.app import METRICS, create_app
from services.ingest.deps import Deps
from services.ingest.extract.sandbox import Sandbox
from services.ingest.settings import IngestSettings
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.adapters.vectors_edge import EdgeVectors
from tokenline.adapters.vectors_shared import Layout
from tokenline.contracts.errors import Misconfigured
from tokenline.contracts.metrics import STORE_WRITE
from tokenline.core.clock import SystemClock
from tokenline.core.ports.embedder import Embedder
from tokenline.core.ports.vectors import VectorIndex
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
        vectors=open_vectors(settings),
        embedder=open_embedder(settings),
        sandbox=Sandbox(
            cpu_s=settings.extract_cpu_s,
            wall_s=settings.extract_wall_s,
            memory_bytes=settings.extract_memory_mb * 1024**2,
            max_chars=settings.extract_max_chars,
            pdf_reader=settings.pdf_reader,
        ),
        line=Line(store, broker, user_limit=settings.user_limit),
        clock=clock,
        metrics=metrics,
    )


def open_vectors(settings: IngestSettings) -> VectorIndex:
    layout = Layout()
    if settings.embedding_url is not None:
        layout = Layout(settings.embedding_model, settings.embedding_dimension)
    if settings.qdrant_url is None:
        return EdgeVectors(settings.data_dir / "vectors", layout)
    from qdrant_client import AsyncQdrantClient

    from tokenline.adapters.vectors_qdrant import QdrantVectors

    key = None if settings.qdrant_api_key is None else settings.qdrant_api_key.get_secret_value()
    # Checking the server's version would be a blocking call before there is a loop.
    client = AsyncQdrantClient(settings.qdrant_url, api_key=key, timeout=5, check_compatibility=False)
    return QdrantVectors(client, layout)


def open_embedder(settings: IngestSettings) -> Embedder | None:
    if settings.embedding_url is None:
        return None
    if settings.embedding_model is None or settings.embedding_dimension is None:
        raise Misconfigured(
            "TOKENLINE_EMBEDDING_URL needs TOKENLINE_EMBEDDING_MODEL and TOKENLINE_EMBEDDING_DIMENSION beside it."
        )
    from tokenline.adapters.embedder_openai import OpenAIEmbedder

    key = None if settings.embedding_api_key is None else settings.embedding_api_key.get_secret_value()
    return OpenAIEmbedder(settings.embedding_url, settings.embedding_model, key)


def main() -> None:
    settings = IngestSettings()
    configure_logging("ingest", settings.log_level)
    configure_tracing("ingest", "ingest")
    run(create_app(settings, build_deps(settings)), settings)


if __name__ == "__main__":
    main()
