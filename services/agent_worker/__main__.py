"""Run one worker: ``python -m services.agent_worker``."""

from functools import partial

from services.agent_worker.app import METRICS, create_app
from services.agent_worker.deps import Deps
from services.agent_worker.failures import Failures
from services.agent_worker.pictures import Gallery
from services.agent_worker.publisher import Publisher
from services.agent_worker.settings import WorkerSettings
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.adapters.model_openai import OpenAIModel
from tokenline.adapters.search_http import IngestSearch
from tokenline.contracts.metrics import PUBLISH, STORE_WRITE
from tokenline.core.clock import SystemClock
from tokenline.runtime.agents import load_agents
from tokenline.runtime.line import Line
from tokenline.runtime.logging import configure_logging
from tokenline.runtime.metrics import Metrics
from tokenline.runtime.serve import run
from tokenline.runtime.tracing import configure_tracing
from tokenline.runtime.wiring import open_broker, open_store


def build_deps(settings: WorkerSettings) -> Deps:
    clock = SystemClock()
    metrics = Metrics(*METRICS)
    store = open_store(settings, clock, partial(metrics.observe, STORE_WRITE))
    broker = open_broker(
        settings,
        f"tokenline {settings.worker_id}",
        lambda exchange, seconds: metrics.observe(PUBLISH, seconds, exchange),
    )
    line = Line(store, broker, user_limit=settings.user_limit)
    return Deps(
        store=store,
        broker=broker,
        model=OpenAIModel(
            settings.openai_base_url,
            settings.openai_api_key.get_secret_value(),
            first_token_s=settings.first_token_s,
            between_tokens_s=settings.between_tokens_s,
            total_s=settings.answer_s,
        ),
        search=IngestSearch(settings.ingest_url, settings.service_token.get_secret_value()),
        gallery=Gallery(ObstoreFiles(settings.files or settings.data_dir / "files"), settings.pictures),
        agents=load_agents(settings.agents_file, settings.model),
        clock=clock,
        metrics=metrics,
        line=line,
        publisher=Publisher(broker, settings.worker_id, settings.tick_s),
        failures=Failures(line, broker, metrics, settings.attempts),
        tool_s=settings.tool_s,
        answer_s=settings.answer_s,
    )


def main() -> None:
    settings = WorkerSettings()
    configure_logging(settings.worker_id, settings.log_level)
    configure_tracing("agent-worker", settings.worker_id)
    run(create_app(settings, build_deps(settings)), settings)


if __name__ == "__main__":
    main()
