"""Dense vectors of texts from an OpenAI-compatible endpoint."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from secrets import SystemRandom

from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI, DefaultAioHttpClient, Timeout

from tokenline.adapters.embedding_salvage import Salvage, TextsRefused, Vector
from tokenline.adapters.model_openai.errors import retry_after_s
from tokenline.contracts.errors import Misconfigured, SearchUnavailable
from tokenline.core.retry import LONGEST_ASKED_S, asked_s, delay_s

BATCH = 64
"""Texts per request at most; endpoints take from 32 (text-embeddings-inference) to 2,048 (OpenAI)."""

IN_FLIGHT = 2
TOTAL_S = 60.0
CONNECT_S = 5.0
LONGEST_PAUSE_S = 60.0
"""An endpoint that asks for more patience is left to the caller, who has other things to do."""

_random = SystemRandom()


class OpenAIEmbedder:
    """``url`` is the base of the API, such as ``http://127.0.0.1:8000/v1``. Close it after use."""

    def __init__(self, url: str, model: str, api_key: str | None = None) -> None:
        self._model = model
        self._requests = asyncio.Semaphore(IN_FLIGHT)
        self._salvage = Salvage(BATCH)
        self._away_until = 0.0
        self._client = AsyncOpenAI(
            base_url=url,
            api_key=api_key or "none",
            http_client=DefaultAioHttpClient(),
            timeout=Timeout(TOTAL_S, connect=CONNECT_S),
            max_retries=0,
        )

    async def embed(self, texts: Sequence[str], *, tries: int = 1) -> list[Vector | None]:
        ask = partial(self._patiently, tries)
        size = self._salvage.most
        batches = [texts[begin : begin + size] for begin in range(0, len(texts), size)]
        done = await asyncio.gather(*(self._salvage.embed(ask, batch) for batch in batches), return_exceptions=True)
        vectors: list[Vector | None] = []
        for one in done:
            if isinstance(one, BaseException):
                raise one
            vectors += one
        return vectors

    async def close(self) -> None:
        await self._client.close()

    async def _patiently(self, tries: int, texts: Sequence[str]) -> list[Vector]:
        """It is by itself again that a request fails: those beside it are not made anew."""
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self._requests:
                    return await self._ask(texts)
            except SearchUnavailable as error:
                if attempt >= tries or asked_s(error) > LONGEST_PAUSE_S:
                    raise
                pause_s = delay_s(error, attempt, _random.random())
            await asyncio.sleep(pause_s)

    async def _ask(self, texts: Sequence[str]) -> list[Vector]:
        left_s = self._away_until - time.monotonic()
        if left_s > 0:
            raise SearchUnavailable("The embedding endpoint is overloaded.", retry_after_s=left_s)
        try:
            answer = await self._client.embeddings.create(model=self._model, input=list(texts), encoding_format="float")
        except APIConnectionError as error:
            raise SearchUnavailable("The embedding endpoint cannot be reached.") from error
        except APIStatusError as error:
            raise self._refusal(error) from error
        except APIError as error:
            raise SearchUnavailable("The embedding endpoint answered in no known form.") from error
        vectors = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        if len(vectors) != len(texts):
            raise SearchUnavailable("The embedding endpoint left texts out.")
        return vectors

    def _refusal(self, error: APIStatusError) -> Exception:
        status = error.status_code
        if status in (400, 413, 422):
            return TextsRefused(f"status {status}.")
        if status in (408, 409, 425, 429) or status >= 500:
            asked = retry_after_s(error.response.headers, time.time())
            if asked is not None:
                asked = min(asked, LONGEST_ASKED_S)
                # For all that is asked of it, not for this request alone.
                self._away_until = max(self._away_until, time.monotonic() + asked)
            busy = status in (429, 503, 529)
            said = "is overloaded." if busy else f"failed ({status})."
            return SearchUnavailable(f"The embedding endpoint {said}", retry_after_s=asked)
        if status in (401, 402, 403):
            return Misconfigured(
                f"The embedding endpoint does not accept the key ({status}): see to TOKENLINE_EMBEDDING_API_KEY."
            )
        if status == 404:
            return Misconfigured(
                f"The embedding endpoint does not know the model “{self._model}” or the address ({status}): "
                "see to TOKENLINE_EMBEDDING_MODEL and TOKENLINE_EMBEDDING_URL."
            )
        return Misconfigured(f"The embedding endpoint refused the request ({status}).")
