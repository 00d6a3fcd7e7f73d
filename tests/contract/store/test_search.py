"""Words of messages and titles: what is found, whose, in which order, and that it goes with what it was in."""

import pytest
from msgspec.structs import replace

from tests.support.drafts import a_conversation, a_question, a_ticket, an_answer, ask
from tokenline.contracts.chat import Conversation, Message, MessageStatus
from tokenline.contracts.errors import BadRequest
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store
from tokenline.core.search import Terms, parse_query


def terms(query: str) -> Terms:
    parsed = parse_query(query)
    assert parsed is not None
    return parsed


async def say(
    store: Store, clock: ManualClock, text: str, conversation: Conversation | None = None, owner: str = "ann"
) -> Message:
    """A question."""
    home = conversation or a_conversation(clock, owner)
    ticket = a_ticket(clock, home)
    question = a_question(clock, ticket, content=text)
    accepted = await store.accept(ticket, question, home, user_limit=99, pool_limit=999, now=clock.now())
    return accepted.question


async def found(store: Store, query: str, owner: str = "ann") -> list[str]:
    page = await store.search_messages(owner, terms(query))
    return [item.message.content for item in page.items]


async def test_messages_are_found_by_words_phrases_and_beginnings(store: Store, clock: ManualClock):
    home = a_conversation(clock)
    for text in ("Der Tower von London", "Le café de Paris", "昨日は東京都へ行った", "paris and london"):
        await say(store, clock, text, home)
    assert await found(store, "london") == ["paris and london", "Der Tower von London"]
    assert await found(store, "lon") == ["paris and london", "Der Tower von London"]
    assert await found(store, "LONDON paris") == ["paris and london"]
    assert await found(store, "london -paris") == ["Der Tower von London"]
    assert await found(store, '"von london"') == ["Der Tower von London"]
    assert await found(store, '"london von"') == []
    assert await found(store, "cafe") == ["Le café de Paris"]
    assert await found(store, "東京") == ["昨日は東京都へ行った"]
    assert await found(store, "京東") == []
    # Nothing that is typed is a language of the engine.
    for query in ('tower" OR "cafe', "owner:x", "tower NOT london", "tow*", "(tower", "^tower$", "NEAR(a)"):
        await store.search_messages("ann", terms(query))
    assert await found(store, "to.*er") == []


async def test_only_the_owners_and_pages_without_gap_or_repeat(store: Store, clock: ManualClock):
    said = [await say(store, clock, f"needle {n}") for n in range(7)]
    await say(store, clock, "needle of eve", owner="eve")
    await say(store, clock, "needle of another", owner="ann-2")
    seen: list[str] = []
    cursor = None
    while True:
        page = await store.search_messages("ann", terms("needle"), cursor=cursor, limit=3)
        seen += [item.message.id for item in page.items]
        assert all(item.conversation.id == item.message.conversation_id for item in page.items)
        if (cursor := page.next) is None:
            break
    assert seen == [message.id for message in reversed(said)]
    with pytest.raises(BadRequest):
        await store.search_messages("ann", terms("needle"), cursor="nonsense")


async def test_answers_and_edited_questions_are_found_as_they_are(store: Store, clock: ManualClock):
    accepted = await ask(store, clock)
    running = moves.claim(accepted.ticket, worker="w", incarnation="i", now=clock.now())
    edited = replace(accepted.question, content="about walruses")
    assert await store.replace_ticket(running, edited)
    assert await found(store, "walrus") == ["about walruses"]
    assert await found(store, "ticket") == []
    withdrawn = replace(edited, status=MessageStatus.CANCELLED)
    ended = moves.cancel(running, now=clock.now())
    answer = an_answer(clock, running, content="half a penguin", status=MessageStatus.CANCELLED)
    assert await store.replace_ticket(ended, withdrawn, answer)
    assert await found(store, "walrus") == []
    assert await found(store, "penguin") == ["half a penguin"]


async def test_what_is_deleted_is_found_no_longer(store: Store, clock: ManualClock):
    accepted = await ask(store, clock)
    running = moves.claim(accepted.ticket, worker="w", incarnation="i", now=clock.now())
    await store.replace_ticket(running)
    await store.replace_ticket(moves.cancel(running, now=clock.now()))
    kept = await say(store, clock, "another ticket")
    assert len(await found(store, "ticket")) == 2
    await store.delete_conversation(accepted.conversation.id)
    assert await found(store, "ticket") == [kept.content]
    while await store.tidy_search():
        pass
    assert await found(store, "ticket") == [kept.content]


async def test_temporary_conversations_are_in_no_search_and_no_list(store: Store, clock: ManualClock):
    secret = a_conversation(clock, title="A secret", temporary=True)
    await say(store, clock, "secret words", secret)
    open_one = a_conversation(clock, title="No secret")
    await say(store, clock, "no secret words", open_one)
    assert await found(store, "secret") == ["no secret words"]
    assert [c.id for c in await store.search_titles("ann", terms("secret"))] == [open_one.id]
    assert [c.id for c in (await store.list_conversations("ann")).items] == [open_one.id]
    assert await store.get_conversation(secret.id) is not None


async def test_titles_are_found_by_the_same_words(store: Store, clock: ManualClock):
    for n, title in enumerate(("Reise nach Zürich", "東京タワー", "Zurich again", "Other")):
        clock.advance(1)
        await store.create_conversation(a_conversation(clock, title=title, archived=n == 2))
    await store.create_conversation(a_conversation(clock, "eve", title="Zürich"))
    titles = [c.title for c in await store.search_titles("ann", terms("zurich"))]
    assert titles == ["Zurich again", "Reise nach Zürich"]
    assert [c.title for c in await store.search_titles("ann", terms("京タ"))] == ["東京タワー"]
    assert len(await store.search_titles("ann", terms("zurich"), limit=1)) == 1
