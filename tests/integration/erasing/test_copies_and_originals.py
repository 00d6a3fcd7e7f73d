"""A copy's files are its own: whichever of original and copy is deleted, the other's open, are cited and are found."""

import pytest

from services.ingest.search import find
from tests.integration.erasing.test_deleting_files import CONVERSATIONS, EVERYWHERE, FILES, House, house
from tests.support.drafts import an_id
from tokenline.contracts.attachments import SearchRequest
from tokenline.contracts.chat import Citation, Message, MessageStatus

__all__ = ["house"]


@pytest.mark.parametrize("deleted", [0, 1], ids=["the original", "the copy"])
async def test_what_is_left_of_original_and_copy_is_whole(house: House, deleted: int) -> None:
    deps = house.gateway.deps
    assert house.ingest.process is not None
    async with house.gateway.person() as ann:
        original = (await ann.post(CONVERSATIONS, json={})).json()
        file_id = await house.upload(ann, original["id"])
        cited = Citation(
            number=1,
            attachment_id=file_id,
            name="notes.txt",
            page=None,
            start=0,
            end=12,
            passage="The pangolin",
            similarity=1,
        )
        said = Message(
            id=an_id(house.premises.clock),
            conversation_id=original["id"],
            owner_id=original["owner_id"],
            role="assistant",
            content="It sleeps [1].",
            status=MessageStatus.COMPLETE,
            attachment_ids=(file_id,),
            citations=(cited,),
            created_at=deps.clock.now(),
        )
        await deps.store.add_messages(original["id"], [said])
        assert await deps.store.switch_path(original["id"], said.id)
        made = await ann.post(f"{CONVERSATIONS}/{original['id']}/copy", json={})
        assert made.status_code == 201, made.text
        await house.ingest.process.idle()

        talks = [original, made.json()]
        gone, kept = talks[deleted], talks[1 - deleted]
        assert (await ann.delete(f"{CONVERSATIONS}/{gone['id']}")).status_code == 204

        [message] = (await ann.get(f"{CONVERSATIONS}/{kept['id']}/messages")).json()["items"]
        [file] = message["attachments"]
        assert [one["attachment_id"] for one in message["citations"]] == [file["id"]]
        opened = await ann.get(f"{FILES}/{file['id']}/content")
        assert opened.content == b"The pangolin sleeps all day."
        asked = SearchRequest(owner_id=kept["owner_id"], conversation_id=kept["id"], query="pangolin")
        assert [hit.attachment_id for hit in await find(house.ingest.process.deps, asked)] == [file["id"]]
        if kept is original:
            assert await house.left_of(kept["owner_id"], file["id"]) == EVERYWHERE
