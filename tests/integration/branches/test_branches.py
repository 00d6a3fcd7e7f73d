"""C4, C7: nothing that was said is overwritten, and everything stays reachable, over HTTP."""

from typing import Any

import pytest

from tests.security.people import Person
from tests.security.stage import soon

CHAT = "/api/v1/chat"


def words(messages: list[dict[str, Any]]) -> list[str]:
    """The first word of each: an answer begins with that of its question."""
    return [message["content"].split("/")[0] for message in messages]


class Talk:
    """A conversation of somebody's."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.id: str = person.post(f"{CHAT}/conversations", {"title": "A talk"})["id"]

    def ask(self, content: str, **more: Any) -> tuple[str, str]:
        """The ids of question and answer."""
        asked = self.person.post(f"{CHAT}/conversations/{self.id}/messages", {"content": content, "wait": True, **more})
        return asked["message"]["id"], asked["ticket"]["answer"]["id"]

    def page(self, **query: Any) -> Any:
        return self.person.get(f"{CHAT}/conversations/{self.id}/messages", **query)

    def path(self) -> list[str]:
        return [message["id"] for message in self.page(limit=200)["items"]]

    def leaf(self) -> str | None:
        leaf: str | None = self.person.get(f"{CHAT}/conversations/{self.id}")["leaf_id"]
        return leaf

    def retry(self, message_id: str) -> dict[str, Any]:
        asked: dict[str, Any] = self.person.post(f"{CHAT}/messages/{message_id}/retry")
        return asked

    def ended(self, ticket_id: str) -> dict[str, Any]:
        state: dict[str, Any] = {}

        def over() -> bool:
            state.update(self.person.get(f"{CHAT}/tickets/{ticket_id}"))
            return state["state"] in {"complete", "cancelled", "error"}

        soon(over)
        return state


@pytest.fixture
def talk(ann: Person) -> Talk:
    return Talk(ann)


def test_an_edited_question_is_a_branch_beside_the_one_that_was(talk: Talk):
    q1, a1 = talk.ask("one")
    q2, a2 = talk.ask("two")
    q2b, a2b = talk.ask("deux", instead_of=q2)
    assert talk.path() == [q1, a1, q2b, a2b]
    assert talk.leaf() == talk.page()["leaf_id"] == a2b
    assert {m["id"]: m["alternatives"] for m in talk.page()["items"]} == {
        q1: [], a1: [], q2b: [q2, q2b], a2b: [],
    }  # fmt: skip
    assert [m["id"] for m in talk.page(tree=True)["items"]] == [q1, a1, q2, a2, q2b, a2b]
    switched = talk.person.http.put(f"{CHAT}/conversations/{talk.id}/path", json={"message_id": q2}).json()
    assert (switched["leaf_id"], talk.path()) == (a2, [q1, a1, q2, a2])


def test_a_tab_that_knows_nothing_of_newer_turns_overwrites_none_of_them(talk: Talk):
    """C7. Naming the end it knows it begins a branch; naming none it follows."""
    q1, a1 = talk.ask("one")
    q2, a2 = talk.ask("two")
    stale, answer = talk.ask("stale", parent_id=a1)
    assert talk.path() == [q1, a1, stale, answer]
    assert talk.page()["items"][2]["alternatives"] == [q2, stale]
    talk.person.http.put(f"{CHAT}/conversations/{talk.id}/path", json={"message_id": a2})
    q3, a3 = talk.ask("three")
    assert talk.path() == [q1, a1, q2, a2, q3, a3]


def test_another_answer_stands_beside_the_first(talk: Talk):
    q1, a1 = talk.ask("one")
    asked = talk.retry(a1)
    assert asked["message"]["id"] == q1
    again = talk.ended(asked["ticket"]["id"])
    a1b = again["answer"]["id"]
    assert a1b == asked["ticket"]["answer_id"] != a1
    assert talk.path() == [q1, a1b]
    assert talk.page()["items"][1]["alternatives"] == [a1, a1b]
    # By the ticket, too.
    third = talk.person.post(f"{CHAT}/tickets/{asked['ticket']['id']}/retry")
    a1c = talk.ended(third["ticket"]["id"])["answer"]["id"]
    assert talk.page()["items"][1]["alternatives"] == [a1, a1b, a1c]


def test_asking_again_while_it_is_answered_is_one_ticket(talk: Talk):
    asked = talk.person.post(f"{CHAT}/messages", {"content": "one", "agent_id": "idle"})
    again = talk.retry(asked["message"]["id"])
    assert again["ticket"]["id"] == asked["ticket"]["id"]
    # Withdrawn, it can be asked again, by two tabs at once.
    talk.person.post(f"{CHAT}/tickets/{asked['ticket']['id']}/cancel")
    first, second = talk.retry(asked["message"]["id"]), talk.retry(asked["message"]["id"])
    assert first["ticket"]["id"] == second["ticket"]["id"] != asked["ticket"]["id"]
    assert first["message"]["status"] == "sent"
    assert first["ticket"]["answer_id"] == asked["ticket"]["answer_id"]


def test_a_dead_letter_that_its_owner_asks_again_is_none_any_more(talk: Talk):
    ticket_id = talk.person.own["dead"]
    dead = talk.person.stage.run(talk.person.stage.store.get_ticket(ticket_id))
    assert dead is not None
    again = talk.person.post(f"{CHAT}/tickets/{ticket_id}/retry")
    assert again["ticket"]["answer_id"] == dead.answer_id
    letters = talk.person.stage.run(talk.person.stage.store.dead_tickets()).items
    assert ticket_id not in {letter.id for letter in letters}


def test_after_and_instead_of_exclude_each_other(talk: Talk):
    q1, a1 = talk.ask("one")
    answer = talk.person.http.post(
        f"{CHAT}/conversations/{talk.id}/messages", json={"content": "x", "parent_id": a1, "instead_of": q1}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    answer = talk.person.http.post(f"{CHAT}/conversations/{talk.id}/messages", json={"content": "x", "instead_of": a1})
    assert answer.status_code == 400
    assert talk.path() == [q1, a1]


def test_a_copy_has_the_path_and_goes_its_own_way(talk: Talk):
    q1, a1 = talk.ask("one")
    q2, _ = talk.ask("two")
    talk.ask("deux", instead_of=q2)
    body = {"message_id": a1, "client_copy_id": "c1"}
    copies = [talk.person.post(f"{CHAT}/conversations/{talk.id}/copy", body) for _ in range(2)]
    assert copies[0] == copies[1]
    assert copies[0]["title"] == "A talk"

    copy = Talk.__new__(Talk)
    copy.person, copy.id = talk.person, copies[0]["id"]
    said = copy.page()["items"]
    assert words(said) == ["one", "one"]
    assert not {m["id"] for m in said} & {q1, a1}
    assert said[1]["parent_id"] == said[0]["id"]
    assert said[1]["id"] == copies[0]["leaf_id"]
    copy.ask("more")
    assert words(copy.page()["items"]) == ["one", "one", "more", "more"]
    assert words(talk.page()["items"]) == ["one", "one", "deux", "deux"]
    # An answer of a copy can be asked for again.
    again = copy.ended(copy.retry(said[1]["id"])["ticket"]["id"])
    assert copy.page()["items"][1]["alternatives"] == [said[1]["id"], again["answer"]["id"]]


def test_a_copy_has_files_of_its_own(talk: Talk):
    """What a file says is looked for in one conversation only, and deleting that must leave the copy whole."""
    file = talk.person.http.post("/api/v1/attachments", files={"file": ("notes.txt", b"Some notes.")}).json()
    asked = talk.person.post(
        f"{CHAT}/conversations/{talk.id}/messages", {"content": "one", "attachment_ids": [file["id"]]}
    )
    copy = talk.person.post(f"{CHAT}/conversations/{talk.id}/copy", {})
    [question] = talk.person.get(f"{CHAT}/conversations/{copy['id']}/messages")["items"]
    [copied] = question["attachments"]
    assert copied["id"] != file["id"]
    assert (copied["name"], copied["conversation_id"]) == ("notes.txt", copy["id"])
    assert copied["state"] == "queued"
    talk.person.post(f"{CHAT}/tickets/{asked['ticket']['id']}/cancel")
    # Once the gateway has heard that it was withdrawn.
    soon(lambda: talk.person.http.delete(f"{CHAT}/conversations/{talk.id}").status_code == 204)
    content = talk.person.http.get(f"/api/v1/attachments/{copied['id']}/content")
    assert content.content == b"Some notes."


def test_a_copy_of_the_current_path_takes_all_of_its_pages(talk: Talk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("services.gateway.copies.PAGE", 3)
    for n in range(5):
        talk.ask(f"{n}")
    copy = talk.person.post(f"{CHAT}/conversations/{talk.id}/copy", {})
    said = talk.person.get(f"{CHAT}/conversations/{copy['id']}/messages")["items"]
    assert words(said) == [f"{n // 2}" for n in range(10)]


def test_a_foreign_message_is_copied_nowhere(talk: Talk, house: Any):
    other = Talk(Person(house, "bob"))
    _, foreign = other.ask("secret")
    answer = talk.person.http.post(f"{CHAT}/conversations/{talk.id}/copy", json={"message_id": foreign})
    assert answer.status_code == 404
