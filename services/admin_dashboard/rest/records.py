"""Dead letters, what users think of answers, and what administrators did."""

from fastapi.responses import Response

from services.admin_dashboard.rest.answers import Cursor, DashboardDeps, Limit, admin_router, answer
from tokenline.contracts.admin import AuditLog, DeadLetterPage, FeedbackLog, FeedbackRow
from tokenline.contracts.errors import BadRequest
from tokenline.runtime.documents.says import says

PAGE = 50

router = admin_router()


@router.get("/dead-letters", summary="List dead letters")
@says(DeadLetterPage, BadRequest)
async def dead_letters(deps: DashboardDeps, cursor: Cursor = None, limit: Limit = PAGE) -> Response:
    return answer(await deps.dead_letters.page(cursor, limit))


@router.get("/audit", summary="List what administrators did")
@says(AuditLog, BadRequest)
async def audit(deps: DashboardDeps, cursor: Cursor = None, limit: Limit = PAGE) -> Response:
    found = await deps.store.audit(cursor=cursor, limit=limit)
    return answer(AuditLog(items=found.items, next=found.next))


@router.get("/feedback", summary="List what users think of answers")
@says(FeedbackLog, BadRequest)
async def feedback(deps: DashboardDeps, cursor: Cursor = None, limit: Limit = PAGE) -> Response:
    found = await deps.store.feedback(cursor=cursor, limit=limit)
    await deps.names.load(rated.owner_id for rated in found.items)
    items = [
        FeedbackRow(
            message_id=rated.message_id,
            conversation_id=rated.conversation_id,
            user=deps.names.of(rated.owner_id),
            agent=rated.agent_id,
            feedback=rated.feedback,
        )
        for rated in found.items
    ]
    return answer(FeedbackLog(items=tuple(items), next=found.next))
