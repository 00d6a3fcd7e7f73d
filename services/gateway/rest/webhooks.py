"""``/api/v1/webhooks``: addresses that are told when a ticket has ended."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.deps import Deps
from services.gateway.rest.answers import answer, deps_of
from tokenline.contracts.webhooks import Delivery, Webhook
from tokenline.core.webhooks import MAX_URL
from tokenline.runtime.auth.http import Authenticated

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]
Limit = Annotated[int, Query(ge=1, le=200)]


class NewWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str = Field(min_length=1, max_length=MAX_URL)


def view(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "created_at": webhook.created_at,
        "rotated_at": webhook.rotated_at,
    }


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(delivery)
    for hidden in ("owner_id", "version"):
        del shown[hidden]
    return shown


@router.post("", status_code=201)
async def register(body: NewWebhook, asker: Authenticated, deps: GatewayDeps) -> Response:
    """The secret is shown here and after a rotation, and never again."""
    webhook, secret = await deps.webhooks.register(asker, body.url)
    return answer(view(webhook) | {"secret": secret}, 201)


@router.get("")
async def list_all(asker: Authenticated, deps: GatewayDeps) -> Response:
    return answer({"items": [view(webhook) for webhook in await deps.webhooks.of(asker)], "next": None})


@router.get("/{webhook_id}")
async def read(webhook_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    return answer(view(await deps.webhooks.get(asker, webhook_id)))


@router.delete("/{webhook_id}", status_code=204)
async def delete(webhook_id: str, asker: Authenticated, deps: GatewayDeps) -> None:
    """What is not delivered by then never will be."""
    await deps.webhooks.delete(asker, webhook_id)


@router.post("/{webhook_id}/rotate")
async def rotate(webhook_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    """A new secret. For a day deliveries are signed with the former one, too."""
    webhook, secret = await deps.webhooks.rotate(asker, webhook_id)
    return answer(view(webhook) | {"secret": secret})


@router.get("/{webhook_id}/deliveries")
async def deliveries(
    webhook_id: str, asker: Authenticated, deps: GatewayDeps, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """Latest end first."""
    page = await deps.webhooks.deliveries(asker, webhook_id, cursor=cursor, limit=limit)
    return answer({"items": [delivery_view(delivery) for delivery in page.items], "next": page.next})


@router.post("/{webhook_id}/deliveries/{ticket_id}/retry", status_code=202)
async def retry(webhook_id: str, ticket_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    """Deliver it at once, once more if it was delivered already."""
    return answer(delivery_view(await deps.webhooks.retry(asker, webhook_id, ticket_id)), 202)
