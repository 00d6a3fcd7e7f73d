"""The Python client finds, shares, takes out and takes in."""

import pytest

from tests.security.people import Person
from tests.security.stage import ANYWHERE
from tokenline.client import AsyncTokenline, Tokenline
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.errors import AddressRefused


async def test_what_was_asked_is_found_shared_and_taken_along(ann: Person):
    async with AsyncTokenline(ann.stage.gateway, access_token=ann.tokens["access_token"]) as client:
        said = await client.ask("Heron in the water")
        [hit, *_] = (await client.library.search("heron")).items
        assert hit.conversation_id == said.conversation_id
        out = await client.library.export(said.conversation_id)
        [taken] = (await client.library.take_in(out)).items
        assert taken.messages == 2
        assert (await client.library.take_in(out)).items[0].known
        everything = await client.library.export()
        assert {one.id for one in everything.conversations} == {said.conversation_id, taken.conversation_id}
        link = await client.library.share(said.conversation_id)
        assert await client.library.shares(said.conversation_id) == (link,)
        await client.library.revoke_share(link.id)
        assert await client.library.shares() == ()
        fleeting = await client.conversations.create(temporary=True)
        assert fleeting.temporary


def test_also_without_asyncio(ann: Person):
    with Tokenline(ann.stage.gateway, access_token=ann.tokens["access_token"]) as client:
        assert client.library.search("heron").items == ()
        assert client.library.take_in(client.library.export()).items == ()
        assert client.library.shares() == ()


async def test_a_page_is_attached_by_its_address(ann: Person):
    async with AsyncTokenline(ann.stage.gateway, access_token=ann.tokens["access_token"]) as client:
        conversation = await client.conversations.create()
        page = await client.add_url(f"https://{ANYWHERE}/a page", conversation_id=conversation.id, wait=False)
        assert (page.name, page.url) == ("a page.txt", f"https://{ANYWHERE}/a%20page")
        assert (page.state, page.conversation_id) == (AttachmentState.UPLOADING, conversation.id)
        with pytest.raises(AddressRefused):
            await client.add_url("http://127.0.0.1/")


def test_a_page_is_attached_without_asyncio(ann: Person):
    with Tokenline(ann.stage.gateway, access_token=ann.tokens["access_token"]) as client:
        assert client.add_url(f"https://{ANYWHERE}/notes.md", wait=False).name == "notes.md"
