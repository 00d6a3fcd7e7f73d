"""``/v1/models`` and ``/v1/chat/completions``: a completion is a ticket like any other.

Queue state reaches the client in headers and, while it waits, in stream comments that OpenAI clients skip. A program
that drops the connection stops its ticket: nobody would come back for the answer.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response, StreamingResponse

from services.gateway.accept import Question
from services.gateway.deps import Deps
from services.gateway.live import Cursor
from services.gateway.openai_api.shapes import CompletionRequest, chunk, error_body, usage
from services.gateway.rest.answers import deps_of
from tokenline.contracts import frames as f
from tokenline.contracts.base import to_json
from tokenline.contracts.errors import BadRequest, TokenlineError
from tokenline.contracts.tickets import Ticket
from tokenline.core.ticket import TERMINAL, line_entry
from tokenline.runtime.auth.http import Authenticated
from tokenline.runtime.auth.principal import Principal

HEARTBEAT_S = 15.0

router = APIRouter(prefix="/v1", tags=["openai"])
GatewayDeps = Annotated[Deps, Depends(deps_of)]


@router.get("/models")
async def models(_: Authenticated, deps: GatewayDeps) -> dict[str, Any]:
    return {
        "object": "list",
        "data": [
            {"id": agent.id, "object": "model", "created": 0, "owned_by": "tokenline"} for agent in deps.agents.all
        ],
    }


@router.post("/chat/completions")
async def completions(body: CompletionRequest, asker: Authenticated, deps: GatewayDeps) -> Response:
    ticket = await _ask(body, asker, deps)
    position = deps.feed.ledger.position(line_entry(ticket))
    headers = {"x-tokenline-ticket": ticket.id, "x-tokenline-position": str(position)}
    completion = Completion(deps, asker, ticket, body)
    if body.stream:
        return StreamingResponse(
            completion.stream(), media_type="text/event-stream", headers=headers | {"cache-control": "no-store"}
        )
    return await completion.whole(headers)


async def _ask(body: CompletionRequest, asker: Principal, deps: Deps) -> Ticket:
    *before, last = body.messages
    if last.role != "user":
        raise BadRequest("The last message must be the user's.")
    question = Question(
        content=last.text,
        agent_id=body.model,
        context=tuple(message.turn() for message in before),
        archived=True,
    )
    return (await deps.acceptance.ask(asker, question)).ticket


class Completion:
    def __init__(self, deps: Deps, asker: Principal, ticket: Ticket, request: CompletionRequest) -> None:
        self._deps = deps
        self._asker = asker
        self._ticket = ticket
        self._request = request
        self._created = int(ticket.created_at)

    async def whole(self, headers: dict[str, str]) -> Response:
        text: list[str] = []
        async for frame in self._frames():
            match frame:
                case f.Text(text=piece):
                    text.append(piece)
                case f.Restarted():
                    text.clear()
                case f.Snapshot(text=all_of_it):
                    text = [all_of_it]
                case f.Error(error=error):
                    return JSONResponse(
                        {
                            "error": {
                                "message": error.message,
                                "type": "server_error",
                                "code": error.code,
                                "param": None,
                            }
                        },
                        504 if error.code == "queue_timeout" else 502,
                        headers,
                    )
        body = {
            "id": f"chatcmpl-{self._ticket.id}",
            "object": "chat.completion",
            "created": self._created,
            "model": self._request.model,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "".join(text), "refusal": None},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": await self._usage(),
        }
        return JSONResponse(body, headers=headers)

    async def stream(self) -> AsyncIterator[bytes]:
        yield self._data({"role": "assistant", "content": ""})
        async for frame in self._frames():
            match frame:
                case None:
                    yield b": still here\n\n"
                case f.Queued(position=position) | f.Position(position=position):
                    yield b": position %d\n\n" % position
                case f.Held(reason=reason):
                    yield b": held %s\n\n" % reason.encode()
                case f.Text(text=piece):
                    yield self._data({"content": piece})
                case f.Restarted():
                    # Text that was sent cannot be taken back from an OpenAI client.
                    yield _event(
                        {"error": {"message": "The answer broke off.", "type": "server_error", "code": "restarted"}}
                    )
                    return
                case f.Error(error=error):
                    yield _event({"error": {"message": error.message, "type": "server_error", "code": error.code}})
                    return
                case f.Complete() | f.Cancelled():
                    yield self._data({}, finish="stop")
        if self._request.stream_options and self._request.stream_options.include_usage:
            last = chunk(self._ticket.id, self._created, self._request.model, {})
            yield _event(last | {"choices": [], "usage": await self._usage()})
        yield b"data: [DONE]\n\n"

    async def _frames(self) -> AsyncIterator[f.ServerFrame | None]:
        """Decoded frames until the terminal one; ``None`` now and then. Left early, it stops the ticket."""
        cursor = Cursor()
        try:
            async for frame in self._deps.tickets.frames(self._ticket, cursor, HEARTBEAT_S):
                yield msgspec.json.decode(frame, type=f.Text) if isinstance(frame, str) else frame
        finally:
            if not cursor.done:
                self._deps.supervisor.spawn(f"stop.{self._ticket.id}", self._stop())

    async def _stop(self) -> None:
        await self._deps.tickets.stop(self._asker, self._ticket.id)

    async def _usage(self) -> dict[str, int]:
        ticket = await self._deps.store.get_ticket(self._ticket.id)
        if ticket is None or ticket.state not in TERMINAL or ticket.usage is None:
            return usage(0, 0)
        return usage(ticket.usage.prompt_tokens, ticket.usage.completion_tokens)

    def _data(self, delta: dict[str, str], finish: str | None = None) -> bytes:
        return _event(chunk(self._ticket.id, self._created, self._request.model, delta, finish))


def _event(body: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % to_json(body)


def openai_error(error: TokenlineError) -> JSONResponse:
    """An error as OpenAI clients read it."""
    return JSONResponse(error_body(error), error.status)
