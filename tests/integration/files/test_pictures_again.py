"""Pictures of a question through what people do with it later: what the model is sent each time (R2, C4, C10)."""

import httpx2
import pytest
from msgspec.structs import replace

from services.agent_worker.pictures import Gallery
from services.agent_worker.prompt import build_prompt
from tests.integration.files.test_links import upload
from tests.integration.files.test_thumbnails import one
from tests.integration.library.test_search import CHAT, ask
from tests.support.broker import eventually
from tests.support.drafts import an_answer
from tests.support.in_process.whole_gateway import WholeGateway
from tests.support.pictures import picture
from tokenline.contracts.agents import Agent
from tokenline.contracts.attachments import AttachmentKind, AttachmentState, PictureInfo
from tokenline.contracts.errors import NotFound
from tokenline.contracts.tickets import Ticket, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.file_keys import view_key
from tokenline.core.ports.store.temporary import UNKEPT_S

SEEING = Agent(id="assistant", name="Assistant", model="m", system_prompt="Be brief.", capabilities=("vision",))


class Talk:
    def __init__(self, gateway: WholeGateway, ann: httpx2.AsyncClient) -> None:
        self._deps = gateway.deps
        self._ann = ann

    async def picture(self, name: str) -> str:
        """Uploaded, and as ingest leaves it; the model is to be shown these bytes: its name."""
        file_id = await upload(self._ann, name, picture("PNG"))
        await self._deps.files.put(view_key(file_id), one(name.encode()))
        record = await self._deps.store.get_attachment(file_id)
        assert record is not None
        read = replace(
            record,
            state=AttachmentState.INDEXED,
            kind=AttachmentKind.IMAGE,
            picture=PictureInfo(width=60, height=40, thumbnail=True, view=True),
            version=record.version + 1,
        )
        assert await self._deps.store.replace_attachment(read)
        return file_id

    async def ticket(self, ticket_id: str) -> Ticket:
        found = await self._deps.store.get_ticket(ticket_id)
        assert found is not None
        return found

    async def sees(self, ticket_id: str) -> list[tuple[str, list[bytes]]]:
        """The user's turns that a model is sent for this ticket, with what it is shown at each."""
        deps, ticket = self._deps, await self.ticket(ticket_id)
        prompt = await build_prompt(deps.store, deps.search, Gallery(deps.files, 8), SEEING, ticket)
        said = [turn for turn in prompt.request.turns if turn.role == "user"]
        return [(turn.content, [shown.jpeg for shown in turn.pictures]) for turn in said]

    async def answer(self, ticket_id: str) -> None:
        now = self._deps.clock.now()
        running = moves.claim(await self.ticket(ticket_id), worker="w", incarnation="i", now=now)
        assert await self._deps.store.replace_ticket(running)
        done = moves.complete(running, usage=Usage(), now=now)
        assert await self._deps.store.replace_ticket(done, an_answer(self._deps.clock, running, content="I see."))


@pytest.fixture
def talk(gateway: WholeGateway, ann: httpx2.AsyncClient) -> Talk:
    return Talk(gateway, ann)


async def test_another_answer_is_given_in_view_of_the_same_pictures(talk: Talk, ann: httpx2.AsyncClient) -> None:
    asked = await ask(ann, "Who is it?", attachment_ids=[await talk.picture("cat.png"), await talk.picture("dog.png")])
    first = await talk.sees(asked["ticket_id"])
    assert first == [("Who is it?", [b"cat.png", b"dog.png"])]
    await talk.answer(asked["ticket_id"])
    # Pictures that came since belong to another question.
    later = await ask(
        ann, "And here?", conversation_id=asked["conversation_id"], attachment_ids=[await talk.picture("cow.png")]
    )
    await talk.answer(later["ticket_id"])
    again = (await ann.post(f"{CHAT}/messages/{asked['id']}/retry")).json()["ticket"]["id"]
    assert again != asked["ticket_id"]
    assert await talk.sees(again) == first


async def test_a_question_in_another_way_keeps_its_pictures(talk: Talk, ann: httpx2.AsyncClient) -> None:
    cat = await talk.picture("cat.png")
    asked = await ask(ann, "Who is it?", attachment_ids=[cat])
    # While it waits, …
    edited = await ann.patch(f"{CHAT}/tickets/{asked['ticket_id']}", json={"content": "What is it?"})
    assert edited.status_code == 200, edited.text
    assert await talk.sees(asked["ticket_id"]) == [("What is it?", [b"cat.png"])]
    await talk.answer(asked["ticket_id"])
    # … and after it was answered, as the page sends it.
    instead = await ask(
        ann,
        "Which breed is it?",
        conversation_id=asked["conversation_id"],
        instead_of=asked["id"],
        attachment_ids=[cat],
    )
    assert await talk.sees(instead["ticket_id"]) == [("Which breed is it?", [b"cat.png"])]
    await talk.answer(instead["ticket_id"])
    more = await ask(ann, "Sure?", conversation_id=asked["conversation_id"])
    assert await talk.sees(more["ticket_id"]) == [("Which breed is it?", [b"cat.png"]), ("Sure?", [])]


async def test_pictures_of_a_temporary_chat_are_shown_there_and_nowhere_else(
    talk: Talk, ann: httpx2.AsyncClient, gateway: WholeGateway, clock: ManualClock
) -> None:
    cat = await talk.picture("cat.png")
    asked = await ask(ann, "Who is it?", temporary=True, attachment_ids=[cat])
    await ann.post(f"{CHAT}/tickets/{asked['ticket_id']}/cancel")
    again = (await ann.post(f"{CHAT}/messages/{asked['id']}/retry")).json()["ticket"]["id"]
    assert await talk.sees(again) == [("Who is it?", [b"cat.png"])]
    held = await talk.ticket(again)
    await ann.post(f"{CHAT}/tickets/{again}/cancel")
    elsewhere = await ask(ann, "Who was it?")
    clock.advance(UNKEPT_S + 1)
    deps = gateway.deps

    async def gone() -> bool:
        # Once the gateway has heard that its question was withdrawn.
        await deps.temporary.sweep()
        return await deps.store.get_conversation(asked["conversation_id"]) is None

    await eventually(gone)
    with pytest.raises(NotFound):
        await build_prompt(deps.store, deps.search, Gallery(deps.files, 8), SEEING, held)
    assert await talk.sees(elsewhere["ticket_id"]) == [("Who was it?", [])]
    assert await deps.store.get_attachment(cat) is None
    assert gateway.search.forgotten == [cat]
