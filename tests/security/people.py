"""Somebody with an account, and what is theirs: made at the first mention, over the front door.

A `Person` has a secret word of their own in everything they own: in titles, questions, answers, file names, files,
addresses and names of keys. Nobody else may ever be sent that word.
"""

import itertools
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
from msgspec.structs import replace

from tests.security.stage import Stage
from tests.support.broker import eventually
from tests.support.pictures import picture
from tokenline.contracts.attachments import AttachmentState, PictureInfo
from tokenline.contracts.errors import ModelUnavailable
from tokenline.contracts.ids import UserId
from tokenline.contracts.webhooks import DeliveryState
from tokenline.core import ticket as moves
from tokenline.core.file_keys import thumbnail_key
from tokenline.core.tus import as_metadata

PASSWORD = "correct horse battery"
_numbers = itertools.count()


class Person:
    """``canary`` is their secret word, ``own`` what they own."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.canary = f"canary{secrets.token_hex(6)}"
        self.email = f"{name}-{next(_numbers)}-{self.canary}@example.org"
        self.http = stage.at_end.enter_context(
            httpx2.Client(base_url=stage.gateway, timeout=30, trust_env=False, verify=False)
        )
        answer = self.http.post("/api/v1/auth/register", json={"email": self.email, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        self.tokens: dict[str, Any] = answer.json()
        self.http.headers["authorization"] = f"Bearer {self.tokens['access_token']}"
        self.id: UserId = self.get("/api/v1/me")["id"]
        self.own = Belongings(self)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens['access_token']}"}

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        answer = self.http.post(path, json=body, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


class Belongings:
    """``own["conversation"]`` is the id of one; the same each time."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._made: dict[str, str] = {}

    def __getitem__(self, kind: str) -> str:
        if kind not in self._made:
            self._made[kind] = KINDS[kind](self._person)
        return self._made[kind]

    def all(self) -> dict[str, str]:
        return {kind: self[kind] for kind in KINDS}

    def afresh(self) -> None:
        """What is mentioned from here on is made anew."""
        self._made = {}


def _conversation(person: Person) -> str:
    body = {"title": f"Title {person.canary}"}
    made: str = person.post("/api/v1/chat/conversations", body)["id"]
    person.stage.search.passages_of[made] = f"passage {person.canary}"
    return made


def _asked(person: Person, **more: Any) -> dict[str, Any]:
    """An answer begins with the first word of its question."""
    body = {"content": f"{person.canary} what is it?", **more}
    asked: dict[str, Any] = person.post("/api/v1/chat/messages", body)
    return asked


def _answered(person: Person) -> str:
    asked = _asked(person, conversation_id=person.own["conversation"], wait=True)
    assert person.canary in asked["ticket"]["answer"]["content"]
    ticket: str = asked["ticket"]["id"]
    return ticket


def _answer(person: Person) -> str:
    """Rated by its owner."""
    message: str = person.get(f"/api/v1/chat/tickets/{person.own['answered']}")["answer"]["id"]
    said = {"rating": "down", "comment": f"Because {person.canary}."}
    assert person.http.put(f"/api/v1/chat/messages/{message}/feedback", json=said).status_code == 200
    return message


def _message(person: Person) -> str:
    """A question of the conversation, answered."""
    assert person.own["answered"]
    page = person.get(f"/api/v1/chat/conversations/{person.own['conversation']}/messages")
    question: str = page["items"][0]["id"]
    return question


def _waiting(person: Person) -> str:
    ticket: str = _asked(person, agent_id="idle")["ticket"]["id"]
    return ticket


def _dead(person: Person) -> str:
    """A dead letter."""
    ticket, line = _waiting(person), person.stage.apps["gateway"].state.deps.line

    async def dies() -> None:
        claimed = await line.change(ticket, lambda read: moves.claim(read, worker="gone", incarnation="gone", now=0.0))
        assert await line.fail(claimed, ModelUnavailable().info(), None, dead=True) is not None

    person.stage.run(dies())
    return ticket


def _attachment(person: Person) -> str:
    file = (f"{person.canary}.txt", f"In the file stands {person.canary}.".encode())
    answer = person.http.post("/api/v1/attachments", files={"file": file})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def _upload(person: Person) -> str:
    """One that is not finished."""
    said = {
        "tus-resumable": "1.0.0",
        "upload-length": "1000",
        "upload-metadata": as_metadata({"filename": person.canary}),
    }
    answer = person.http.post("/api/v1/attachments/uploads", headers=said)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].rpartition("/")[2]


def _picture(person: Person) -> str:
    """Read, with a thumbnail in which stands the secret word. There is no ingest here."""
    files = {"file": (f"{person.canary}.png", picture("PNG"))}
    answer = person.http.post("/api/v1/attachments", files=files)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]

    async def read() -> None:
        attachment = await person.stage.store.get_attachment(made)
        assert attachment is not None
        about = PictureInfo(width=8, height=8, thumbnail=True)
        indexed = replace(attachment, state=AttachmentState.INDEXED, picture=about, version=attachment.version + 1)
        assert await person.stage.store.replace_attachment(indexed)
        await person.stage.apps["gateway"].state.deps.files.put(thumbnail_key(made), pieces())

    async def pieces() -> AsyncIterator[bytes]:
        yield person.canary.encode()

    person.stage.run(read())
    return made


def _link(person: Person) -> str:
    url: str = person.post(f"/api/v1/attachments/{person.own['attachment']}/link")["url"]
    return url.rpartition("/")[2]


def _webhook(person: Person) -> str:
    # A private network, which is refused at the first and only attempt.
    made: str = person.post("/api/v1/webhooks", {"url": f"https://127.0.0.1:9/{person.canary}"})["id"]
    return made


def _delivery(person: Person) -> str:
    """The ticket whose end was to be told to the webhook."""
    ticket: str = _asked(person, webhook_id=person.own["webhook"], wait=True)["ticket"]["id"]

    async def given_up() -> bool:
        delivery = await person.stage.store.get_delivery(ticket)
        return delivery is not None and delivery.state is DeliveryState.FAILED

    person.stage.run(eventually(given_up))
    return ticket


def _api_key(person: Person) -> str:
    made: str = person.post("/api/v1/api-keys", {"name": f"Key {person.canary}"})["id"]
    return made


def _sign_in(person: Person) -> str:
    """Another one than that of these tests."""
    person.post("/api/v1/auth/login", {"email": person.email, "password": PASSWORD})
    others = [one["id"] for one in person.get("/api/v1/me/sign-ins")["items"] if not one["current"]]
    made: str = others[0]
    return made


def _shared(person: Person) -> dict[str, str]:
    assert person.own["answered"]
    link: dict[str, str] = person.post(f"/api/v1/chat/conversations/{person.own['conversation']}/share")
    return link


KINDS: dict[str, Callable[[Person], str]] = {
    "conversation": _conversation,
    "answered": _answered,
    "answer": _answer,
    "message": _message,
    "waiting": _waiting,
    "dead": _dead,
    "attachment": _attachment,
    "upload": _upload,
    "picture": _picture,
    "link": _link,
    "webhook": _webhook,
    "delivery": _delivery,
    "api_key": _api_key,
    "sign_in": _sign_in,
    "talk": lambda person: person.own["answered"] and person.own["conversation"],
    "share": lambda person: _shared(person)["id"],
    "share_token": lambda person: _shared(person)["token"],
}
"""Everything that belongs to somebody. Add a kind for each new sort of thing: how a person makes one."""
