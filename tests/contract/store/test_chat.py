"""Conversations and their messages: whose they are, how they are listed, how they go."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.support.drafts import a_conversation, an_answer, ask
from tokenline.contracts.chat import AnswerCall, Citation, Conversation, Message, UnreadFile
from tokenline.contracts.errors import BadRequest
from tokenline.contracts.tickets import Usage
from tokenline.contracts.tools import ToolOutcome
from tokenline.core import ticket as moves
from tokenline.core.clock import Clock, ManualClock
from tokenline.core.conversation import ConversationChange
from tokenline.core.ports.store import Store


async def conversations(store: Store, clock: ManualClock, count: int, owner: str = "ann") -> list[Conversation]:
    """The newest last; each pair shares its ``updated_at``."""
    made = []
    for n in range(count):
        clock.advance(n % 2)
        made.append(a_conversation(clock, owner, title=f"Conversation {n}"))
        await store.create_conversation(made[-1])
    return made


async def dialogue(store: Store, clock: Clock, turns: int, owner: str = "ann") -> tuple[Conversation, list[Message]]:
    conversation = a_conversation(clock, owner)
    said = []
    for _ in range(turns):
        accepted = await ask(store, clock, conversation)
        running = moves.claim(accepted.ticket, worker="w", incarnation="i", now=clock.now())
        await store.replace_ticket(running)
        done = moves.complete(running, usage=Usage(), now=clock.now())
        await store.replace_ticket(done, an_answer(clock, running))
        answer = await store.get_message(running.answer_id)
        assert answer is not None
        said += [accepted.question, answer]
    return conversation, said


async def test_a_conversation_is_created_changed_and_found(store: Store, clock: ManualClock):
    conversation = a_conversation(clock, title="One")
    await store.create_conversation(conversation)
    await store.create_conversation(replace(conversation, owner_id="eve", title="Two"))
    assert await store.get_conversation(conversation.id) == conversation
    assert await store.get_conversation("no-such-conversation") is None

    def renamed(stored: Conversation) -> Conversation:
        return replace(stored, title="Three", archived=True)

    written = await store.change_conversation(conversation.id, renamed)
    assert written is not None
    assert written.updated_at > conversation.updated_at
    assert replace(written, updated_at=conversation.updated_at) == renamed(conversation)
    assert await store.get_conversation(conversation.id) == written
    # Nothing changed: nothing written.
    assert await store.change_conversation(conversation.id, renamed) == written


async def test_changes_at_the_same_time_lose_nothing_of_each_other(engine: Engine, clock: ManualClock):
    """Two tabs at two gateways: one renames, one archives, and meanwhile questions are asked."""
    stores = [await engine.open(), await engine.open()]
    conversation = (await ask(stores[0], clock)).conversation
    clock.advance(5)
    changes: list[dict[str, Any]] = [{"title": "Renamed"}, {"archived": True}, {"agent_id": "other"}] * 4
    seen = await asyncio.gather(
        *(stores[n % 2].change_conversation(conversation.id, _to(change)) for n, change in enumerate(changes)),
        ask(stores[1], clock, conversation),
    )
    after = await stores[0].get_conversation(conversation.id)
    assert after is not None
    assert (after.title, after.archived, after.agent_id) == ("Renamed", True, "other")
    assert after.updated_at >= clock.now()
    # Whoever was told last has the whole picture, in whatever order the news arrive.
    pictures = [picture for picture in seen if isinstance(picture, Conversation)]
    newest = max(pictures, key=lambda picture: picture.updated_at)
    assert (newest.title, newest.archived, newest.agent_id) == ("Renamed", True, "other")


def _to(change: dict[str, Any]) -> ConversationChange:
    return lambda stored: replace(stored, **change)


async def test_changing_a_deleted_conversation_does_not_bring_it_back(store: Store, clock: ManualClock):
    [conversation] = await conversations(store, clock, 1)
    await store.delete_conversation(conversation.id)
    assert await store.change_conversation(conversation.id, lambda stored: replace(stored, title="Back")) is None
    assert await store.get_conversation(conversation.id) is None


async def test_deleting_takes_messages_and_ended_tickets(store: Store, clock: ManualClock):
    conversation, said = await dialogue(store, clock, 2)
    other, kept = await dialogue(store, clock, 1)

    await store.delete_conversation(conversation.id)
    await store.delete_conversation(conversation.id)

    assert (await store.messages(conversation.id)).items == ()
    assert await store.get_message(said[0].id) is None
    assert said[0].ticket_id is not None
    assert await store.get_ticket(said[0].ticket_id) is None
    assert (await store.messages(other.id)).items == tuple(kept)


async def test_an_answer_to_a_deleted_conversation_is_dropped(store: Store, clock: ManualClock):
    accepted = await ask(store, clock)
    running = moves.claim(accepted.ticket, worker="w", incarnation="i", now=clock.now())
    await store.replace_ticket(running)
    await store.delete_conversation(accepted.conversation.id)

    done = moves.complete(running, usage=Usage(), now=clock.now())
    assert await store.replace_ticket(done, an_answer(clock, running))
    assert await store.get_message(running.answer_id) is None
    assert await store.get_ticket(running.id) == done


async def test_the_latest_conversation_comes_first(store: Store, clock: ManualClock):
    made = await conversations(store, clock, 5)
    await conversations(store, clock, 2, owner="bob")
    page = await store.list_conversations("ann")
    assert page.items == tuple(sorted(made, key=lambda c: (c.updated_at, c.id), reverse=True))
    assert page.next is None


async def test_pages_of_conversations_join_without_gap_or_repeat(store: Store, clock: ManualClock):
    made = await conversations(store, clock, 7)
    seen: list[Conversation] = []
    cursor = None
    while True:
        page = await store.list_conversations("ann", cursor=cursor, limit=3)
        assert len(page.items) <= 3
        seen += page.items
        await conversations(store, clock, 1)
        if (cursor := page.next) is None:
            break
    assert {c.id for c in seen} >= {c.id for c in made}
    assert len(seen) == len({c.id for c in seen}) == 7


async def test_conversations_are_filtered(store: Store, clock: ManualClock):
    for title, agent, archived in (("Ärger mit 100%", "helper", False), ("Ruhe", "assistant", True)):
        await store.create_conversation(a_conversation(clock, title=title, agent_id=agent, archived=archived))

    async def titles(**filters: Any) -> list[str]:
        page = await store.list_conversations("ann", **filters)
        return [conversation.title for conversation in page.items]

    assert await titles() == ["Ruhe", "Ärger mit 100%"]
    assert await titles(agent_id="helper") == ["Ärger mit 100%"]
    assert await titles(archived=True) == ["Ruhe"]
    assert await titles(archived=False) == ["Ärger mit 100%"]
    assert await titles(text="äRGER") == ["Ärger mit 100%"]
    assert await titles(text="0%") == ["Ärger mit 100%"]
    assert await titles(text="%e") == []
    assert await titles(text="RU", archived=False) == []


async def test_a_message_comes_back_as_written(store: Store, clock: ManualClock):
    accepted = await ask(store, clock)
    running = moves.claim(accepted.ticket, worker="w", incarnation="i", now=clock.now())
    await store.replace_ticket(running)
    citation = Citation(
        number=1,
        attachment_id="a",
        name="n",
        page=None,
        start=0,
        end=4,
        passage="text",
        similarity=0.5,
        section="A › B",
    )
    answer = an_answer(
        clock,
        running,
        content="☂ \x00 \U0001f600",
        citations=(citation,),
        unread=(UnreadFile(name="scan.pdf", reason="It is encrypted."),),
        tool_calls=(
            AnswerCall(
                id="b", name="b", arguments="", outcome=ToolOutcome(status="failed", summary="No.", duration_s=0.5)
            ),
            AnswerCall(id="c", name="clock", arguments="{}"),
        ),
    )
    done = moves.complete(running, usage=Usage(), now=clock.now())
    await store.replace_ticket(done, answer)
    stored = await store.get_message(answer.id)
    assert stored is not None
    assert replace(stored, seq=0, depth=0, branch_id="") == answer


async def test_messages_are_paged_from_the_newest_back(store: Store, clock: ManualClock):
    conversation, said = await dialogue(store, clock, 3)

    newest = await store.messages(conversation.id, limit=4)
    assert newest.items == tuple(said[2:])
    oldest = await store.messages(conversation.id, cursor=newest.next, limit=4)
    assert oldest.items == tuple(said[:2])
    assert oldest.next is None


async def test_a_page_that_ends_exactly_is_the_last(store: Store, clock: ManualClock):
    conversation, said = await dialogue(store, clock, 2)
    page = await store.messages(conversation.id, limit=4)
    assert (page.items, page.next) == (tuple(said), None)


async def test_pages_stay_stable_while_messages_arrive(store: Store, clock: ManualClock):
    conversation, said = await dialogue(store, clock, 3)
    newest = await store.messages(conversation.id, limit=2)
    await ask(store, clock, conversation)
    assert newest.items == tuple(said[4:])
    assert (await store.messages(conversation.id, cursor=newest.next, limit=2)).items == tuple(said[2:4])


async def test_an_unknown_conversation_has_no_messages(store: Store):
    page = await store.messages("no-such-conversation")
    assert (page.items, page.next) == ((), None)


@pytest.mark.parametrize("cursor", ["", "?", "bm9uc2Vuc2U", "ä", "W10", "eyJhIjoxfQ"])
async def test_a_cursor_that_is_not_ours_is_refused(store: Store, cursor: str):
    with pytest.raises(BadRequest):
        await store.messages("any", cursor=cursor)
    with pytest.raises(BadRequest):
        await store.list_conversations("ann", cursor=cursor)
