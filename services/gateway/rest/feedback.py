"""``/api/v1/chat/messages/{id}/feedback``: thumbs up, thumbs down."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.deps import Deps
from services.gateway.feedback import clean_comment, rate
from services.gateway.rest.answers import deps_of
from tokenline.contracts.errors import BadRequest, NotFound
from tokenline.contracts.feedback import MAX_COMMENT, Feedback, FeedbackReason, Rating
from tokenline.runtime.answers import answer
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.documents.says import says

router = APIRouter(prefix="/api/v1/chat/messages/{message_id}/feedback", tags=["messages"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


class NewFeedback(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rating: Rating
    reasons: tuple[FeedbackReason, ...] = Field(default=(), max_length=len(FeedbackReason))
    comment: str | None = Field(default=None, max_length=MAX_COMMENT)


@router.put("", summary="Rate an answer")
@says(Feedback, NotFound, BadRequest)
async def rate_answer(message_id: str, body: NewFeedback, asker: Authenticated, deps: GatewayDeps) -> Response:
    """In place of what you said of it before. Only answers can be rated."""
    feedback = Feedback(
        rating=body.rating,
        reasons=tuple(dict.fromkeys(body.reasons)),
        comment=clean_comment(body.comment),
        at=deps.clock.now(),
    )
    await rate(deps, asker, message_id, feedback)
    return answer(feedback)


@router.delete("", status_code=204, summary="Take a rating back")
@says(None, NotFound, BadRequest)
async def unrate_answer(message_id: str, asker: Authenticated, deps: GatewayDeps) -> None:
    """Nothing happens when there is none."""
    await rate(deps, asker, message_id, None)
