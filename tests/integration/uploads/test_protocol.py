"""tus 1.0 over HTTP, as its specification puts it, and what this product adds: whose it is, its type, limits."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from services.gateway import resumable
from tests.support.in_process.whole_gateway import WholeGateway, whole_gateway
from tokenline.adapters.broker_memory import MemoryServer
from tokenline.contracts.uploads import Upload
from tokenline.core.clock import ManualClock
from tokenline.core.tus import MEDIA, as_metadata

UPLOADS = "/api/v1/attachments/uploads"
TUS = {"tus-resumable": "1.0.0"}
TEXT = b"".join(b"Line %06d of a text that is long enough to be sent in pieces.\n" % n for n in range(50_000))


async def begin(person: httpx2.AsyncClient, size: int = len(TEXT), **metadata: str) -> httpx2.Response:
    said = {"upload-length": str(size), "upload-metadata": as_metadata({"filename": "a.txt"} | metadata)}
    return await person.post(UPLOADS, headers=TUS | said)


async def begun(person: httpx2.AsyncClient, size: int = len(TEXT)) -> str:
    answer = await begin(person, size)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def patch(person: httpx2.AsyncClient, where: str, offset: int, data: Any, **more: str) -> httpx2.Response:
    said = {"upload-offset": str(offset), "content-type": MEDIA}
    return await person.patch(where, content=data, headers=TUS | said | more)


def code(answer: httpx2.Response) -> str:
    assert answer.headers["tus-resumable"] == "1.0.0"
    said: str = answer.json()["error"]["code"]
    return said


def stored(house: WholeGateway) -> list[str]:
    """All that is in the file store."""
    folder = house.deps.settings.data_dir / "files"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_a_file_in_three_requests_is_the_attachment_that_one_request_makes(
    house: WholeGateway, ann: httpx2.AsyncClient, clock: ManualClock
) -> None:
    made = await begin(ann, type="text/plain")
    where = made.headers["location"]
    assert made.headers["upload-expires"].endswith("GMT")
    assert (await ann.head(where, headers=TUS)).headers["upload-offset"] == "0"
    offset = 0
    for end in (100, 1_500_000):
        answer = await patch(ann, where, offset, TEXT[offset:end])
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end))
        offset = end
    far = await ann.head(where, headers=TUS)
    assert (far.headers["upload-offset"], far.headers["upload-length"]) == ("1500000", str(len(TEXT)))
    assert far.headers["cache-control"] == "no-store"
    assert far.headers["upload-metadata"] == as_metadata({"filename": "a.txt", "type": "text/plain"})
    upload_id = where.rpartition("/")[2]
    assert (await ann.get(f"/api/v1/attachments/{upload_id}")).status_code == 404, "no file yet"

    last = await patch(ann, where, offset, TEXT[offset:])

    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(TEXT)))
    assert "upload-expires" not in last.headers
    plain = (await ann.post("/api/v1/attachments", files={"file": ("a.txt", TEXT)})).json()
    resumed = (await ann.get(f"/api/v1/attachments/{upload_id}")).json()
    assert resumed | {"id": plain["id"], "created_at": plain["created_at"]} == plain
    assert (await ann.get(f"/api/v1/attachments/{upload_id}/content")).content == TEXT
    assert stored(house) == sorted(f"attachments/{one}" for one in (upload_id, plain["id"])), "no piece is left"
    after = await ann.head(where, headers=TUS)
    assert after.headers["upload-offset"] == after.headers["upload-length"] == str(len(TEXT))
    assert (await patch(ann, where, len(TEXT), b"")).status_code == 204


async def test_what_the_protocol_asks_is_checked(ann: httpx2.AsyncClient) -> None:
    where = await begun(ann)
    offered = await ann.options(UPLOADS)
    assert offered.headers["tus-version"] == "1.0.0"
    assert offered.headers["tus-extension"] == "creation,expiration,termination"
    assert offered.headers["tus-max-size"] == str(25 * 1024 * 1024)
    other = await ann.post(UPLOADS, headers={"tus-resumable": "0.2.2", "upload-length": "5"})
    assert (other.status_code, code(other), other.headers["tus-version"]) == (412, "unsupported_version", "1.0.0")
    assert (await ann.head(where)).status_code == 412
    form = await patch(ann, where, 0, b"x", **{"content-type": "text/plain"})
    assert (form.status_code, code(form)) == (415, "unsupported_type")
    wrong = await patch(ann, where, 7, b"x")
    assert (wrong.status_code, code(wrong)) == (409, "offset_mismatch")
    assert wrong.json()["error"]["detail"] == {"offset_bytes": 0}
    for bad in ("a", "filename *"):
        said = {"upload-length": "5", "upload-metadata": f"x YQ==,{bad},{bad}"}
        assert (await ann.post(UPLOADS, headers=TUS | said)).status_code == 400
    for bad_header in ({}, {"upload-length": "-1"}, {"upload-length": "many"}, {"upload-defer-length": "1"}):
        assert (await ann.post(UPLOADS, headers=TUS | bad_header)).status_code == 422


async def test_size_and_number_are_limited(
    house: WholeGateway, ann: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = await begin(ann, 25 * 1024 * 1024 + 1)
    assert (large.status_code, code(large)) == (413, "too_large")
    assert "larger than 25 MiB" in large.json()["error"]["message"]
    empty = await begin(ann, 0)
    assert (empty.status_code, code(empty)) == (422, "no_text")
    where = await begun(ann, 10)
    assert code(await patch(ann, where, 0, b"more than ten")) == "too_large"

    async def unannounced() -> AsyncIterator[bytes]:
        yield b"more "
        yield b"than ten"

    assert code(await patch(ann, where, 0, unannounced())) == "too_large"
    monkeypatch.setattr(house.deps.resumable, "_most", 2)
    second = await begun(ann)
    third = await begin(ann)
    assert (third.status_code, code(third)) == (429, "too_many_uploads")
    assert (await ann.delete(second, headers=TUS)).status_code == 204
    assert (await begin(ann)).status_code == 201


async def used(person: httpx2.AsyncClient) -> int:
    [uploads] = [one for one in (await person.get("/api/v1/me/limits")).json()["items"] if one["name"] == "uploads"]
    count: int = uploads["used"]
    return count


async def test_an_upload_is_charged_once_and_a_refused_one_not_at_all(ann: httpx2.AsyncClient) -> None:
    where = await begun(ann, 30)
    for offset in (0, 10, 20):
        await patch(ann, where, offset, b"ten bytes\n")
    assert await used(ann) == 1
    for size in (0, 10**12):
        await begin(ann, size)
    assert await used(ann) == 1


async def test_the_type_is_judged_by_the_first_bytes_and_ends_the_upload(
    house: WholeGateway, ann: httpx2.AsyncClient
) -> None:
    where = await begun(ann, 10_000_000)
    program = bytes(range(256)) * 32
    assert (await patch(ann, where, 0, program[:5000])).status_code == 204, "not enough to judge by"
    refused = await patch(ann, where, 5000, program[5000:])
    assert (refused.status_code, code(refused)) == (415, "unsupported_type")
    assert "“a.txt”" in refused.json()["error"]["message"]
    assert (await ann.head(where, headers=TUS)).status_code == 404
    assert stored(house) == []
    assert await used(ann) == 0


async def test_somebody_elses_upload_is_a_missing_one(house: WholeGateway, ann: httpx2.AsyncClient) -> None:
    where = await begun(ann)
    mine = (await ann.post("/api/v1/chat/conversations", json={})).json()["id"]
    async with house.person("eve@example.org") as eve:
        for at in (where, f"{UPLOADS}/nobodys"):
            assert (await eve.head(at, headers=TUS)).status_code == 404
            assert code(await patch(eve, at, 0, b"x")) == "not_found"
            assert code(await eve.delete(at, headers=TUS)) == "not_found"
        for conversation_id in (mine, "nobodys"):
            assert code(await begin(eve, conversation_id=conversation_id)) == "not_found"
        assert await used(eve) == 0
    assert (await ann.head(where, headers=TUS)).headers["upload-offset"] == "0"
    answer = await begin(ann, 10, conversation_id=mine)
    assert (await patch(ann, answer.headers["location"], 0, b"Ten bytes.")).status_code == 204
    file = await ann.get(f"/api/v1/attachments/{answer.headers['location'].rpartition('/')[2]}")
    assert file.json()["conversation_id"] == mine


async def test_a_conversation_that_is_deleted_meanwhile_takes_the_upload_with_it(
    house: WholeGateway, ann: httpx2.AsyncClient
) -> None:
    conversation = (await ann.post("/api/v1/chat/conversations", json={})).json()["id"]
    where = (await begin(ann, 10, conversation_id=conversation)).headers["location"]
    assert (await ann.delete(f"/api/v1/chat/conversations/{conversation}")).status_code == 204
    assert code(await patch(ann, where, 0, b"Ten bytes.")) == "not_found"
    assert stored(house) == []


async def test_removing_removes_whatever_there_is(house: WholeGateway, ann: httpx2.AsyncClient) -> None:
    unfinished, finished = await begun(ann), await begun(ann, 10)
    await patch(ann, unfinished, 0, TEXT[:3_000_000])
    await patch(ann, finished, 0, b"Ten bytes.")
    assert len(stored(house)) == 4
    for where in (unfinished, finished):
        assert (await ann.delete(where, headers=TUS)).status_code == 204
        assert (await ann.delete(where, headers=TUS)).status_code == 404
    assert stored(house) == []
    assert house.search.forgotten == [finished.rpartition("/")[2]]


async def test_what_nobody_goes_on_with_is_removed(
    house: WholeGateway, ann: httpx2.AsyncClient, clock: ManualClock
) -> None:
    left, goes_on = await begun(ann), await begun(ann)
    await patch(ann, left, 0, TEXT[:2_000_000])
    clock.advance(resumable.KEEP_S - 10)
    await house.deps.store.replace_upload(replace(await one(house, goes_on), expires_at=clock.now() + 60, version=1))
    clock.advance(20)
    await sign_in_again(ann)
    assert (await ann.head(left, headers=TUS)).status_code == 404, "before the sweep came"
    await house.deps.resumable.sweep()
    assert stored(house) == []
    assert await house.deps.store.get_upload(left.rpartition("/")[2]) is None
    assert (await ann.head(goes_on, headers=TUS)).status_code == 200


async def one(house: WholeGateway, where: str) -> Upload:
    upload = await house.deps.store.get_upload(where.rpartition("/")[2])
    assert upload is not None
    return upload


async def sign_in_again(person: httpx2.AsyncClient) -> None:
    body = {"email": "ann@example.org", "password": "correct horse battery"}
    del person.headers["authorization"]
    token = (await person.post("/api/v1/auth/login", json=body)).json()["access_token"]
    person.headers["authorization"] = f"Bearer {token}"


async def test_an_account_takes_its_uploads_with_it(house: WholeGateway, ann: httpx2.AsyncClient) -> None:
    where = await begun(ann)
    await patch(ann, where, 0, TEXT[:2_000_000])
    upload = await one(house, where)
    await house.deps.resumable.forget(upload.owner_id)
    assert stored(house) == []
    assert await house.deps.store.owned_uploads(upload.owner_id, 10) == []


async def test_of_two_who_send_at_once_one_wins_and_nothing_is_mixed(tmp_path: Path) -> None:
    """At two gateways. The other is told how far the upload is, and what it brought is not kept."""
    server = MemoryServer()
    async with (
        whole_gateway(tmp_path, server) as here,
        whole_gateway(tmp_path, server) as there,
        here.person() as ann,
    ):
        there.anybody.headers["authorization"] = ann.headers["authorization"]
        where = await begun(ann)
        both = asyncio.Barrier(2)

        async def slowly() -> AsyncIterator[bytes]:
            yield TEXT[:1000]
            await both.wait()
            yield TEXT[1000:]

        answers = await asyncio.gather(patch(ann, where, 0, slowly()), patch(there.anybody, where, 0, slowly()))
        assert sorted(answer.status_code for answer in answers) == [204, 409]
        upload_id = where.rpartition("/")[2]
        content = (await ann.get(f"/api/v1/attachments/{upload_id}/content")).content
        assert hashlib.sha256(content).digest() == hashlib.sha256(TEXT).digest()
        assert stored(here) == [f"attachments/{upload_id}"]
