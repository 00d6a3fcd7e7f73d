"""``/api/v1/webhooks``: addresses that are told when a ticket has ended."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.deps import Deps
from services.gateway.rest.answers import deps_of
from tokenline.contracts.errors import BadRequest, Conflict, NotFound
from tokenline.contracts.rest import DeliveryCard, DeliveryPage, WebhookCard, WebhookPage, WebhookSecret
from tokenline.contracts.webhooks import Delivery, Webhook
from tokenline.core.webhooks import MAX_URL
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import says

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]
Limit = Annotated[int, Query(ge=1, le=200)]


class NewWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str = Field(min_length=1, max_length=MAX_URL)


def card(webhook: Webhook) -> WebhookCard:
    return WebhookCard(**_shown(webhook, WebhookCard))


def with_secret(webhook: Webhook, secret: str) -> WebhookSecret:
    return WebhookSecret(**_shown(webhook, WebhookCard), secret=secret)


def delivery_card(delivery: Delivery) -> DeliveryCard:
    return DeliveryCard(**_shown(delivery, DeliveryCard))


def _shown(value: Webhook | Delivery, shape: type[WebhookCard | DeliveryCard]) -> dict[str, Any]:
    return {field: getattr(value, field) for field in shape.__struct_fields__}


@router.post("", status_code=201, summary="Register an address")
@says(WebhookSecret, BadRequest, Conflict)
async def register_webhook(body: NewWebhook, asker: Authenticated, deps: GatewayDeps) -> Response:
    """The secret is shown here and after a rotation, and never again."""
    webhook, secret = await deps.webhooks.register(asker, body.url)
    return answer(with_secret(webhook, secret), 201)


@router.get("", summary="List webhooks")
@says(WebhookPage)
async def list_webhooks(asker: Authenticated, deps: GatewayDeps) -> Response:
    return answer(WebhookPage(items=tuple(map(card, await deps.webhooks.of(asker)))))


@router.get("/{webhook_id}", summary="Read a webhook")
@says(WebhookCard, NotFound)
async def read_webhook(webhook_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    return answer(card(await deps.webhooks.get(asker, webhook_id)))


@router.delete("/{webhook_id}", status_code=204, summary="Delete a webhook")
@says(None, NotFound)
async def delete_webhook(webhook_id: str, asker: Authenticated, deps: GatewayDeps) -> None:
    """What is not delivered by then never will be."""
    await deps.webhooks.delete(asker, webhook_id)


@router.post("/{webhook_id}/rotate", summary="Replace the secret")
@says(WebhookSecret, NotFound, Conflict)
async def rotate_webhook(webhook_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    """A new secret. For a day deliveries are signed with the former one, too."""
    webhook, secret = await deps.webhooks.rotate(asker, webhook_id)
    return answer(with_secret(webhook, secret))


@router.get("/{webhook_id}/deliveries", summary="How deliveries went")
@says(DeliveryPage, NotFound, BadRequest)
async def list_deliveries(
    webhook_id: str, asker: Authenticated, deps: GatewayDeps, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """Latest end first."""
    page = await deps.webhooks.deliveries(asker, webhook_id, cursor=cursor, limit=limit)
    return answer(DeliveryPage(items=tuple(map(delivery_card, page.items)), next=page.next))


@router.post("/{webhook_id}/deliveries/{ticket_id}/retry", status_code=202, summary="Deliver again")
@says(DeliveryCard, NotFound, Conflict)
async def retry_delivery(webhook_id: str, ticket_id: str, asker: Authenticated, deps: GatewayDeps) -> Response:
    """Deliver it at once, once more if it was delivered already."""
    return answer(delivery_card(await deps.webhooks.retry(asker, webhook_id, ticket_id)), 202)
