"""The `Model` port through the ``openai`` client, reading the stream's bytes ourselves."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager
from typing import Any

import aiohttp
import httpx2
import openai

from tokenline.adapters.model_openai.chunks import AnswerReader
from tokenline.adapters.model_openai.errors import from_status
from tokenline.contracts.base import to_json
from tokenline.contracts.errors import AnswerIncomplete, ModelUnavailable
from tokenline.core.ports.model import ModelEnd, ModelEvent, ModelRequest

_CONNECT_S = 5.0
_IDLE_S = 3.0
"""Idle connections are dropped before common servers do so at 5 s: a request must not meet a connection just closed."""
_AFTER_FINISH_S = 2.0
"""The answer is whole; so long the usage may take that follows it."""
_AFTER_DONE_S = 0.25
"""So long the body may take to end, for the connection to be used again."""


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
        limits = httpx2.Limits(max_connections=100_000, keepalive_expiry=_IDLE_S)
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAioHttpClient(timeout=timeout, limits=limits),
        )

    def stream(self, request: ModelRequest) -> AbstractAsyncContextManager[AsyncIterator[ModelEvent]]:
        return self._stream(request)

    async def close(self) -> None:
        await self._client.close()

    @asynccontextmanager
    async def _stream(self, request: ModelRequest) -> AsyncGenerator[AsyncIterator[ModelEvent]]:
        start = asyncio.get_running_loop().time()
        total_at = start + self._total_s
        first_at = min(start + self._first_token_s, total_at)
        with _translated(began=False):
            async with asyncio.timeout_at(first_at):
                response = await self._open(request)
        try:
            events = self._events(response, first_at, total_at)
            async with aclosing(events):
                yield events
        finally:
            await response.aclose()

    async def _open(self, request: ModelRequest) -> httpx2.Response:
        """The response with its body still to come; the caller closes it."""
        # Not `chat.completions.create`: it checks every message against its types on the event loop, which costs
        # 0.2 ms a message, twice as much as all the rest of a request.
        stream = await self._client.post(
            "/chat/completions",
            content=to_json(_body(request)),
            cast_to=object,
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )
        return stream.response

    async def _events(self, response: httpx2.Response, due: float, total_at: float) -> AsyncGenerator[ModelEvent]:
        """``due``: when the next sign of life must have come, on the loop's clock."""
        now = asyncio.get_running_loop().time
        reader = AnswerReader()
        async with aclosing(response.aiter_bytes()) as body:
            while not reader.done:
                progress = reader.progress
                data = await self._read(body, due, reader)
                text = reader.feed(data) if data else reader.end()
                if text is not None:
                    yield text
                if not data:
                    break
                if reader.progress != progress:
                    patience_s = self._between_tokens_s if reader.finish_reason is None else _AFTER_FINISH_S
                    due = min(now() + patience_s, total_at)
            yield _conclusion(reader)
            await _drain(body)

    async def _read(self, body: AsyncGenerator[bytes], due: float, reader: AnswerReader) -> bytes:
        """The next bytes; none at the end of the body, or of our patience with a finished answer."""
        try:
            with _translated(began=reader.progress > 0):
                async with asyncio.timeout_at(due):
                    return await anext(body, b"")
        except (ModelUnavailable, AnswerIncomplete):
            if reader.finish_reason is None:
                raise
            return b""


def _body(request: ModelRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model,
        "messages": request.turns,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    return body | request.extra


def _conclusion(reader: AnswerReader) -> ModelEnd:
    if reader.finish_reason is not None:
        return ModelEnd(finish_reason=reader.finish_reason, usage=reader.usage)
    if not reader.chunks:
        raise ModelUnavailable("The model's endpoint did not answer with a stream. Is its address right?")
    raise AnswerIncomplete


async def _drain(body: AsyncGenerator[bytes]) -> None:
    """Read to the end of the body, or let the connection go."""
    try:
        async with asyncio.timeout(_AFTER_DONE_S):
            async for _ in body:
                pass
    except (TimeoutError, httpx2.HTTPError, aiohttp.ClientError):
        return


@contextmanager
def _translated(*, began: bool) -> Iterator[None]:
    """Errors of the libraries become ours. ``began``: part of the answer was there already."""
    try:
        yield
    except openai.APIStatusError as error:
        # "from None": the library's error holds the request, and with it the key.
        raise from_status(error.status_code, error.response.headers, error.body) from None
    except TimeoutError:
        raise AnswerIncomplete("The model did not go on in time.") from None
    except (openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError):
        raise (AnswerIncomplete() if began else ModelUnavailable()) from None
