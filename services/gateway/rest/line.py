"""Before sending: which agents there are, and how long each pool's line is."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of
from tokenline.contracts.ids import Pool
from tokenline.contracts.rest import AgentCard, AgentPage, PoolStatus, PoolStatusPage
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import says

router = APIRouter(prefix="/api/v1", tags=["line"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.get("/agents", summary="List agents")
@says(AgentPage, about="All of them.")
async def list_agents(_: Authenticated, deps: GatewayDeps, capability: str | None = None) -> Response:
    items = [
        AgentCard(
            id=agent.id,
            name=agent.name,
            description=agent.description,
            capabilities=agent.capabilities,
            pool=agent.pool,
        )
        for agent in deps.agents.all
        if capability is None or capability in agent.capabilities
    ]
    return answer(AgentPage(items=tuple(items)))


@router.get("/queue/status", summary="How long each line is")
@says(PoolStatusPage, about="One item per pool.")
async def queue_status(asker: Authenticated, deps: GatewayDeps) -> Response:
    """What the caller would meet by asking now."""
    pools = sorted({agent.pool for agent in deps.agents.all})
    return answer(PoolStatusPage(items=tuple(_status(deps, pool, asker.tier) for pool in pools)))


def _status(deps: Deps, pool: Pool, tier: int) -> PoolStatus:
    ledger = deps.feed.ledger
    line = ledger.pool(pool)
    forecast = ledger.forecast(pool, deps.clock.now())
    return PoolStatus(
        pool=pool,
        waiting=line.waiting,
        running=len(line.running),
        slots=ledger.slots(pool),
        workers=len(ledger.workers_of(pool)),
        eta=forecast.at(line.back(tier), tier) if forecast else None,
    )
