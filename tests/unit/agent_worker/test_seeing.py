"""Pictures that a model is shown (R2): the newest, within its budget, and what it is not shown is named."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from services.agent_worker.pictures import MISSING, TOO_MANY, Gallery, tokens_of
from services.agent_worker.prompt import Prompt, build_prompt
from tests.support.drafts import a_conversation, a_question, a_ticket, an_answer, an_attachment
from tokenline.adapters.files_obstore import ObstoreFiles
from tokenline.adapters.search_http import IngestSearch
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.agents import Agent
from tokenline.contracts.attachments import Attachment, AttachmentKind, AttachmentState, PictureInfo
from tokenline.contracts.chat import Conversation
from tokenline.contracts.ids import MessageId
from tokenline.contracts.tickets import Ticket, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.file_keys import view_key
from tokenline.core.passages import parse_unread

SEEING = Agent(id="assistant", name="Assistant", model="m", system_prompt="Be brief.", capabilities=("vision",))
SMALL = PictureInfo(width=500, height=500, thumbnail=True, view=True)
LARGE = PictureInfo(width=4000, height=3000, thumbnail=True, view=True)


class Album:
    """A conversation with pictures in it."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.files = ObstoreFiles(folder / "files")
        self.store = SqliteStore(folder / "store.db", self.clock)
        self.search = IngestSearch("http://127.0.0.1:9", "")
        self.conversation: Conversation = a_conversation(self.clock)

    async def picture(self, name: str, size: PictureInfo = SMALL, *, kept: bool = True) -> Attachment:
        self.clock.advance(1)
        made = an_attachment(
            self.clock,
            conversation_id=self.conversation.id,
            name=name,
            state=AttachmentState.INDEXED,
            kind=AttachmentKind.IMAGE,
            picture=size,
        )
        await self.store.add_attachment(made)
        if kept:

            async def jpeg() -> AsyncIterator[bytes]:
                yield name.encode()

            await self.files.put(view_key(made.id), jpeg())
        return made

    async def ask(self, text: str, *pictures: Attachment, instead_of: MessageId | None = None) -> Ticket:
        self.clock.advance(1)
        ticket = a_ticket(self.clock, self.conversation)
        question = a_question(self.clock, ticket, content=text, attachment_ids=tuple(one.id for one in pictures))
        accepted = await self.store.accept(
            ticket,
            question,
            self.conversation,
            user_limit=9,
            pool_limit=99,
            now=self.clock.now(),
            instead_of=instead_of,
        )
        return accepted.ticket

    async def answer(self, ticket: Ticket) -> None:
        running = moves.claim(ticket, worker="w", incarnation="i", now=self.clock.now())
        assert await self.store.replace_ticket(running)
        done = moves.complete(running, usage=Usage(), now=self.clock.now())
        assert await self.store.replace_ticket(done, an_answer(self.clock, running, content="I see."))

    async def prompt(self, ticket: Ticket, *, most: int = 8, agent: Agent = SEEING) -> Prompt:
        return await build_prompt(self.store, self.search, Gallery(self.files, most), agent, ticket)


@pytest.fixture
async def album(tmp_path: Path) -> AsyncIterator[Album]:
    made = Album(tmp_path)
    await made.store.open()
    yield made
    await made.search.close()
    await made.store.close()


def shown(prompt: Prompt) -> list[tuple[str, list[str]]]:
    """Each of the user's turns with the names of its pictures; what is in a picture is its name here."""
    assert all(one.jpeg == one.name.encode() for turn in prompt.request.turns for one in turn.pictures)
    return [(turn.content, [one.name for one in turn.pictures]) for turn in prompt.request.turns if turn.role == "user"]


def unseen(prompt: Prompt) -> list[tuple[str, str]]:
    return [(file.name, file.reason) for file in parse_unread(prompt.request.turns[0].content)]


async def test_pictures_are_shown_with_the_messages_they_were_sent_with(album: Album) -> None:
    cat, dog, cow = [await album.picture(name) for name in ("cat.png", "dog.png", "cow.png")]
    await album.answer(await album.ask("Who is it?", cat))
    prompt = await album.prompt(await album.ask("And they?", dog, cow))
    assert shown(prompt) == [("Who is it?", ["cat.png"]), ("And they?", ["dog.png", "cow.png"])]
    assert unseen(prompt) == []


async def test_the_newest_are_shown_where_only_some_may_be(album: Album) -> None:
    old, new = [await album.picture(name) for name in ("old.png", "new.png")]
    await album.answer(await album.ask("First", old))
    prompt = await album.prompt(await album.ask("Second", new), most=1)
    assert shown(prompt) == [("First", []), ("Second", ["new.png"])]
    assert unseen(prompt) == [("old.png", TOO_MANY)]


async def test_the_questions_own_are_shown_whatever_they_cost_and_older_ones_for_half_of_the_budget(
    album: Album,
) -> None:
    small, large, own = await album.picture("small.png"), await album.picture("large.png", LARGE), None
    await album.answer(await album.ask("A", large))
    await album.answer(await album.ask("B", small))
    own = await album.picture("own.png", LARGE)
    ticket = await album.ask("C", own)

    async def with_budget(tokens: int) -> list[tuple[str, list[str]]]:
        return shown(await album.prompt(ticket, agent=replace(SEEING, context_tokens=tokens)))

    assert await with_budget(5000) == [("A", ["large.png"]), ("B", ["small.png"]), ("C", ["own.png"])]
    assert await with_budget(2 * (tokens_of(LARGE) + tokens_of(SMALL))) == [
        ("A", []),
        ("B", ["small.png"]),
        ("C", ["own.png"]),
    ]
    assert await with_budget(100) == [("C", ["own.png"])]


async def test_pictures_of_other_branches_are_neither_shown_nor_named(album: Album) -> None:
    first = await album.ask("Who is it?", await album.picture("cat.png"))
    prompt = await album.prompt(
        await album.ask("Who is it?", await album.picture("dog.png"), instead_of=first.question_id)
    )
    assert shown(prompt) == [("Who is it?", ["dog.png"])]
    assert unseen(prompt) == []


async def test_a_picture_that_is_not_kept_is_named_and_the_others_are_shown(album: Album) -> None:
    gone, there = await album.picture("gone.png", kept=False), await album.picture("there.png")
    prompt = await album.prompt(await album.ask("Which?", gone, there))
    assert shown(prompt) == [("Which?", ["there.png"])]
    assert unseen(prompt) == [("gone.png", MISSING)]


async def test_a_picture_costs_what_models_count_for_it() -> None:
    """OpenAI's own examples: 1,024 × 1,024 is 765 tokens, 2,048 × 4,096 is 1,105."""
    assert tokens_of(PictureInfo(width=1024, height=1024, thumbnail=True)) == 765
    assert tokens_of(PictureInfo(width=2048, height=4096, thumbnail=True)) == 1105
