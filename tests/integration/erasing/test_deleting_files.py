"""R9: whatever is deleted takes its files with it, wherever anything of them is kept, and nothing else.

The gateway and ingest in this process, on one store, one file store and one engine with two indexes: the one that is
searched and the one that is being filled.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from services.gateway.erasing import LEASE_S, SETTLE_S, Erasing
from services.gateway.temporary import GRACE_S
from tests.integration.uploads.test_protocol import begin, patch
from tests.support.in_process.whole_gateway import PASSWORD, ForgettingSearch, WholeGateway, whole_gateway
from tests.support.in_process.whole_ingest import NEW, OLD, Premises, Process
from tokenline.contracts.errors import SearchUnavailable, StoreUnavailable
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.core.clock import new_id
from tokenline.core.file_keys import UPLOADS, file_key, text_key, thumbnail_key, view_key
from tokenline.core.ports.store.temporary import UNKEPT_S

CONVERSATIONS = "/api/v1/chat/conversations"
FILES = "/api/v1/attachments"
KEYS = (file_key, text_key, thumbnail_key, view_key)
EVERYWHERE = frozenset({"record", "link", "old index", "new index", *(key.__name__ for key in KEYS)})


@dataclass
class Ingest(ForgettingSearch):
    """The service itself, asked in this process."""

    process: Process | None = None
    away: bool = False

    async def forget(self, owner_id: UserId, attachment_ids: Sequence[AttachmentId]) -> None:
        if self.away:
            raise SearchUnavailable
        assert self.process is not None
        await self.process.jobs.forget(owner_id, attachment_ids)


@dataclass
class House:
    gateway: WholeGateway
    premises: Premises
    ingest: Ingest
    links: dict[str, str] = field(default_factory=dict)

    async def upload(self, person: httpx2.AsyncClient, conversation_id: str) -> str:
        """As it is when it was read, a picture's shapes beside its text."""
        body = {"file": ("notes.txt", b"The pangolin sleeps all day.")}
        made = await person.post(FILES, files=body, data={"conversation_id": conversation_id})
        assert made.status_code == 201, made.text
        file_id: str = made.json()["id"]
        assert self.ingest.process is not None
        await self.ingest.process.idle()
        for key in (thumbnail_key, view_key):
            await self.gateway.deps.files.put(key(file_id), _once())
        self.links[file_id] = (await person.post(f"{FILES}/{file_id}/link")).json()["url"]
        return file_id

    async def left_of(self, person_id: UserId, file_id: str) -> frozenset[str]:
        """Where anything of it is."""
        left = set()
        if await self.gateway.deps.store.get_attachment(file_id) is not None:
            left.add("record")
        for key in KEYS:
            folder = key(file_id).rpartition("/")[0]
            if key(file_id) in [name async for name in self.gateway.deps.files.keys(folder)]:
                left.add(key.__name__)
        for name, layout in (("old index", OLD), ("new index", NEW)):
            if await (await self.premises.engine.index(layout)).opening(person_id, [file_id], 10):
                left.add(name)
        if (await self.gateway.anybody.get(self.links[file_id])).status_code != 404:
            left.add("link")
        return frozenset(left)


async def _once() -> AsyncIterator[bytes]:
    yield b"x"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with Premises(tmp_path / "ingest") as premises:
        own_store, ingest = premises.store, Ingest()
        async with whole_gateway(tmp_path, premises.server, premises.clock, ingest) as gateway:
            premises.store, premises.files = gateway.deps.store, gateway.deps.files  # type: ignore[assignment]
            before = await Process(premises, OLD).start()
            await before.end()
            ingest.process = await Process(premises, NEW).start()
            yield House(gateway, premises, ingest)
            await ingest.process.end()
        premises.store = own_store


Way = Callable[[House, httpx2.AsyncClient, str, str], Awaitable[int]]


async def the_file(house: House, person: httpx2.AsyncClient, conversation_id: str, file_id: str) -> int:
    return (await person.delete(f"{FILES}/{file_id}")).status_code


async def its_conversation(house: House, person: httpx2.AsyncClient, conversation_id: str, file_id: str) -> int:
    return (await person.delete(f"{CONVERSATIONS}/{conversation_id}")).status_code


async def time_of_a_temporary_chat(house: House, person: httpx2.AsyncClient, conversation_id: str, file_id: str) -> int:
    house.premises.clock.advance(max(UNKEPT_S, GRACE_S) + 1)
    await house.gateway.deps.temporary.sweep()
    return 503 if await house.gateway.deps.store.get_conversation(conversation_id) else 204


async def their_account(house: House, person: httpx2.AsyncClient, conversation_id: str, file_id: str) -> int:
    """By a gateway that comes after the one that was killed, if it was asked for before."""
    deps = house.gateway.deps
    asked = await person.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert asked.status_code in {202, 401}, "401: nobody gets in any more"
    house.premises.clock.advance(SETTLE_S + LEASE_S + 1)
    await Erasing(deps.store, deps.line, deps.uploads, deps.resumable, new_id(deps.clock.now())).sweep()
    return 503 if await deps.store.erasures(1) else 204


@pytest.mark.parametrize("away", ["engine", "files"])
@pytest.mark.parametrize("way", [the_file, its_conversation, time_of_a_temporary_chat, their_account])
async def test_nothing_is_left_of_what_is_deleted_and_all_of_the_rest(
    house: House, way: Way, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = {"temporary": way is time_of_a_temporary_chat}
    async with (
        house.gateway.person() as ann,
        house.gateway.person("bob@example.org") as bob,
        house.gateway.person("cleo@example.org") as cleo,
    ):
        ids, files = {}, {}
        other = cleo if way is their_account else ann
        for name, person, shape in (("deleted", ann, temporary), ("hers", other, {}), ("his", bob, {})):
            conversation = (await person.post(CONVERSATIONS, json=shape)).json()
            ids[name] = conversation["id"], conversation["owner_id"]
            files[name] = await house.upload(person, conversation["id"])
            assert await house.left_of(ids[name][1], files[name]) == EVERYWHERE, name

        with monkeypatch.context() as broken:
            house.ingest.away = away == "engine"
            if away == "files":
                broken.setattr(house.gateway.deps.files, "delete", _out_of_order)
            assert await way(house, ann, ids["deleted"][0], files["deleted"]) == 503
            left = await house.left_of(ids["deleted"][1], files["deleted"])
        house.ingest.away = False
        # Without its record nobody would know what else is to be deleted.
        assert left >= {"record", "file_key"}
        if away == "engine":
            assert left >= EVERYWHERE - {"link"}, "nothing half-done"
        assert ("link" in left) is (way is not their_account)
        assert await way(house, ann, ids["deleted"][0], files["deleted"]) == 204

        assert await house.left_of(ids["deleted"][1], files["deleted"]) == frozenset()
        for name in ("hers", "his"):
            assert await house.left_of(ids[name][1], files[name]) == EVERYWHERE, name


async def _out_of_order(key: str) -> None:
    raise StoreUnavailable


async def test_an_account_takes_unfinished_uploads_with_it_and_no_one_elses(house: House) -> None:
    async with house.gateway.person() as ann, house.gateway.person("bob@example.org") as bob:
        begun = {}
        for person in (ann, bob):
            where = begun[person] = (await begin(person, 10)).headers["location"]
            assert (await patch(person, where, 0, b"words")).status_code == 204
        assert await their_account(house, ann, "", "") == 204
        left = [key async for key in house.gateway.deps.files.keys(UPLOADS)]
        assert [key.split("/")[1] for key in left] == [begun[bob].rpartition("/")[2]]
