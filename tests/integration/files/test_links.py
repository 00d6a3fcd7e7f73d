"""R8: links to files, which whoever has them can download without signing in, for a day."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import httpx2
import jwt
import pytest
from msgspec.structs import replace

from services.gateway.file_links import PATH, FileLinks
from tests.support.in_process.whole_gateway import WholeGateway
from tokenline.core.clock import ManualClock
from tokenline.core.file_keys import file_key
from tokenline.runtime.auth.tokens import Tokens

SECRET = "s" * 32
TEXT = b"The lease ends in May, and nobody told the tenants."
DAY_S = 24 * 3600


async def upload(client: httpx2.AsyncClient, name: str = "Bericht (1).txt", data: bytes = TEXT) -> str:
    made = await client.post("/api/v1/attachments", files={"file": (name, data)})
    assert made.status_code == 201, made.text
    file_id: str = made.json()["id"]
    return file_id


async def link_to(client: httpx2.AsyncClient, file_id: str) -> dict[str, Any]:
    made = await client.post(f"/api/v1/attachments/{file_id}/link")
    assert made.status_code == 201, made.text
    link: dict[str, Any] = made.json()
    return link


def said_in(url: str) -> dict[str, Any]:
    claims = url.rpartition("/")[2].split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return said


def written(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


async def test_whoever_has_a_link_downloads_the_file_and_nothing_shows_it_in_place(
    gateway: WholeGateway, ann: httpx2.AsyncClient, clock: ManualClock
) -> None:
    file_id = await upload(ann)
    link = await link_to(ann, file_id)
    assert link["expires_at"] == int(clock.now()) + DAY_S
    got = await gateway.anybody.get(link["url"])
    assert (got.status_code, got.content) == (200, TEXT)
    expected = {
        "content-type": "application/octet-stream",
        "content-disposition": "attachment; filename*=UTF-8''Bericht%20%281%29.txt",
        "content-length": str(len(TEXT)),
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
        "referrer-policy": "no-referrer",
        "x-robots-tag": "noindex, nofollow",
        "accept-ranges": "bytes",
    }
    assert {name: got.headers.get(name) for name in expected} == expected
    me = (await ann.get("/api/v1/me")).json()
    said = said_in(link["url"])
    assert said["file"] == file_id
    assert me["id"] not in json.dumps(said)
    assert me["email"] not in json.dumps(said)


async def test_it_is_over_after_a_day(gateway: WholeGateway, ann: httpx2.AsyncClient, clock: ManualClock) -> None:
    link = await link_to(ann, await upload(ann))
    clock.advance(DAY_S - 1)
    assert (await gateway.anybody.get(link["url"])).status_code == 200
    clock.advance(1)
    over = await gateway.anybody.get(link["url"])
    never = await gateway.anybody.get(f"{PATH}/never")
    assert (over.status_code, over.content) == (404, never.content)


async def test_only_what_this_installation_signed_for_this_purpose_is_a_link(
    gateway: WholeGateway, ann: httpx2.AsyncClient, clock: ManualClock
) -> None:
    ours = Tokens(SECRET, clock)
    file_id = await upload(ann)
    good = (await link_to(ann, file_id))["url"].rpartition("/")[2]
    head, claims, signature = good.split(".")
    said = said_in(good)
    access = ann.headers["authorization"].removeprefix("Bearer ")
    other = await upload(ann, "other.txt")
    forged = {
        "another key": jwt.encode(said, "x" * 32, algorithm="HS256", headers={"kid": "0" * 16}),
        "another key under our name": jwt.encode(said, "x" * 32, headers=jwt.get_unverified_header(good)),
        "unsigned": jwt.encode(said, "", algorithm="none"),
        "another file": f"{head}.{written(said | {'file': other})}.{signature}",
        "cut": good[:-1],
        "no signature": f"{head}.{claims}.",
        "an access token": access,
        "a note for a sign-in": ours.note("oidc-start", 60, file=file_id),
        "the id alone": file_id,
    }
    for why, token in forged.items():
        refused = await gateway.anybody.get(f"{PATH}/{token}")
        assert refused.status_code == 404, why
        assert TEXT not in refused.content
    # And a link opens nothing else.
    for authorization in (f"Bearer {good}", f"Bearer {ours.note('file-link', 60, file=file_id)}"):
        refused = await gateway.anybody.get("/api/v1/me", headers={"authorization": authorization})
        assert refused.status_code == 401


async def test_a_former_key_still_opens_what_it_signed(
    gateway: WholeGateway, ann: httpx2.AsyncClient, clock: ManualClock
) -> None:
    url = (await link_to(ann, await upload(ann)))["url"]
    links = gateway.deps.file_links
    for former, status in (([SECRET], 200), ([], 404)):
        replaced = FileLinks(gateway.deps.store, Tokens("n" * 32, clock, former), clock)
        with patch.object(gateway.deps, "file_links", replaced):
            assert (await gateway.anybody.get(url)).status_code == status
    assert gateway.deps.file_links is links


async def test_it_ends_with_its_file_and_its_owner(
    gateway: WholeGateway, ann: httpx2.AsyncClient, eve: httpx2.AsyncClient
) -> None:
    ids = [await upload(ann) for _ in range(3)]
    urls = [(await link_to(ann, file_id))["url"] for file_id in ids]
    assert (await eve.post(f"/api/v1/attachments/{ids[0]}/link")).status_code == 404
    assert (await gateway.anybody.post(f"/api/v1/attachments/{ids[0]}/link")).status_code == 401
    assert (await ann.delete(f"/api/v1/attachments/{ids[0]}")).status_code == 204
    missing = await gateway.anybody.get(urls[0])
    assert missing.status_code == 404
    # Gone from the file store, with its record still there.
    await gateway.deps.files.delete(file_key(ids[1]))
    assert (await gateway.anybody.get(urls[1])).status_code == 404
    me = (await ann.get("/api/v1/me")).json()["id"]
    await gateway.deps.store.change_user(me, lambda user: replace(user, disabled=True))
    assert (await gateway.anybody.get(urls[2])).content == missing.content
    await gateway.deps.store.change_user(me, lambda user: replace(user, disabled=False))
    assert (await gateway.anybody.get(urls[2])).status_code == 200
    await gateway.deps.store.close_account(me)
    assert (await gateway.anybody.get(urls[2])).content == missing.content


@pytest.mark.parametrize("by", ["link", "owner"])
async def test_a_download_that_broke_off_goes_on(gateway: WholeGateway, ann: httpx2.AsyncClient, by: str) -> None:
    file_id = await upload(ann)
    client, url = ann, f"/api/v1/attachments/{file_id}/content"
    if by == "link":
        client, url = gateway.anybody, (await link_to(ann, file_id))["url"]
    head = await client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(TEXT))
    tag = head.headers["etag"]
    rest = await client.get(url, headers={"range": "bytes=10-", "if-range": tag})
    assert (rest.status_code, rest.content) == (206, TEXT[10:])
    assert rest.headers["content-range"] == f"bytes 10-{len(TEXT) - 1}/{len(TEXT)}"
    assert rest.headers["content-length"] == str(len(TEXT) - 10)
    some = await client.get(url, headers={"range": "bytes=4-8"})
    assert (some.status_code, some.content) == (206, TEXT[4:9])
    anew = await client.get(url, headers={"range": "bytes=10-", "if-range": '"another"'})
    assert (anew.status_code, anew.content) == (200, TEXT)
    beyond = await client.get(url, headers={"range": f"bytes={len(TEXT)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(TEXT)}")


async def test_no_part_of_an_empty_file(gateway: WholeGateway, ann: httpx2.AsyncClient) -> None:
    file_id = await upload(ann)
    record = await gateway.deps.store.get_attachment(file_id)
    assert record is not None
    await gateway.deps.files.put(file_key(file_id), _nothing())
    emptied = replace(record, size_bytes=0, version=record.version + 1)
    assert await gateway.deps.store.replace_attachment(emptied)
    got = await ann.get(f"/api/v1/attachments/{file_id}/content")
    assert (got.status_code, got.content) == (200, b"")


async def _nothing() -> AsyncIterator[bytes]:
    for piece in list[bytes]():
        yield piece
