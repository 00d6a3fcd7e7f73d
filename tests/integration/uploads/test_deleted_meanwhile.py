"""R9: a file that arrives while its conversation is deleted goes with it, whichever of the two is first."""

from typing import Any

import httpx2
import pytest

from tests.integration.uploads.test_protocol import begin, patch
from tests.support.in_process.whole_gateway import WholeGateway
from tokenline.contracts.attachments import Attachment
from tokenline.core.clock import ManualClock
from tokenline.core.file_keys import FILES as FOLDER
from tokenline.core.ports.store.temporary import UNKEPT_S

CONVERSATIONS = "/api/v1/chat/conversations"
FILES = "/api/v1/attachments"


async def begun(person: httpx2.AsyncClient) -> str:
    made: str = (await person.post(CONVERSATIONS, json={"title": "A talk"})).json()["id"]
    return made


async def sent(person: httpx2.AsyncClient, conversation_id: str) -> httpx2.Response:
    return await person.post(
        FILES, files={"file": ("notes.txt", b"Some words.")}, data={"conversation_id": conversation_id}
    )


async def stored(house: WholeGateway) -> list[str]:
    return [key async for key in house.deps.files.keys(FOLDER)]


async def test_a_file_whose_conversation_is_deleted_while_it_arrives(
    house: WholeGateway, ann: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await begun(ann)
    keep = house.deps.store.add_attachment

    async def deleted_before(attachment: Attachment) -> Any:
        assert (await ann.delete(f"{CONVERSATIONS}/{conversation}")).status_code == 204
        return await keep(attachment)

    monkeypatch.setattr(house.deps.store, "add_attachment", deleted_before)
    assert (await sent(ann, conversation)).status_code == 404
    assert await stored(house) == []
    assert len(house.search.forgotten) > 0
    assert await house.deps.store.attachments_of(conversation) == []


async def test_a_file_that_arrives_when_those_of_its_conversation_are_gone_already(
    house: WholeGateway, ann: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = await begun(ann)
    delete = house.deps.store.delete_conversation
    late: list[str] = []

    async def after_one_more(conversation_id: str) -> None:
        late.append((await sent(ann, conversation)).json()["id"])
        await delete(conversation_id)

    monkeypatch.setattr(house.deps.store, "delete_conversation", after_one_more)
    assert (await ann.delete(f"{CONVERSATIONS}/{conversation}")).status_code == 204
    assert (await ann.get(f"{FILES}/{late[0]}")).status_code == 404
    assert await stored(house) == []
    assert late[0] in house.search.forgotten


@pytest.mark.parametrize("temporary", [False, True])
async def test_what_is_half_uploaded_goes_with_its_conversation_and_nothing_else(
    house: WholeGateway, ann: httpx2.AsyncClient, clock: ManualClock, temporary: bool
) -> None:
    conversation = (await ann.post(CONVERSATIONS, json={"temporary": temporary})).json()["id"]
    theirs = await begin(ann, 100, conversation_id=conversation)
    other = await begin(ann, 100, conversation_id=await begun(ann))
    for made in (theirs, other):
        assert (await patch(ann, made.headers["location"], 0, b"half")).status_code == 204
    if temporary:
        clock.advance(UNKEPT_S + 1)
        await house.deps.temporary.sweep()
    else:
        assert (await ann.delete(f"{CONVERSATIONS}/{conversation}")).status_code == 204
    left = [await house.deps.store.get_upload(made.headers["location"].rpartition("/")[2]) for made in (theirs, other)]
    assert [upload and upload.offset_bytes for upload in left] == [None, 4]
    assert len([key async for key in house.deps.files.keys("uploads")]) == 1
