"""Dense vectors of texts from an OpenAI-compatible endpoint."""

import asyncio
from collections.abc import Sequence

from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI, DefaultAioHttpClient, Timeout

from tokenline.contracts.errors import Misconfigured, SearchUnavailable

BATCH = 64
"""Texts per request; endpoints take from 32 (text-embeddings-inference) to 2,048 (OpenAI)."""

IN_FLIGHT = 2
TOTAL_S = 60.0
CONNECT_S = 5.0


class OpenAIEmbedder:
    """``url`` is the base of the API, such as ``http://127.0.0.1:8000/v1``. Close it after use."""

    def __init__(self, url: str, model: str, api_key: str | None = None) -> None:
        self._model = model
        self._requests = asyncio.Semaphore(IN_FLIGHT)
        self._client = AsyncOpenAI(
            base_url=url,
            api_key=api_key or "none",
            http_client=DefaultAioHttpClient(),
            timeout=Timeout(TOTAL_S, connect=CONNECT_S),
            max_retries=0,
        )

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text, in order. Raises `SearchUnavailable`, or `Misconfigured` when refused (4xx)."""
        batches = [texts[begin : begin + BATCH] for begin in range(0, len(texts), BATCH)]
        done = await asyncio.gather(*(self._batch(batch) for batch in batches))
        return [vector for vectors in done for vector in vectors]

    async def close(self) -> None:
        await self._client.close()

    async def _batch(self, texts: Sequence[str]) -> list[list[float]]:
        async with self._requests:
            try:
                answer = await self._client.embeddings.create(
                    model=self._model, input=list(texts), encoding_format="float"
                )
            except APIConnectionError as error:
                raise SearchUnavailable("The embedding endpoint cannot be reached.") from error
            except APIStatusError as error:
                raise _refused(error) from error
            except APIError as error:
                raise SearchUnavailable("The embedding endpoint answered in no known form.") from error
        vectors = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        if len(vectors) != len(texts):
            raise SearchUnavailable("The embedding endpoint left texts out.")
        return vectors


def _refused(error: APIStatusError) -> SearchUnavailable | Misconfigured:
    if error.status_code == 429 or error.status_code >= 500:
        return SearchUnavailable("The embedding endpoint is overloaded.")
    return Misconfigured(f"The embedding endpoint refused the request ({error.status_code}).")
