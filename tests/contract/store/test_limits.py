"""Limits: counted in the store, so that they hold over all gateways; only what is accepted is charged."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.support.drafts import a_conversation, a_question, a_ticket, an_answer
from tokenline.contracts.chat import Conversation, FollowUp
from tokenline.contracts.errors import Busy, NotFound, QueueFull, RateLimited
from tokenline.contracts.limits import Charge, Limit, LimitName, Used
from tokenline.contracts.tickets import Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Accepted, Store

MINUTE = 60.0


def charge(
    most: int = 3, *, subject: str = "user:ann", name: LimitName = LimitName.MESSAGES, amount: int = 1
) -> Charge:
    return Charge(name=name, subject=subject, limit=Limit(max=most, per_s=MINUTE), amount=amount)


async def used(store: Store, clock: ManualClock, one: Charge) -> int:
    [state] = await store.used([one], clock.now())
    return state.used


async def ask(store: Store, clock: ManualClock, *charges: Charge, **changes: object) -> Accepted:
    conversation = changes.pop("conversation", None) or a_conversation(clock)
    assert isinstance(conversation, Conversation)
    ticket = a_ticket(clock, conversation)
    asked = {"client_message_id": changes.pop("client_message_id", None)}
    asked["attachment_ids"] = changes.pop("attachment_ids", ())
    return await store.accept(
        replace(ticket, counts_for=changes.pop("counts_for", ())),
        a_question(clock, ticket, **asked),
        conversation,
        user_limit=100,
        pool_limit=int(str(changes.pop("pool_limit", 1000))),
        now=clock.now(),
        charges=charges,
    )


async def test_beyond_the_limit_it_is_refused_until_the_first_comes_back(store: Store, clock: ManualClock):
    told: list[Used] = []
    for _ in range(3):
        told += await store.charge([charge()], clock.now())
        clock.advance(10)
    assert [(state.used, state.remaining) for state in told] == [(1, 2), (2, 1), (3, 0)]

    with pytest.raises(RateLimited) as refused:
        await store.charge([charge()], clock.now())
    assert refused.value.detail["limit"] == "messages"
    assert refused.value.detail["retry_after_s"] == pytest.approx(30)
    assert await used(store, clock, charge()) == 3, "what is refused is not charged"

    clock.advance(29.9)
    with pytest.raises(RateLimited):
        await store.charge([charge()], clock.now())
    clock.advance(0.2)
    await store.charge([charge()], clock.now())


async def test_subjects_and_limits_are_counted_apart(store: Store, clock: ManualClock):
    await store.charge([charge(1)], clock.now())
    await store.charge([charge(1, subject="user:bob")], clock.now())
    await store.charge([charge(1, name=LimitName.UPLOADS)], clock.now())
    assert await used(store, clock, charge(1)) == 1


async def test_all_are_charged_or_none(store: Store, clock: ManualClock):
    key = charge(1, subject="api_key:k")
    await store.charge([charge(), key], clock.now())
    with pytest.raises(RateLimited) as refused:
        await store.charge([charge(), key], clock.now())
    assert refused.value.detail["of"] == "api_key"
    assert await used(store, clock, charge()) == 1


async def test_gateways_that_race_never_admit_more_than_the_limit(engine: Engine, clock: ManualClock):
    gateways = [await engine.open() for _ in range(2)]
    asks = [gateway.charge([charge(7)], clock.now()) for gateway in gateways for _ in range(20)]
    outcomes = await asyncio.gather(*asks, return_exceptions=True)
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 7
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)} == {RateLimited}
    assert await used(gateways[0], clock, charge(7)) == 7


async def test_questions_that_race_at_two_gateways_are_admitted_up_to_the_limit(engine: Engine, clock: ManualClock):
    gateways = [await engine.open() for _ in range(2)]
    asks = [ask(gateway, clock, charge(5)) for gateway in gateways for _ in range(10)]
    outcomes = await asyncio.gather(*asks, return_exceptions=True)
    assert sum(isinstance(outcome, Accepted) for outcome in outcomes) == 5
    assert all(isinstance(outcome, Accepted | RateLimited) for outcome in outcomes)
    assert len(await gateways[0].live_tickets("ann")) == 5, "nothing is half-done"


async def test_a_refused_question_leaves_nothing_behind(store: Store, clock: ManualClock):
    await ask(store, clock, charge(1))
    conversation = a_conversation(clock)
    with pytest.raises(RateLimited):
        await ask(store, clock, charge(1), conversation=conversation)
    assert await store.get_conversation(conversation.id) is None
    assert len(await store.live_tickets("ann")) == 1


async def test_the_same_message_again_is_neither_charged_nor_refused(store: Store, clock: ManualClock):
    first = await ask(store, clock, charge(1), client_message_id="m1")
    assert [state.remaining for state in first.used] == [0]
    again = await ask(store, clock, charge(1), client_message_id="m1")
    assert (again.created, again.ticket) == (False, first.ticket)
    assert await used(store, clock, charge(1)) == 1


async def test_the_same_message_many_times_at_once_is_charged_once(engine: Engine, clock: ManualClock):
    gateways = [await engine.open() for _ in range(2)]
    conversation = a_conversation(clock)
    asks = [
        ask(gateway, clock, charge(100), client_message_id="m1", conversation=conversation)
        for gateway in gateways
        for _ in range(5)
    ]
    accepted = await asyncio.gather(*asks)
    assert sum(one.created for one in accepted) == 1
    assert await used(gateways[0], clock, charge(100)) == 1


async def test_what_is_refused_for_another_reason_is_not_charged(store: Store, clock: ManualClock):
    await ask(store, clock)
    with pytest.raises(QueueFull):
        await ask(store, clock, charge(), pool_limit=1)
    with pytest.raises(NotFound):
        await ask(store, clock, charge(), attachment_ids=("none",))
    alone = a_conversation(clock, follow_up=FollowUp.REJECT)
    await ask(store, clock, conversation=alone)
    with pytest.raises(Busy):
        await ask(store, clock, charge(), conversation=alone)
    assert await used(store, clock, charge()) == 0


async def test_of_two_that_one_conversation_takes_only_one_of_one_is_charged(engine: Engine, clock: ManualClock):
    gateways = [await engine.open() for _ in range(2)]
    alone = a_conversation(clock, follow_up=FollowUp.REJECT)
    asks = [ask(gateway, clock, charge(100), conversation=alone) for gateway in gateways for _ in range(4)]
    outcomes = await asyncio.gather(*asks, return_exceptions=True)
    admitted = sum(isinstance(outcome, Accepted) for outcome in outcomes)
    assert admitted >= 1
    assert await used(gateways[0], clock, charge(100)) == admitted


async def test_tokens_are_counted_when_the_answer_ends(store: Store, clock: ManualClock):
    tokens = charge(100, name=LimitName.TOKENS, amount=0)
    key = replace(tokens, subject="api_key:k")
    accepted = await ask(store, clock, tokens, counts_for=(tokens, key))
    assert await used(store, clock, tokens) == 0

    running = moves.claim(accepted.ticket, worker="w", incarnation="i", now=clock.now())
    assert await store.replace_ticket(running)
    ended = moves.complete(running, usage=Usage(prompt_tokens=60, completion_tokens=90), now=clock.now())
    assert await store.replace_ticket(ended, an_answer(clock, ended))
    assert not await store.replace_ticket(ended), "a second end counts nothing"
    assert [await used(store, clock, one) for one in (tokens, key)] == [150, 150]

    with pytest.raises(RateLimited) as refused:
        await ask(store, clock, tokens)
    assert refused.value.detail["limit"] == "tokens"
    clock.advance(MINUTE + MINUTE / 20)
    await ask(store, clock, tokens)


async def test_what_is_given_back_can_be_used_again(store: Store, clock: ManualClock):
    for _ in range(3):
        await store.charge([charge()], clock.now())
    await store.give_back([charge()], clock.now())
    await store.charge([charge()], clock.now())
    await store.give_back([charge(amount=99)], clock.now())
    await store.give_back([charge()], clock.now())
    [state] = await store.used([charge()], clock.now())
    assert (state.used, state.remaining, state.reset_at, state.next_at) == (0, 3, None, None)


async def test_counters_are_forgotten_when_all_of_them_came_back(engine: Engine, clock: ManualClock):
    store = await engine.open()
    many = engine.many(200)
    for number in range(many):
        await store.charge([charge(subject=f"address:{number}")], clock.now())
    assert await store.forget_used(clock.now(), 1000) == 0
    clock.advance(MINUTE / 2)
    await store.charge([charge(subject="address:0")], clock.now())
    clock.advance(MINUTE / 2 + 1)
    forgotten = [await store.forget_used(clock.now(), many - 10) for _ in range(3)]
    assert forgotten == [many - 10, 9, 0]
    assert await used(store, clock, charge(subject="address:0")) == 1


async def test_a_limit_that_was_changed_counts_what_is_remembered(store: Store, clock: ManualClock):
    for _ in range(3):
        await store.charge([charge()], clock.now())
    with pytest.raises(RateLimited):
        await store.charge([charge(2)], clock.now())
    await store.charge([charge(4)], clock.now())
