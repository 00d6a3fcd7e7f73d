"""The Python client finds, shares, takes out and takes in."""

from tests.security.people import Person
from tokenline.client import AsyncTokenline, Tokenline


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
