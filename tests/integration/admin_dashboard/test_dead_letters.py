"""Tickets that were given up: seen, asked again once, or let go."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.support import drafts
from tests.support.broker import eventually
from tokenline.contracts.chat import MessageStatus
from tokenline.contracts.tickets import TicketState, Usage
from tokenline.contracts.topology import DEAD, DEAD_QUEUE
from tokenline.core import ticket as moves


@pytest.fixture
async def ann(others):
    user, _ = await others.register("ann@example.org")
    return user


async def letters(page) -> list[str]:
    return [item["ticket_id"] for item in (await page.get("dead-letters"))["items"]]


async def test_a_dead_letter_says_whose_it_is_and_why(others, page, ann):
    ended = await others.dies(await others.asks(ann.id))
    [letter] = (await page.get("dead-letters"))["items"]
    assert letter == {
        "ticket_id": ended.id,
        "user": "ann@example.org",
        "agent": "assistant",
        "pool": "default",
        "attempts": 1,
        "error": {"code": "model_unavailable", "message": "The model could not be reached.", "detail": {}},
        "created_at": ended.created_at,
        "ended_at": ended.finished_at,
    }


async def test_dead_letters_come_latest_first_in_pages(others, page, ann):
    ended = [await others.dies(await others.asks(ann.id)) for _ in range(3)]
    first = await page.get("dead-letters", limit=2)
    rest = await page.get("dead-letters", limit=2, cursor=first["next"])
    assert [item["ticket_id"] for item in first["items"] + rest["items"]] == [ticket.id for ticket in ended[::-1]]
    assert rest["next"] is None
    assert (await page.ask("dead-letters", page.token, cursor="nonsense")).status_code == 400


async def test_a_retry_is_a_new_ticket_for_the_same_question(others, page, ann):
    dead = await others.dies(await others.asks(ann.id, priority=9))
    answered = await page.does(f"dead-letters/{dead.id}/retry")
    assert answered["outcome"] == "done"
    ticket = await others.store.get_ticket(answered["ticket"]["id"])
    assert ticket.id != dead.id
    assert (ticket.question_id, ticket.conversation_id, ticket.owner_id) == (
        dead.question_id,
        dead.conversation_id,
        ann.id,
    )
    assert (ticket.state, ticket.attempt, ticket.priority) == (TicketState.QUEUED, 0, ann.tier)
    question = await others.store.get_message(dead.question_id)
    assert question.ticket_id == ticket.id, "the question belongs to it"
    await page.shows(1)
    assert (await page.line())[0]["ticket_id"] == ticket.id
    assert await letters(page) == []
    buried = await others.store.get_ticket(dead.id)
    assert (buried.state, buried.dead, buried.error) == (TicketState.ERROR, False, dead.error)


async def test_the_answer_takes_the_place_of_what_the_dead_ticket_left(others, page, ann):
    asked = await others.asks(ann.id)
    broken = drafts.an_answer(others.clock, asked, content="It broke o", status=MessageStatus.INCOMPLETE)
    dead = await others.dies(asked, broken)
    ticket = await others.store.get_ticket((await page.does(f"dead-letters/{dead.id}/retry"))["ticket"]["id"])
    claimed = await others.claims(ticket)
    answer = drafts.an_answer(others.clock, ticket)
    done = moves.complete(claimed, usage=Usage(), now=others.clock.now())
    assert await others.store.replace_ticket(done, answer)
    kept = (await others.store.messages(dead.conversation_id)).items
    assert [(message.id, message.content) for message in kept] == [
        (dead.question_id, "What is a ticket?"),
        (broken.id, answer.content),
    ]


async def test_a_doubled_retry_is_one_ticket(others, page, ann):
    dead = await others.dies(await others.asks(ann.id))
    answers = await asyncio.gather(*(page.does(f"dead-letters/{dead.id}/retry") for _ in range(4)))
    later = await page.does(f"dead-letters/{dead.id}/retry")
    assert len({answer["ticket"]["id"] for answer in [*answers, later]}) == 1
    assert "done" in {answer["outcome"] for answer in answers}
    assert later["outcome"] == "unchanged"
    assert len(await others.store.live_tickets()) == 1


async def test_a_retry_that_was_interrupted_is_finished_by_the_next(others, page, ann):
    dead = await others.dies(await others.asks(ann.id))
    first = (await page.does(f"dead-letters/{dead.id}/retry"))["ticket"]["id"]
    # As if the process had died between accepting and burying.
    await others.line.change(dead.id, lambda read: replace(read, dead=True, version=read.version + 1))
    assert await letters(page) == [dead.id]
    assert (await page.does(f"dead-letters/{dead.id}/retry"))["ticket"]["id"] == first
    assert await letters(page) == []


async def test_a_ticket_that_dies_again_can_be_retried_again(others, page, ann):
    dead = await others.dies(await others.asks(ann.id))
    seen = {dead.id}
    for _ in range(3):
        again = (await page.does(f"dead-letters/{dead.id}/retry"))["ticket"]["id"]
        assert again not in seen
        seen.add(again)
        dead = await others.dies(await others.store.get_ticket(again))
    assert await letters(page) == [dead.id]


async def test_a_discarded_letter_is_gone_and_its_ticket_stays_ended(others, page, ann):
    dead = await others.dies(await others.asks(ann.id))
    assert (await page.does(f"dead-letters/{dead.id}/discard"))["ticket"]["state"] == "error"
    assert await letters(page) == []
    for verb in ("discard", "retry"):
        refused = await page.post(f"dead-letters/{dead.id}/{verb}")
        assert (refused.status_code, refused.json()["error"]["message"]) == (404, "This ticket is no dead letter.")
    assert await others.store.live_tickets() == []
    assert await page.audit() == [
        ("dead_letter.retry", dead.id, "not_found"),
        ("dead_letter.discard", dead.id, "not_found"),
        ("dead_letter.discard", dead.id, "done"),
    ]


@pytest.mark.parametrize("verb", ["retry", "discard"])
async def test_a_living_ticket_is_no_dead_letter(others, page, ann, verb):
    ticket = await others.asks(ann.id)
    assert (await page.post(f"dead-letters/{ticket.id}/{verb}")).status_code == 404
    assert (await page.post(f"dead-letters/nobody/{verb}")).status_code == 404
    assert await others.store.get_ticket(ticket.id) == ticket


async def test_a_question_that_was_deleted_cannot_be_asked_again(others, page, ann):
    dead = await others.dies(await others.asks(ann.id))
    await others.store.delete_conversation(dead.conversation_id)
    assert (await page.post(f"dead-letters/{dead.id}/retry")).status_code == 404


async def test_what_cannot_be_read_is_counted_beside_the_letters(others, page, ann):
    assert (await page.get("dead-letters"))["in_queue"] == 0
    await others.broker.publish(DEAD.name, DEAD_QUEUE.name, b"no offer at all")
    await others.dies(await others.asks(ann.id))

    async def counted() -> bool:
        page_now = await page.get("dead-letters")
        return (len(page_now["items"]), page_now["in_queue"]) == (1, 2)

    await eventually(counted)


async def test_with_the_last_letter_the_queue_in_rabbitmq_is_emptied(others, page, ann):
    one, two = [await others.dies(await others.asks(ann.id)) for _ in range(2)]
    await others.broker.publish(DEAD.name, DEAD_QUEUE.name, b"no offer at all")
    assert await others.broker.depth(DEAD_QUEUE) == 3
    await page.does(f"dead-letters/{one.id}/discard")
    assert await others.broker.depth(DEAD_QUEUE) == 3
    await page.does(f"dead-letters/{two.id}/retry")
    assert await others.broker.depth(DEAD_QUEUE) == 0
