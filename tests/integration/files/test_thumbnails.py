"""The small picture of a picture, for its owner."""

from collections.abc import AsyncIterator

import httpx2
from msgspec.structs import replace

from tests.integration.files.test_links import upload
from tests.support.in_process.whole_gateway import WholeGateway
from tests.support.pictures import picture
from tokenline.contracts.attachments import PictureInfo
from tokenline.core.file_keys import thumbnail_key

SMALL = b"RIFF\0\0\0\0WEBP"


async def one(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def with_thumbnail(gateway: WholeGateway, file_id: str) -> None:
    """As ingest leaves it."""
    await gateway.deps.files.put(thumbnail_key(file_id), one(SMALL))
    record = await gateway.deps.store.get_attachment(file_id)
    assert record is not None
    about = PictureInfo(width=60, height=40, thumbnail=True)
    assert await gateway.deps.store.replace_attachment(replace(record, picture=about, version=record.version + 1))


async def test_its_owner_sees_it_and_keeps_it(
    gateway: WholeGateway, ann: httpx2.AsyncClient, eve: httpx2.AsyncClient
) -> None:
    file_id = await upload(ann, "a.png", picture("PNG"))
    where = f"/api/v1/attachments/{file_id}/thumbnail"
    unread = await ann.get(where)
    assert (unread.status_code, unread.json()["error"]["code"]) == (404, "not_found")
    await with_thumbnail(gateway, file_id)
    got = await ann.get(where)
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, SMALL, "image/webp")
    assert got.headers["cache-control"].startswith("private")
    assert got.headers["x-content-type-options"] == "nosniff"
    again = await ann.get(where, headers={"if-none-match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for stranger in (eve, gateway.anybody):
        refused = await stranger.get(where, headers={"if-none-match": got.headers["etag"]})
        assert refused.status_code in (401, 404)


async def test_a_document_has_none(ann: httpx2.AsyncClient) -> None:
    assert (await ann.get(f"/api/v1/attachments/{await upload(ann)}/thumbnail")).status_code == 404
