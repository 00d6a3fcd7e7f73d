"""The `Model` port through the ``openai`` client, reading the stream's bytes ourselves."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from itertools import chain
from typing import Any

import aiohttp
import httpx2
import openai

from tokenline.adapters.model_openai.chunks import AnswerReader
from tokenline.adapters.model_openai.errors import from_status
from tokenline.adapters.model_openai.patience import Patience
from tokenline.adapters.model_openai.pouring import Pour, Pouring, Take
from tokenline.adapters.model_openai.transport import Body, DirectTransport
from tokenline.contracts.base import to_json
from tokenline.contracts.errors import AnswerIncomplete, ModelUnavailable, TokenlineError
from tokenline.core.ports.model import ChatTurn, ModelEnd, ModelEvent, ModelRequest, ModelText, Picture

_CONNECT_S = 5.0
_IDLE_S = 3.0
"""Idle connections are dropped before common servers do so at 5 s: a request must not meet a connection just closed."""
_AFTER_FINISH_S = 2.0
"""The answer is whole; so long the usage may take that follows it."""
_AFTER_DONE_S = 0.25
"""So long the body may take to end, for the connection to be used again."""

OnText = Callable[[ModelText], None]


class _Client(openai.DefaultAioHttpClient):
    """Goes to endpoints itself, and to proxies that the environment names as the client does."""

    def _init_transport(self, *_: Any, **__: Any) -> httpx2.AsyncBaseTransport:
        # Not the client's argument of that name: with it, the environment's proxies are ignored.
        return DirectTransport(_IDLE_S)

    def expect(self, request: httpx2.Request) -> None:
        """A proxy's connections are the client's own."""
        transport = self._transport_for_url(request.url)
        if isinstance(transport, DirectTransport):
            transport.expect(request)


class OpenAIModel:
    """``base_url`` ends in ``/v1``. An empty ``api_key`` is for endpoints that want none.

    ``first_token_s`` and ``total_s`` count from the call; ``between_tokens_s`` from the last chunk in which the model
    said something, so that keep-alives prolong nothing.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        first_token_s: float = 60,
        between_tokens_s: float = 30,
        total_s: float = 300,
    ) -> None:
        self._first_token_s = first_token_s
        self._between_tokens_s = between_tokens_s
        self._total_s = total_s
        # Reading has our own deadlines; waiting for a free connection is a matter of slots, not of this pool.
        timeout = httpx2.Timeout(None, connect=_CONNECT_S)
        # Of connections to a proxy; those of `DirectTransport` have no limit.
        limits = httpx2.Limits(max_connections=100_000, keepalive_expiry=_IDLE_S)
        self._http = _Client(timeout=timeout, limits=limits)
        self._pattern = _pattern(
            openai.AsyncOpenAI(base_url=base_url, api_key=api_key or "none", http_client=self._http), self._http
        )

    def stream(
        self, request: ModelRequest, on_text: OnText | None = None, /
    ) -> AbstractAsyncContextManager[AsyncIterator[ModelEvent]]:
        return self._stream(request, on_text)

    def expect(self) -> None:
        self._http.expect(self._pattern)

    async def close(self) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def _stream(self, request: ModelRequest, on_text: OnText | None) -> AsyncGenerator[AsyncIterator[ModelEvent]]:
        start = asyncio.get_running_loop().time()
        total_at = start + self._total_s
        first_at = min(start + self._first_token_s, total_at)
        response = await self._open(request, first_at)
        try:
            events = self._events(response, first_at, total_at, on_text)
            async with aclosing(events):
                yield events
        finally:
            await response.aclose()

    async def _open(self, request: ModelRequest, first_at: float) -> httpx2.Response:
        """The response with its body still to come; the caller closes it."""
        asked = httpx2.Request(
            self._pattern.method,
            self._pattern.url,
            headers=self._pattern.headers,
            content=to_json(_body(request)),
            extensions=self._pattern.extensions,
        )
        try:
            async with asyncio.timeout_at(first_at):
                response = await self._http.send(asked, stream=True)
                if not response.is_success:
                    raise await _refusal(response)
        # "from None": the libraries' errors hold the request, and with it the key.
        except (TimeoutError, httpx2.HTTPError, aiohttp.ClientError) as error:
            raise _broken_off(error, began=False) from None
        return response

    async def _events(
        self, response: httpx2.Response, first_at: float, total_at: float, on_text: OnText | None
    ) -> AsyncGenerator[ModelEvent]:
        """Both instants are on the loop's clock."""
        patience = Patience(first_at, total_at)

        def go_on(reader: AnswerReader) -> None:
            patience.give(self._between_tokens_s if reader.finish_reason is None else _AFTER_FINISH_S)

        pouring = Pouring(on_text, go_on)
        reader, events = pouring.reader, pouring.events
        async with _body_of(response) as pour:
            try:
                with patience:
                    while not reader.done and await patience.wait(pour(pouring.take)):
                        for event in events:
                            yield event
                        events.clear()
                        if pouring.failure is not None:
                            raise pouring.failure
            except (TimeoutError, httpx2.HTTPError, aiohttp.ClientError) as error:
                if reader.finish_reason is None:
                    raise _broken_off(error, began=reader.progress > 0) from None
            last = reader.end()
            if last is not None:
                yield last
            for call in reader.take_calls():
                yield call
            yield _conclusion(reader)
            await _drain(pour)


def _pattern(client: openai.AsyncOpenAI, http: httpx2.AsyncClient) -> httpx2.Request:
    """What all requests have in common, as ``client`` addresses, signs and names them.

    Drawn up once: it would do so anew for each, and check each message against its types, all on the event loop.
    """
    named = client.auth_headers | client.default_headers
    headers = {name: value for name, value in named.items() if isinstance(value, str)}
    url = client.base_url.copy_with(raw_path=client.base_url.raw_path.rstrip(b"/") + b"/chat/completions")
    pattern = http.build_request("POST", url, headers=headers)
    pattern.headers.pop("content-length", None)
    return pattern


async def _refusal(response: httpx2.Response) -> TokenlineError:
    """What the endpoint says in place of an answer."""
    try:
        said = await response.aread()
    finally:
        await response.aclose()
    try:
        body: object = json.loads(said)
    except ValueError:
        body = response.text
    return from_status(response.status_code, response.headers, body)


def _body(request: ModelRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(turn) for turn in request.turns],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    return body | request.extra


def _message(turn: ChatTurn) -> ChatTurn | dict[str, Any]:
    """As OpenAI nests it. A plain turn is written as it is."""
    if turn.pictures:
        return {"role": turn.role, "content": [_text(turn.content), *chain.from_iterable(map(_shown, turn.pictures))]}
    if not turn.tool_calls:
        return turn
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in turn.tool_calls
    ]
    return {"role": turn.role, "content": turn.content, "tool_calls": calls}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _shown(picture: Picture) -> tuple[dict[str, Any], dict[str, Any]]:
    """Behind its name, so that the model knows which one is meant."""
    url = f"data:image/jpeg;base64,{b64encode(picture.jpeg).decode()}"
    return _text(f"{picture.name}:"), {"type": "image_url", "image_url": {"url": url}}


def _conclusion(reader: AnswerReader) -> ModelEnd:
    if reader.finish_reason is not None:
        return ModelEnd(finish_reason=reader.finish_reason, usage=reader.usage)
    if not reader.chunks:
        raise ModelUnavailable("The model's endpoint did not answer with a stream. Is its address right?")
    raise AnswerIncomplete


@asynccontextmanager
async def _body_of(response: httpx2.Response) -> AsyncGenerator[Pour]:
    """What gives the next bytes of it as they come."""
    direct = response.extensions.get("body")
    if isinstance(direct, Body) and "content-encoding" not in response.headers:
        yield direct.pour
        return
    async with aclosing(response.aiter_bytes()) as body:

        async def pour(take: Take) -> bool:
            async for data in body:
                if not take(data):
                    return True
            return False

        yield pour


async def _drain(pour: Pour) -> None:
    """Read to the end of the body, or let the connection go."""
    try:
        async with asyncio.timeout(_AFTER_DONE_S):
            await pour(lambda _: True)
    except (TimeoutError, httpx2.HTTPError, aiohttp.ClientError):
        return


def _broken_off(error: Exception, *, began: bool) -> TokenlineError:
    """``began``: part of the answer was there already."""
    if isinstance(error, TimeoutError):
        return AnswerIncomplete("The model did not go on in time.")
    return AnswerIncomplete() if began else ModelUnavailable()
