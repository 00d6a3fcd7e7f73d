"""Branches with the Python client, and what other tabs hear of them."""

from tests.security.people import Person
from tokenline.client import AsyncTokenline
from tokenline.client.models import Page
from tokenline.contracts.chat import Message


def words(page: Page[Message]) -> list[str]:
    """The first word of each: an answer begins with that of its question."""
    return [message.content.split("/")[0] for message in page.items]


async def test_asking_in_another_way_and_again(ann: Person):
    async with (
        AsyncTokenline(ann.stage.gateway, access_token=ann.tokens["access_token"]) as client,
        client.connect() as chat,
    ):
        first = await chat.send("one").answer()
        [question, _] = (await client.conversations.messages(first.conversation_id)).items
        await chat.send("uno", conversation_id=first.conversation_id, instead_of=question.id).answer()
        page = await client.conversations.messages(first.conversation_id)
        assert words(page) == ["uno", "uno"]
        again = await chat.retry(page.items[1].id)
        assert (await again.answer()).text.startswith("uno")
        await client.conversations.switch(first.conversation_id, question.id)
        page = await client.conversations.messages(first.conversation_id)
        assert words(page) == ["one", "one"]
        everything = await client.conversations.messages(first.conversation_id, tree=True)
        assert words(everything) == ["one", "one", "uno", "uno", "uno"]
        await chat.send("two", conversation_id=first.conversation_id, parent_id=page.items[1].id).answer()
        copy = await client.conversations.copy(first.conversation_id, page.items[1].id)
        page = await client.conversations.messages(copy.id)
        assert words(page) == ["one", "one"]
