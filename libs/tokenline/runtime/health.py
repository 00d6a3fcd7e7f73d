"""The three probes of every service: alive, able to serve, and measured."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from fastapi import APIRouter
from fastapi.responses import Response

from tokenline.contracts.errors import BrokerUnavailable, TokenlineError, TopologyMismatch
from tokenline.contracts.rest import Alive, Readiness
from tokenline.core.ports.broker import Broker
from tokenline.runtime.answers import answer
from tokenline.runtime.documents.says import TEXT, says
from tokenline.runtime.metrics import Metrics

Check = Callable[[], Awaitable[None]]
"""Raises `TokenlineError` when what it looks at cannot serve."""

CHECK_S = 2.0

log = structlog.get_logger()


def broker_serves(broker: Broker) -> Check:
    async def check() -> None:
        # First, since it may be the reason why there is no connection, and only an operator can mend it.
        if broker.mismatch is not None:
            raise TopologyMismatch(broker.mismatch)
        if not broker.connected:
            raise BrokerUnavailable
        if broker.blocked:
            raise BrokerUnavailable("The message broker takes no messages: see to its memory and disk.")

    return check


def probes(
    checks: Mapping[str, Check],
    metrics: Metrics,
    before_scrape: Callable[[], None] | None = None,
    notes: Callable[[], dict[str, str]] = dict,
) -> APIRouter:
    """``before_scrape`` sets the gauges that are read off state; ``notes`` are shown with the checks."""
    router = APIRouter(tags=["probes"])

    @router.get("/healthz", summary="Alive")
    @says(Alive)
    async def healthz() -> Response:
        return answer(Alive())

    @router.get("/readyz", summary="Able to serve")
    @says(Readiness, also={503: Readiness})
    async def readyz() -> Response:
        results = await asyncio.gather(*(_outcome(check) for check in checks.values()))
        report = dict(zip(checks, results, strict=True))
        ready = all(result == "ok" for result in results)
        told = Readiness(status="ready" if ready else "degraded", checks=report, notes=notes())
        return answer(told, 200 if ready else 503)

    @router.get("/metrics", summary="Figures for Prometheus")
    @says(None, media=TEXT, about="In Prometheus' text format.")
    async def scrape() -> Response:
        if before_scrape is not None:
            before_scrape()
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


async def _outcome(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_S):
            await check()
    except TimeoutError:
        return f"no answer within {CHECK_S:g} s"
    except TokenlineError as error:
        return error.message
    return "ok"
