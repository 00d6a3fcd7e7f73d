"""Models that go quiet, talk without saying anything, or stop in the middle: F22, F23, F24.

The worker's deadlines are lowered, in their proportions; their defaults are checked as numbers.
"""

from contextlib import AsyncExitStack

from services.agent_worker.settings import WorkerSettings
from tests.faults.evidence import Call, calls, store_of, stored
from tests.support.chat import Chat, chat
from tests.support.law import the_law_holds
from tests.support.system import System
from tokenline.contracts.chat import MessageStatus
from tokenline.contracts.tickets import TicketState
from tokenline.core.retry import ATTEMPTS

BETWEEN_S = 2.0
FIRST_S = 2.5
TOTAL_S = 4.0
EARLY_S = 0.5
"""The worker counts from before it connects, the model from the request."""
LATE_S = 1.0
"""What a busy machine may add to a deadline."""

ONCE = {
    "F22 stalls after one chunk": ('{"tokens": 1, "then": "stall", "faults": 1}', BETWEEN_S),
    "F23 keep-alives after one chunk": ('{"tokens": 1, "then": "keep_alive", "faults": 1}', BETWEEN_S),
    "F23 keep-alives and not one word": ('{"tokens": 0, "then": "keep_alive", "faults": 1}', FIRST_S),
    "F24 ends without a finish reason": ('{"tokens": 3, "then": "unfinished", "faults": 1}', 0.0),
}
"""By name: the question, and after how long the attempt counts as failed."""
ALWAYS = {
    "F22 stalls at every attempt": ('{"tokens": 2, "then": "stall"}', BETWEEN_S),
    "F23 a word now and then, for ever": ('{"tokens": 1000, "per_second": 0.8}', TOTAL_S),
    "F24 never finishes": ('{"tokens": 4, "then": "unfinished"}', 0.0),
}


def test_the_defaults_answer_a_stall_within_thirty_seconds() -> None:
    defaults = WorkerSettings(port=1)
    assert defaults.between_tokens_s <= 30
    assert defaults.between_tokens_s <= defaults.first_token_s < defaults.answer_s <= 300


async def test_f22_f23_f24_no_silence_outlasts_its_deadline(system: System) -> None:
    system.scripted_model()
    system.worker(
        slots=len(ONCE | ALWAYS),
        TOKENLINE_FIRST_TOKEN_S=f"{FIRST_S}",
        TOKENLINE_BETWEEN_TOKENS_S=f"{BETWEEN_S}",
        TOKENLINE_ANSWER_S=f"{TOTAL_S}",
    )
    system.gateway()
    questions = {name: text for name, (text, _) in (ONCE | ALWAYS).items()}
    async with AsyncExitStack() as stack, store_of(system) as store:
        people: dict[str, Chat] = {}
        for number, name in enumerate(questions):
            people[name] = await stack.enter_async_context(chat(system, f"p{number}@example.org"))
        asked = {name: await people[name].ask(text, "m1") for name, text in questions.items()}
        for name, person in people.items():
            await person.ended(asked[name])
            seen, attempts = person.tickets[asked[name]], 2 if name in ONCE else ATTEMPTS
            assert {frame["reason"] for frame in seen.frames if frame["type"] == "held"} == {"retrying"}, name
            assert (await stored(store, asked[name])).attempt == attempts, name
            assert not seen.text or seen.attempt == attempts, name
        for name, (text, due_s) in (ONCE | ALWAYS).items():
            made = await calls(system, text)
            failed = made[:1] if name in ONCE else made
            took = max(_lasted(call) for call in failed)
            print(f"{name}: given up after {took:.1f} s, {len(made)} calls")
            assert due_s - EARLY_S <= took <= due_s + LATE_S, name
        for name in ALWAYS:
            end = people[name].tickets[asked[name]].end
            assert end is not None
            assert (end["type"], end["error"]["code"], end["retry"]) == ("error", "incomplete", True), name
            answer = await store.get_message((await stored(store, asked[name])).answer_id)
            assert answer is not None
            assert answer.status is MessageStatus.INCOMPLETE
            assert answer.content == people[name].tickets[asked[name]].text
        assert people["F24 never finishes"].tickets[asked["F24 never finishes"]].text == "w0 w1 w2 w3 "
    for group, state in ((ONCE, TicketState.COMPLETE), (ALWAYS, TicketState.ERROR)):
        tickets = {asked[name]: questions[name] for name in group}
        await the_law_holds(system, tickets, *(people[name] for name in group), state=state)


def _lasted(call: Call) -> float:
    lasted: float = call["ended_at"] - call["started_at"]
    return lasted
