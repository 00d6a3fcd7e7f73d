"""A real worker whose model answers with nothing, at once or after ``TOKENLINE_BENCH_ANSWER_S``.

``python -m tests.bench.line.empty_worker``
"""

import asyncio
import os
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
    def __init__(self, answer_s: float) -> None:
        self._answer_s = answer_s

    @asynccontextmanager
    async def stream(self, _: ModelRequest, __: object = None) -> AsyncIterator[AsyncIterator[ModelEvent]]:
        async def end() -> AsyncIterator[ModelEvent]:
            if self._answer_s:
                await asyncio.sleep(self._answer_s)
            yield ModelEnd(finish_reason="stop", usage=Usage())

        yield end()

    def expect(self) -> None:
        """Nothing to do ahead."""

    async def close(self) -> None:
        pass


def main() -> None:
    settings = WorkerSettings()
    configure_logging(settings.worker_id, settings.log_level)
    deps = build_deps(settings)
    deps.model = EmptyModel(float(os.environ.get("TOKENLINE_BENCH_ANSWER_S", "0")))
    run(create_app(settings, deps), settings)


if __name__ == "__main__":
    main()
