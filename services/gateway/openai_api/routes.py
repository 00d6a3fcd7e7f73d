"""``/v1/models`` and ``/v1/chat/completions``: a completion is a ticket like any other.

Queue state reaches the client in headers and, while it waits, in stream comments that OpenAI clients skip. A program
that drops the connection stops its ticket, unless it named the request and comes back for the answer.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response

from services.gateway.accept import Question
from services.gateway.deps import Deps
from services.gateway.openai_api import answers, limits, queue_state
from services.gateway.openai_api.completion import Completion, Failed
from services.gateway.openai_api.pictures import Attaching, Sent
from services.gateway.openai_api.requests import CompletionRequest
from services.gateway.openai_api.waiting import Events, WaitedFor
from services.gateway.rest.answers import deps_of
from tokenline.contracts.errors import BadRequest, NotFound, error_class
from tokenline.core.ports.store import Accepted
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.http_errors import error_response
from tokenline.runtime.other_methods import refuse_other_methods

MAX_KEY = 255
EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

router = APIRouter(prefix="/v1", tags=["openai"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.get("/models", summary="List agents, as models", responses=answers.errors(401, 403))
async def models(_: Authenticated, deps: GatewayDeps) -> answers.ModelList:
    return answers.ModelList(data=[answers.Model(id=agent.id) for agent in deps.agents.all])


@router.get("/models/{model_id:path}", summary="One agent, as a model", responses=answers.errors(401, 403, 404))
async def model(model_id: str, _: Authenticated, deps: GatewayDeps) -> answers.Model:
    _check_model(deps, model_id)
    return answers.Model(id=model_id)


@router.post(
    "/chat/completions",
    summary="Ask, as OpenAI clients do",
    response_class=JSONResponse,
    response_model=None,
    responses=answers.completion(),
)
async def completions(
    body: CompletionRequest,
    asker: Authenticated,
    deps: GatewayDeps,
    idempotency_key: Annotated[str | None, Header(max_length=MAX_KEY)] = None,
    x_tokenline_events: Annotated[str | None, Header()] = None,
) -> Response:
    """An answer of the agent called ``model``. The same ``Idempotency-Key`` again is the same ticket again."""
    _check_model(deps, body.model)
    question = body.question(f"openai:{idempotency_key}" if idempotency_key else None)
    accepted = await _ask(deps, asker, question, body.pictures())
    ticket = accepted.ticket
    headers = queue_state.headers(deps, ticket) | limits.headers(accepted.used, deps.clock.now())
    completion = Completion(deps, asker, ticket, body.model, named=idempotency_key is not None)
    if body.stream:
        events = x_tokenline_events == queue_state.ASKED
        return Events(completion.stream(usage=body.include_usage, events=events), headers)

    async def work() -> Response:
        try:
            return JSONResponse(await completion.whole(), headers=headers)
        except Failed as failed:
            stay_away = {} if failed.repeat else {"x-should-retry": "false"}
            return error_response(failed.info, error_class(failed.info.code).status, headers | stay_away)

    return WaitedFor(work)


@router.api_route("/{path:path}", methods=EVERY_METHOD, include_in_schema=False)
async def nothing_else(path: str, request: Request) -> None:
    """The chat page, which answers every other path, is no answer for a program."""
    refuse_other_methods(request.scope)
    raise NotFound(f"There is nothing at /v1/{path[:100]}.")


def _check_model(deps: Deps, model_id: str) -> None:
    if all(agent.id != model_id for agent in deps.agents.all):
        raise NotFound(f"The model {model_id[:100]!r} does not exist.", param="model")


async def _ask(deps: Deps, asker: Principal, question: Question, pictures: list[list[Sent]]) -> Accepted:
    attaching = Attaching(deps, asker, question.client_message_id)
    try:
        whole = await attaching.attach(question, pictures)
        accepted = await deps.acceptance.ask(asker, whole)
        _check_repeated(accepted, whole)
    except Exception:
        deps.supervisor.spawn("pictures.undo", attaching.undo())
        raise
    return accepted


def _check_repeated(accepted: Accepted, question: Question) -> None:
    """The same key with another request is a mistake, and the earlier answer would be taken for its answer."""
    asked = accepted.question
    before = (asked.content, asked.context, asked.after_tools, asked.options, asked.attachment_ids)
    if not accepted.created and before != (
        question.content,
        question.context,
        question.after_tools,
        question.options,
        question.attachment_ids,
    ):
        raise BadRequest("This Idempotency-Key was used for another request.", param="Idempotency-Key")
