"""The HTTP face of the stand-in."""

import asyncio
import re
from collections.abc import AsyncIterator

import anyio.to_thread
import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tokenline.contracts.errors import BadRequest, Rejected, TooLarge
from tokenline.core.clock import Clock, new_id
from tokenline.offline_model import wire
from tokenline.offline_model.reply import reply

MAX_BODY_BYTES = 32 << 20
"""As much as pictures take, which are only counted."""
_PIECE = re.compile(r"\s*\S+|\s+$")


class Offline:
    """``tokens_per_second`` words are streamed in a second; 0: as fast as they are taken."""

    def __init__(self, clock: Clock, tokens_per_second: float) -> None:
        self._clock = clock
        self._tokens_per_second = tokens_per_second

    async def complete(self, http: Request) -> Response:
        request = wire.read_request(await _body(http))
        turns = request.turns()
        # Megabytes of passages take a second to search; the streams of others go on meanwhile.
        text = await anyio.to_thread.run_sync(reply, turns)
        pieces = _PIECE.findall(text)
        finish_reason = "stop"
        if request.limit is not None and len(pieces) > request.limit:
            pieces, finish_reason = pieces[: request.limit], "length"
        used = wire.usage(sum(len(turn.content.split()) for turn in turns), len(pieces))
        now = self._clock.now()
        answer_id, created = f"chatcmpl-{new_id(now)}", int(now)
        if not request.stream:
            body = wire.whole(answer_id, created, "".join(pieces), finish_reason, used)
            return Response(body, media_type="application/json")

        async def chunks() -> AsyncIterator[bytes]:
            yield wire.chunk(answer_id, created, {"role": "assistant", "content": ""})
            async for piece in paced(pieces, self._tokens_per_second):
                yield wire.chunk(answer_id, created, {"content": piece})
            yield wire.chunk(answer_id, created, {}, finish_reason)
            if request.stream_options and request.stream_options.include_usage:
                yield wire.usage_chunk(answer_id, created, used)
            yield wire.DONE

        return StreamingResponse(chunks(), media_type="text/event-stream", headers={"cache-control": "no-cache"})


async def paced(pieces: list[str], per_second: float) -> AsyncIterator[str]:
    """``per_second`` 0: at once."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    for index, piece in enumerate(pieces):
        if per_second:
            await asyncio.sleep(start + index / per_second - loop.time())
        yield piece


async def _body(http: Request) -> bytes:
    body = bytearray()
    try:
        async for part in http.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise TooLarge("The request is larger than 32 MiB.")
    except ClientDisconnect:
        raise BadRequest("The request ended early.") from None
    return bytes(body)


async def _refused(_: Request, error: Exception) -> Response:
    """OpenAI's error shape."""
    assert isinstance(error, Rejected)  # noqa: S101 - the handler is registered for nothing else
    shown = {"message": error.message, "type": "invalid_request_error", "param": None, "code": error.code}
    return Response(msgspec.json.encode({"error": shown}), error.status, media_type="application/json")


async def _models(_: Request) -> Response:
    models = [{"id": wire.MODEL, "object": "model", "created": 0, "owned_by": "tokenline"}]
    return Response(msgspec.json.encode({"object": "list", "data": models}), media_type="application/json")


async def _well(_: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


def create_app(clock: Clock, tokens_per_second: float) -> Starlette:
    return Starlette(
        routes=[
            Route("/v1/models", _models),
            Route("/v1/chat/completions", Offline(clock, tokens_per_second).complete, methods=["POST"]),
            Route("/healthz", _well),
            Route("/readyz", _well),
        ],
        exception_handlers={Rejected: _refused},
    )
