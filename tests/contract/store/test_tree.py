"""A conversation's messages as a tree: where each stands, which path is current, and how it is read."""

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from tests.contract.store.conftest import Engine
from tests.support.drafts import a_conversation, a_question, a_ticket, an_answer, an_id
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.errors import BadRequest, ErrorInfo, NotFound
from tokenline.contracts.tickets import Ticket, TicketState, Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Accepted, Store

FAILED = ErrorInfo(code="model_failed", message="It failed.")


class Talk:
    """One conversation. Texts say where a message stands: ``q``, its answer ``q!``."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.conversation = a_conversation(clock, title="A talk")

    async def ask(
        self, text: str, *, after: Message | str | None = None, instead_of: Message | None = None
    ) -> Accepted:
        self.clock.advance(1)
        ticket = a_ticket(self.clock, self.conversation)
        return await self.store.accept(
            ticket,
            a_question(self.clock, ticket, content=text),
            self.conversation,
            user_limit=50,
            pool_limit=1000,
            now=self.clock.now(),
            after=after.id if isinstance(after, Message) else after,
            instead_of=instead_of.id if instead_of else None,
        )

    async def answer(self, ticket: Ticket, text: str) -> Message:
        running = await self.claimed(ticket)
        done = moves.complete(running, usage=Usage(), now=self.clock.now())
        assert await self.store.replace_ticket(done, an_answer(self.clock, running, content=text))
        return await self.message(running.answer_id)

    async def claimed(self, ticket: Ticket) -> Ticket:
        stored = await self.store.get_ticket(ticket.id)
        assert stored is not None
        if stored.state is TicketState.HELD:
            stored = moves.queue(stored, seq=stored.seq, now=self.clock.now())
            assert await self.store.replace_ticket(stored)
        running = moves.claim(stored, worker="w", incarnation="i", now=self.clock.now())
        assert await self.store.replace_ticket(running)
        return running

    async def turn(
        self, text: str, *, after: Message | str | None = None, instead_of: Message | None = None
    ) -> tuple[Message, Message]:
        accepted = await self.ask(text, after=after, instead_of=instead_of)
        return accepted.question, await self.answer(accepted.ticket, f"{text}!")

    async def again(self, question: Message, instead_of: Message | None, answer_id: str | None = None) -> Ticket:
        self.clock.advance(1)
        ticket = a_ticket(self.clock, self.conversation, question_id=question.id)
        ticket = replace(
            ticket, instead_of=instead_of.id if instead_of else None, answer_id=answer_id or ticket.answer_id
        )
        accepted = await self.store.accept(
            ticket,
            await self.message(question.id),
            self.conversation,
            user_limit=50,
            pool_limit=1000,
            now=self.clock.now(),
            again=True,
        )
        return accepted.ticket

    async def message(self, message_id: str) -> Message:
        stored = await self.store.get_message(message_id)
        assert stored is not None
        return stored

    async def path(self, *, to: Message | None = None, limit: int = 50) -> list[str]:
        return texts((await self.store.path(self.conversation.id, to=to, limit=limit)).items)

    async def stored(self) -> Conversation:
        stored = await self.store.get_conversation(self.conversation.id)
        assert stored is not None
        return stored


def texts(messages: Sequence[Message]) -> list[str]:
    return [message.content for message in messages]


@pytest.fixture
def talk(store: Store, clock: ManualClock) -> Talk:
    return Talk(store, clock)


async def test_a_conversation_grows_along_one_path(talk: Talk):
    assert await talk.path() == []
    q1, a1 = await talk.turn("1")
    q2, a2 = await talk.turn("2")
    assert [m.parent_id for m in (q1, a1, q2, a2)] == [None, q1.id, a1.id, q2.id]
    assert [m.depth for m in (q1, a1, q2, a2)] == [0, 1, 2, 3]
    assert await talk.path() == ["1", "1!", "2", "2!"]
    assert (await talk.stored()).leaf_id == a2.id
    assert await talk.store.alternatives(talk.conversation.id, [q1, a1, q2, a2]) == {}


async def test_questions_that_wait_stand_under_the_answers_to_come(talk: Talk):
    first, second, third = [await talk.ask(text) for text in "123"]
    assert second.question.parent_id == first.ticket.answer_id
    assert third.conversation.leaf_id == third.ticket.answer_id
    assert await talk.path() == ["1", "2", "3"]

    # The second fails without a word; the others are answered, after what was asked below them.
    running = await talk.claimed(second.ticket)
    await talk.store.replace_ticket(moves.fail(running, FAILED, now=talk.clock.now()))
    await talk.answer(third.ticket, "3!")
    await talk.answer(first.ticket, "1!")
    assert await talk.path() == ["1", "1!", "2", "3", "3!"]
    assert await talk.path(to=third.question) == ["1", "1!", "2", "3"]

    # Asked again, it gets its answer where that was to stand.
    ticket = await talk.again(second.question, None, second.ticket.answer_id)
    await talk.answer(ticket, "2!")
    assert await talk.path() == ["1", "1!", "2", "2!", "3", "3!"]


async def test_another_question_in_the_place_of_one_is_a_branch(talk: Talk):
    await talk.turn("1")
    q2, a2 = await talk.turn("2")
    await talk.turn("3")
    q2b, a2b = await talk.turn("2b", instead_of=q2)
    assert q2b.parent_id == q2.parent_id
    assert await talk.path() == ["1", "1!", "2b", "2b!"]
    assert (await talk.stored()).leaf_id == a2b.id
    assert await talk.path(to=a2) == ["1", "1!", "2", "2!"]
    assert texts((await talk.store.messages(talk.conversation.id)).items) == [
        "1", "1!", "2", "2!", "3", "3!", "2b", "2b!",
    ]  # fmt: skip
    q2c = (await talk.ask("2c", instead_of=q2b)).question
    both = (q2.id, q2b.id, q2c.id)
    assert await talk.store.alternatives(talk.conversation.id, [q2b, a2b, q2]) == {q2b.id: both, q2.id: both}


async def test_the_first_question_can_be_asked_in_another_way(talk: Talk):
    q1, _ = await talk.turn("1")
    q1b, _ = await talk.turn("1b", instead_of=q1)
    await talk.turn("2b")
    assert (q1b.parent_id, q1b.depth) == (None, 0)
    assert await talk.path() == ["1b", "1b!", "2b", "2b!"]
    assert await talk.store.alternatives(talk.conversation.id, [q1b]) == {q1b.id: (q1.id, q1b.id)}


async def test_asking_after_an_earlier_message_is_a_branch_and_after_the_last_one_is_none(talk: Talk):
    q1, a1 = await talk.turn("1")
    q2, a2 = await talk.turn("2", after=a1)
    assert q2.branch_id == a1.branch_id
    q2b, _ = await talk.turn("2b", after=a1)
    assert q2b.branch_id != a1.branch_id
    assert await talk.path() == ["1", "1!", "2b", "2b!"]
    # After a question is after its answer.
    q2c, _ = await talk.turn("2c", after=q1)
    assert (q2c.parent_id, await talk.path()) == (a1.id, ["1", "1!", "2c", "2c!"])
    # An end that is not the current one goes on where it is.
    q3, _ = await talk.turn("3", after=a2)
    assert (q3.branch_id, await talk.path()) == (q2.branch_id, ["1", "1!", "2", "2!", "3", "3!"])


async def test_asking_after_an_answer_that_is_still_to_come(talk: Talk):
    first = await talk.ask("1")
    second = await talk.ask("2", after=first.ticket.answer_id)
    beside = await talk.ask("2b", after=first.question)
    assert second.question.parent_id == beside.question.parent_id == first.ticket.answer_id
    await talk.answer(first.ticket, "1!")
    assert await talk.path() == ["1", "1!", "2b"]
    assert await talk.path(to=second.question) == ["1", "1!", "2"]


async def test_what_is_not_in_the_conversation_is_not_found(talk: Talk, store: Store, clock: ManualClock):
    other = Talk(store, clock)
    foreign, _ = await other.turn("elsewhere")
    _, a1 = await talk.turn("1")
    for wrong in (foreign.id, "no-such-message"):
        with pytest.raises(NotFound):
            await talk.ask("2", after=wrong)
        assert await store.switch_path(talk.conversation.id, wrong) is None
    with pytest.raises(NotFound):
        await talk.ask("2", instead_of=foreign)
    with pytest.raises(BadRequest):
        await talk.ask("2", instead_of=a1)
    assert await store.switch_path("no-such-conversation", a1.id) is None
    assert await talk.path() == ["1", "1!"]


async def test_another_answer_is_a_branch(talk: Talk):
    q1, a1 = await talk.turn("1")
    await talk.turn("2")
    ticket = await talk.again(q1, a1)
    assert await talk.path() == ["1"]
    assert (await talk.stored()).leaf_id == ticket.answer_id
    # What is asked meanwhile follows the answer to come.
    second = await talk.ask("2b")
    a1b = await talk.answer(ticket, "1!b")
    await talk.answer(second.ticket, "2b!")
    assert (a1b.parent_id, a1b.depth) == (q1.id, a1.depth)
    assert await talk.path() == ["1", "1!b", "2b", "2b!"]
    assert await talk.store.alternatives(talk.conversation.id, [a1b]) == {a1b.id: (a1.id, a1b.id)}
    await talk.store.switch_path(talk.conversation.id, a1.id)
    assert await talk.path() == ["1", "1!", "2", "2!"]


async def test_an_answer_that_never_comes_gives_the_path_back(talk: Talk):
    q1, a1 = await talk.turn("1")
    _, a2 = await talk.turn("2")
    for end in (
        lambda running: moves.fail(running, FAILED, now=talk.clock.now()),
        lambda running: moves.cancel(running, now=talk.clock.now()),
    ):
        running = await talk.claimed(await talk.again(q1, a1))
        assert await talk.store.replace_ticket(end(running))
        assert (await talk.path(), (await talk.stored()).leaf_id) == (["1", "1!", "2", "2!"], a2.id)
    # Not where something was asked meanwhile: that stays.
    ticket = await talk.again(q1, a1)
    second = await talk.ask("2b")
    await talk.store.replace_ticket(moves.cancel(await talk.claimed(ticket), now=talk.clock.now()))
    assert await talk.path() == ["1", "2b"]
    assert (await talk.stored()).leaf_id == second.ticket.answer_id
    # With some text it is an answer like another.
    running = await talk.claimed(await talk.again(q1, a1))
    await talk.store.replace_ticket(
        moves.cancel(running, now=talk.clock.now()), an_answer(talk.clock, running, content="1!c")
    )
    assert await talk.path() == ["1", "1!c"]


async def test_switching_goes_on_to_the_newest_message_below(talk: Talk):
    q1, a1 = await talk.turn("1")
    q2, a2 = await talk.turn("2")
    await talk.turn("3")
    await talk.turn("3b", after=a2)
    await talk.turn("2b", instead_of=q2)
    await talk.turn("1b", instead_of=q1)
    before = await talk.stored()

    for to, path in (
        (a1, ["1", "1!", "2b", "2b!"]),
        (q2, ["1", "1!", "2", "2!", "3b", "3b!"]),
        (q1, ["1", "1!", "2b", "2b!"]),
    ):
        switched = await talk.store.switch_path(talk.conversation.id, to.id)
        assert switched is not None
        assert await talk.path() == path
        assert switched == await talk.stored()
        assert switched.updated_at > before.updated_at
        end = (await talk.store.path(talk.conversation.id, limit=1)).items[0]
        assert switched.leaf_id == end.id
        before = switched

    # What is asked then continues that path.
    await talk.turn("3c")
    assert await talk.path() == ["1", "1!", "2b", "2b!", "3c", "3c!"]


async def test_switching_to_a_question_that_waits_leads_to_its_answer(talk: Talk):
    _, a1 = await talk.turn("1")
    waiting = await talk.ask("2")
    await talk.turn("2b", after=a1)
    switched = await talk.store.switch_path(talk.conversation.id, waiting.question.id)
    assert switched is not None
    assert switched.leaf_id == waiting.ticket.answer_id
    third = await talk.ask("3")
    await talk.answer(waiting.ticket, "2!")
    assert await talk.path() == ["1", "1!", "2", "2!", "3"]
    assert third.question.parent_id == waiting.ticket.answer_id


async def test_pages_go_on_along_the_path_they_began_with(talk: Talk):
    q1, _ = await talk.turn("1")
    _, a2 = await talk.turn("2")
    await talk.turn("3", after=a2)
    waiting = await talk.ask("4")
    pages = [page := await talk.store.path(talk.conversation.id, limit=2)]
    # Whatever happens meanwhile: an answer, another question, another path.
    for happens in (
        talk.answer(waiting.ticket, "4!"),
        talk.ask("1b", instead_of=q1),
        talk.store.switch_path(talk.conversation.id, q1.id),
    ):
        await happens
        pages.insert(0, page := await talk.store.path(talk.conversation.id, cursor=page.next, limit=2))
    assert [texts(page.items) for page in pages] == [["1"], ["1!", "2"], ["2!", "3"], ["3!", "4"]]
    assert page.next is None


async def test_pages_run_over_branches(talk: Talk):
    expected = []
    for n in range(6):
        question, _ = await talk.turn(f"{n}")
        question, _ = await talk.turn(f"{n}b", instead_of=question)
        expected += [f"{n}b", f"{n}b!"]
    assert await talk.path() == expected
    for limit in (1, 5, 12):
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = await talk.store.path(talk.conversation.id, cursor=cursor, limit=limit)
            seen = texts(page.items) + seen
            assert len(page.items) <= limit
            if (cursor := page.next) is None:
                break
        assert seen == expected


async def test_a_page_ends_with_the_message_that_fills_it(talk: Talk):
    for n in range(3):
        await talk.turn(f"{n}" * 10)
    page = await talk.store.path(talk.conversation.id, characters=22)
    assert texts(page.items) == ["1" * 10 + "!", "2" * 10, "2" * 10 + "!"]
    page = await talk.store.path(talk.conversation.id, cursor=page.next, characters=1)
    assert texts(page.items) == ["1" * 10]


@pytest.mark.parametrize("cursor", ["nonsense", "MTI", "WzEsMl0"])
async def test_a_foreign_cursor_of_a_path_is_refused(talk: Talk, cursor: str):
    with pytest.raises(BadRequest):
        await talk.store.path(talk.conversation.id, cursor=cursor)


async def test_a_cursor_leads_to_no_other_conversation(talk: Talk, store: Store, clock: ManualClock):
    other = Talk(store, clock)
    q1, _ = await other.turn("secret")
    await other.turn("secret too", instead_of=q1)
    await other.turn("secret 3")
    page = await store.path(other.conversation.id, limit=1)
    assert page.next is not None
    await talk.turn("1")
    assert (await store.path(talk.conversation.id, cursor=page.next)).items == ()


async def test_two_tabs_that_ask_at_once_are_in_one_path(engine: Engine, clock: ManualClock):
    """Nobody named a place, so each follows whoever came before; and none is lost."""
    stores = [await engine.open(), await engine.open()]
    talks = [Talk(store, clock) for store in stores]
    talks[1].conversation = talks[0].conversation
    await talks[0].turn("0")
    await asyncio.gather(*(talks[n % 2].ask(f"{n}") for n in range(1, 9)))
    path = await talks[0].path()
    assert path[:2] == ["0", "0!"]
    assert sorted(path[2:]) == [f"{n}" for n in range(1, 9)]


async def test_two_tabs_that_edit_at_once_have_a_branch_each(engine: Engine, clock: ManualClock):
    stores = [await engine.open(), await engine.open()]
    talks = [Talk(store, clock) for store in stores]
    talks[1].conversation = talks[0].conversation
    _, a1 = await talks[0].turn("1")
    asked = await asyncio.gather(*(talks[n % 2].ask(f"2{n}", after=a1) for n in range(4)))
    for accepted in asked:
        assert await talks[0].path(to=accepted.question) == ["1", "1!", accepted.question.content]
    [together] = {*(await stores[0].alternatives(talks[0].conversation.id, [asked[0].question])).values()}
    assert sorted(together) == sorted(accepted.question.id for accepted in asked)


async def test_messages_from_elsewhere_get_their_places(talk: Talk):
    """As an import does: a tree, parents first, with a hole where an answer never came."""
    await talk.store.create_conversation(replace(talk.conversation, leaf_id="ignored"))

    def said(text: str, parent: Message | str | None) -> Message:
        ticket = a_ticket(talk.clock, talk.conversation)
        draft = an_answer if text.endswith("!") else a_question
        parent_id = parent.id if isinstance(parent, Message) else parent
        message = draft(talk.clock, ticket, content=text, parent_id=parent_id, ticket_id=None)
        return replace(message, id=an_id(talk.clock))

    q1 = said("1", None)
    a1, a1b = said("1!", q1), said("1b!", q1)
    q2, q2b = said("2", a1), said("2b", a1b)
    q3 = said("3", "no-such-answer")
    root = said("other", None)
    for _ in range(2):
        assert await talk.store.add_messages(talk.conversation.id, [q1, a1, q2, q3])
        assert await talk.store.add_messages(talk.conversation.id, [a1b, q2b, root])
    assert (await talk.stored()).leaf_id is None

    for to, path in ((q3, ["1", "1!", "2", "3"]), (q2b, ["1", "1b!", "2b"]), (root, ["other"])):
        assert await talk.store.switch_path(talk.conversation.id, to.id)
        assert await talk.path() == path
    assert len((await talk.store.messages(talk.conversation.id)).items) == 7
    await talk.turn("more")
    assert await talk.path() == ["other", "more", "more!"]
    assert not await talk.store.add_messages("no-such-conversation", [replace(q1, conversation_id="x", id="y")])
    assert await talk.store.get_message("y") is None


async def test_deleting_takes_all_branches(talk: Talk):
    q1, _ = await talk.turn("1")
    q1b, _ = await talk.turn("1b", instead_of=q1)
    await talk.store.delete_conversation(talk.conversation.id)
    assert await talk.path() == await talk.path(to=q1b) == []
    assert await talk.store.get_message(q1b.id) is None


async def test_deleting_takes_all_messages_however_many(talk: Talk):
    await talk.store.create_conversation(talk.conversation)
    made: list[Message] = []
    for n in range(60):
        draft = an_answer if n % 2 else a_question
        message = draft(talk.clock, a_ticket(talk.clock, talk.conversation), content=f"{n}", ticket_id=None)
        made.append(replace(message, parent_id=made[-1].id if made else None))
    assert await talk.store.add_messages(talk.conversation.id, made)
    assert len((await talk.store.messages(talk.conversation.id, limit=100)).items) == 60
    await talk.store.delete_conversation(talk.conversation.id)
    assert (await talk.store.messages(talk.conversation.id)).items == ()
    for message in made:
        assert await talk.store.get_message(message.id) is None
