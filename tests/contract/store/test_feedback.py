"""What owners say about answers: in the answer, in the list of all, and gone with the answer."""

import pytest
from msgspec.structs import replace

from tests.contract.store.test_chat import dialogue
from tests.support.drafts import a_conversation, an_answer, ask
from tokenline.contracts.errors import BadRequest
from tokenline.contracts.feedback import Feedback, FeedbackReason, RatedAnswer, Rating
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store


def bad(clock: ManualClock, comment: str | None = None) -> Feedback:
    return Feedback(rating=Rating.DOWN, reasons=(FeedbackReason.INCORRECT,), comment=comment, at=clock.now())


async def test_it_stands_in_the_answer_and_is_changed_and_taken_back(store: Store, clock: ManualClock):
    conversation, [question, answer] = await dialogue(store, clock, 1)
    first, second = bad(clock, "Not so."), Feedback(rating=Rating.UP, at=clock.now() + 1)
    assert await store.rate(answer.id, first, "assistant") == answer
    assert await store.get_message(answer.id) == replace(answer, feedback=first)
    assert await store.rate(answer.id, second, "assistant") == replace(answer, feedback=first)
    assert (await store.messages(conversation.id)).items == (question, replace(answer, feedback=second))
    rated = RatedAnswer(
        message_id=answer.id, conversation_id=conversation.id, owner_id="ann", agent_id="assistant", feedback=second
    )
    assert (await store.feedback()).items == (rated,)
    assert await store.rate(answer.id, None, "assistant") == replace(answer, feedback=second)
    assert await store.rate(answer.id, None, "assistant") == answer
    assert await store.get_message(answer.id) == answer
    assert (await store.feedback()).items == ()
    assert await store.rate("no-such-message", first, "assistant") is None
    assert (await store.feedback()).items == ()


async def test_all_there_is_comes_page_by_page_latest_first(store: Store, clock: ManualClock):
    ids = []
    for number in range(5):
        clock.advance(number % 2)
        _, [_, answer] = await dialogue(store, clock, 1)
        await store.rate(answer.id, bad(clock), "assistant")
        ids.append((clock.now(), answer.id))
    seen, cursor = [], None
    while True:
        page = await store.feedback(cursor=cursor, limit=2)
        seen += [(item.feedback.at, item.message_id) for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == sorted(ids, reverse=True)
    with pytest.raises(BadRequest):
        await store.feedback(cursor="nonsense")


async def test_it_goes_with_its_answer(store: Store, clock: ManualClock):
    conversation, [_, answer] = await dialogue(store, clock, 1)
    _, [_, other] = await dialogue(store, clock, 1)
    await store.rate(answer.id, bad(clock), "assistant")
    await store.rate(other.id, bad(clock), "assistant")
    await store.delete_conversation(conversation.id)
    assert [item.message_id for item in (await store.feedback()).items] == [other.id]


async def test_an_answer_written_anew_keeps_it(store: Store, clock: ManualClock):
    """A question with feedback is none, but whoever writes a message again must not have to know of it."""
    accepted = await ask(store, clock, a_conversation(clock))
    running = moves.claim(accepted.ticket, worker="w", incarnation="i", now=clock.now())
    await store.replace_ticket(running)
    done = moves.fail(running, BadRequest("No.").info(), now=clock.now(), dead=True)
    await store.replace_ticket(done, an_answer(clock, running, content="Half of"))
    said = bad(clock, "Half?")
    await store.rate(running.answer_id, said, "assistant")
    await store.replace_ticket(moves.bury(done), an_answer(clock, running, content="All of it"))
    stored = await store.get_message(running.answer_id)
    assert stored is not None
    assert (stored.content, stored.feedback) == ("All of it", said)
