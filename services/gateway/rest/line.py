"""Before sending: which agents there are, and how long each pool's line is."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.gateway.deps import Deps
from services.gateway.rest.answers import answer, deps_of
from tokenline.runtime.auth.http import Authenticated

router = APIRouter(prefix="/api/v1", tags=["line"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.get("/agents")
async def agents(_: Authenticated, deps: GatewayDeps, capability: str | None = None) -> Response:
    items = [
        {
            "id": agent.id,
            "name": agent.name,
            "description": agent.description,
            "capabilities": agent.capabilities,
            "pool": agent.pool,
        }
        for agent in deps.agents.all
        if capability is None or capability in agent.capabilities
    ]
    return answer({"items": items, "next": None})


@router.get("/queue/status")
async def queue_status(asker: Authenticated, deps: GatewayDeps) -> Response:
    """What the caller would meet by asking now."""
    ledger = deps.feed.ledger
    now = deps.clock.now()
    items = []
    for pool in sorted({agent.pool for agent in deps.agents.all}):
        line = ledger.pool(pool)
        forecast = ledger.forecast(pool, now)
        items.append(
            {
                "pool": pool,
                "waiting": line.waiting,
                "running": len(line.running),
                "slots": ledger.slots(pool),
                "workers": len(ledger.workers_of(pool)),
                "eta": forecast.at(line.back(asker.tier), asker.tier) if forecast else None,
            }
        )
    return answer({"items": items, "next": None})
