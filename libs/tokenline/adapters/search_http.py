"""Asks the ingest service over HTTP."""

from collections.abc import Sequence

import httpx2
import msgspec

from tokenline.contracts.attachments import Passage, SearchAnswer, SearchRequest
from tokenline.contracts.base import to_json
from tokenline.contracts.errors import SearchUnavailable
from tokenline.contracts.ids import AttachmentId, UserId

SEARCH_S = 5.0


class IngestSearch:
    def __init__(self, url: str, service_token: str) -> None:
        self._client = httpx2.AsyncClient(
            base_url=url,
            timeout=SEARCH_S,
            headers={"authorization": f"Bearer {service_token}", "content-type": "application/json"},
        )

    async def passages(self, request: SearchRequest) -> tuple[Passage, ...]:
        return msgspec.json.decode(await self._post("/search", request), type=SearchAnswer).items

    async def forget(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        await self._post("/delete", {"owner_id": owner_id, "attachment_ids": list(attachment_ids)})

    async def _post(self, path: str, body: object) -> bytes:
        try:
            response = await self._client.post(path, content=to_json(body))
            response.raise_for_status()
        except httpx2.HTTPError as error:
            raise SearchUnavailable from error
        return response.content

    async def close(self) -> None:
        await self._client.aclose()
