"""A real worker whose model answers at once with nothing: ``python -m tests.bench.line.empty_worker``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.agent_worker.__main__ import build_deps
from services.agent_worker.app import create_app
from services.agent_worker.settings import WorkerSettings
from tokenline.contracts.tickets import Usage
from tokenline.core.ports.model import ModelEnd, ModelEvent, ModelRequest
from tokenline.runtime.logging import configure_logging
from tokenline.runtime.serve import run


class EmptyModel:
    @asynccontextmanager
    async def stream(self, _: ModelRequest) -> AsyncIterator[AsyncIterator[ModelEvent]]:
        async def end() -> AsyncIterator[ModelEvent]:
            yield ModelEnd(finish_reason="stop", usage=Usage())

        yield end()

    async def close(self) -> None:
        pass


def main() -> None:
    settings = WorkerSettings()
    configure_logging(settings.worker_id, settings.log_level)
    deps = build_deps(settings)
    deps.model = EmptyModel()
    run(create_app(settings, deps), settings)


if __name__ == "__main__":
    main()
