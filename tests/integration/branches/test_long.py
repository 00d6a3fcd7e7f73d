"""C8: 5,000 messages, some of 100 KB, through the API: read, asked in, switched, copied from and deleted.

The bounds are what a person would put up with on a loaded machine; alone, a page takes some 10 ms.
"""

import time
from functools import partial
from typing import Any

from msgspec.structs import replace

from tests.security.people import Person
from tests.security.stage import soon
from tests.support.drafts import a_question, a_ticket, an_answer, an_id
from tokenline.client import AsyncTokenline
from tokenline.contracts.chat import Conversation, Message
from tokenline.core.clock import SystemClock
from tokenline.core.ports.store import Store

CHAT = "/api/v1/chat"
MESSAGES = 5000
LONG = 100 * 1024
PAGE_S = 2.0


async def fill(store: Store, conversation_id: str) -> str:
    """Returns the id of the first message. The last 40 are long."""
    conversation = await store.get_conversation(conversation_id)
    assert isinstance(conversation, Conversation)
    clock = SystemClock()
    made: list[Message] = []
    for n in range(MESSAGES):
        draft = an_answer if n % 2 else a_question
        text = "x" * (LONG if n >= MESSAGES - 40 else 100)
        message = draft(clock, a_ticket(clock, conversation), content=f"{n} {text}", ticket_id=None)
        made.append(replace(message, id=an_id(clock), parent_id=made[-1].id if made else None))
    for start in range(0, MESSAGES, 500):
        assert await store.add_messages(conversation_id, made[start : start + 500])
    assert await store.switch_path(conversation_id, made[-1].id)
    return made[0].id


def deleted(person: Person, conversation_id: str) -> bool:
    """False: the gateway has not heard yet that all is answered."""
    return person.http.delete(f"{CHAT}/conversations/{conversation_id}").status_code == 204


async def test_a_long_conversation_with_long_messages_works(ann: Person):
    made = ann.post(f"{CHAT}/conversations", {"title": "Long"})["id"]
    first_id = ann.stage.run(fill(ann.stage.store, made))

    def page(**query: Any) -> Any:
        began = time.monotonic()
        found = ann.get(f"{CHAT}/conversations/{made}/messages", **query)
        assert time.monotonic() - began < PAGE_S
        return found

    seen, query = 0, {"limit": 200}
    while True:
        found = page(**query)
        seen += len(found["items"])
        if found["next"] is None:
            break
        query["cursor"] = found["next"]
    assert seen == MESSAGES
    assert found["items"][0]["id"] == first_id

    async with (
        AsyncTokenline(ann.stage.gateway, access_token=ann.tokens["access_token"]) as client,
        client.follow(made) as other_tab,
        client.connect() as chat,
    ):
        question = "why " + "y" * LONG
        answer = await chat.send(question, conversation_id=made).answer()
        assert answer.text.startswith("why")
        # The other tab is sent it whole, though it fills more than a frame of a client's may.
        async for event in other_tab:
            if event.ticket_id == answer.ticket_id:
                break
        newest = page(limit=2)["items"]
        assert newest[0]["content"] == question
        branch = await chat.send("where", conversation_id=made, instead_of=first_id).answer()
        assert [message["content"].split("/")[0] for message in page()["items"]] == ["where", "where"]
        await client.conversations.switch(made, newest[1]["id"])
        assert page(limit=1)["items"][0]["id"] == newest[1]["id"] != branch.ticket_id

    copy = ann.post(f"{CHAT}/conversations/{made}/copy", {})
    assert len(ann.get(f"{CHAT}/conversations/{copy['id']}/messages", limit=200)["items"]) == 200
    for conversation in (made, copy["id"]):
        soon(partial(deleted, ann, conversation), limit_s=30)
    assert ann.stage.run(ann.stage.store.get_message(first_id)) is None
