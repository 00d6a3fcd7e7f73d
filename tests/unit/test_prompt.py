"""What the model is asked."""

from pathlib import Path

from msgspec.structs import replace

from services.agent_worker.prompt import bounded, build_prompt
from tests.support.drafts import a_conversation, an_answer, an_attachment, ask
from tests.support.in_process.processes import NO_PICTURES
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.adapters.search_http import IngestSearch
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.agents import Agent
from tokenline.contracts.attachments import AttachmentKind, AttachmentState
from tokenline.contracts.errors import ErrorInfo
from tokenline.contracts.tickets import Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.passages import parse_unread
from tokenline.runtime.line import Line

AGENT = Agent(id="assistant", name="Assistant", model="m", system_prompt="Be brief.")


async def test_history_without_what_was_withdrawn(tmp_path: Path) -> None:
    clock = ManualClock()
    store, search = SqliteStore(tmp_path / "store.db", clock), IngestSearch("http://127.0.0.1:9", "")
    await store.open()
    line = Line(store, MemoryBroker(MemoryServer()), user_limit=2)
    conversation = a_conversation(clock)

    answered = (await ask(store, clock, conversation)).ticket
    running = moves.claim(answered, worker="w", incarnation="i", now=clock.now())
    await store.replace_ticket(running)
    withdrawn = await ask(store, clock, conversation)
    edited = replace(withdrawn.question, content="my password is hunter2")
    touched = moves.touch(withdrawn.ticket)
    await store.replace_ticket(touched, edited)
    assert await line.stop(touched) is not None
    done = moves.complete(running, usage=Usage(), now=clock.now())
    await store.replace_ticket(done, an_answer(clock, running, content="A place."))
    last = (await ask(store, clock, conversation)).ticket

    prompt = await build_prompt(store, search, NO_PICTURES, AGENT, last)
    said = [(turn.role, turn.content) for turn in prompt.request.turns]
    assert said == [
        ("system", "Be brief."),
        ("user", "What is a ticket?"),
        ("assistant", "A place."),
        ("user", "What is a ticket?"),
    ]
    await search.close()
    await store.close()


def test_what_a_caller_chose_is_bounded_by_the_agent() -> None:
    options = {"max_completion_tokens": 900, "temperature": 2.0}
    assert bounded(options, AGENT) == options
    assert bounded(options, replace(AGENT, max_tokens=50)) == {"max_completion_tokens": 50, "temperature": 2.0}


async def test_files_without_text_are_named(tmp_path: Path) -> None:
    """R5: the model can say why it knows nothing of them."""
    clock = ManualClock()
    store, search = SqliteStore(tmp_path / "store.db", clock), IngestSearch("http://127.0.0.1:9", "")
    await store.open()
    conversation = a_conversation(clock)
    failed = an_attachment(
        clock,
        conversation_id=conversation.id,
        name="scan.pdf",
        state=AttachmentState.FAILED,
        error=ErrorInfo(code="no_text", message="“scan.pdf” has no text in it."),
    )
    seen = an_attachment(
        clock,
        conversation_id=conversation.id,
        name="holiday.jpg",
        state=AttachmentState.INDEXED,
        kind=AttachmentKind.IMAGE,
    )
    await store.add_attachment(failed)
    await store.add_attachment(seen)
    ticket = (await ask(store, clock, conversation)).ticket
    system = (await build_prompt(store, search, NO_PICTURES, AGENT, ticket)).request.turns[0].content
    assert [(file.name, file.reason) for file in parse_unread(system)] == [
        ("scan.pdf", "“scan.pdf” has no text in it."),
        ("holiday.jpg", "It is a picture, and this assistant cannot see pictures."),
    ]
    await search.close()
    await store.close()
