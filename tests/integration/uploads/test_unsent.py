"""R9: a file that no message took is deleted after its time, as its owner would delete it; one that was sent stays."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx2
import pytest

from services.gateway.accept import Question
from services.gateway.openai_api.pictures import Attaching, Sent
from services.gateway.unsent import SETTLE_S, Unsent
from tests.integration.uploads.test_protocol import begun, patch
from tests.support.in_process.whole_gateway import WholeGateway, whole_gateway
from tests.support.pictures import picture
from tokenline.contracts.errors import SearchUnavailable
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.core.clock import ManualClock
from tokenline.core.file_keys import file_key

ASK = "/api/v1/chat/messages"
FILES = "/api/v1/attachments"
KEEP_S = 200.0


@pytest.fixture
async def house(tmp_path: Path, clock: ManualClock) -> AsyncIterator[WholeGateway]:
    async with whole_gateway(tmp_path, clock=clock, unsent_files_s=KEEP_S) as gateway:
        yield gateway


@pytest.fixture
def unsent(house: WholeGateway) -> Unsent:
    """Of another gateway: that of the house lets its lease run out while the clock is set on."""
    deps = house.deps
    return Unsent(deps.store, deps.uploads, deps.metrics, "another", deps.settings.unsent_files_s)


async def uploaded(person: httpx2.AsyncClient, name: str) -> str:
    answer = await person.post(FILES, files={"file": (name, b"Some words.")})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def kept(house: WholeGateway, attachment_id: str) -> bool:
    return (house.deps.settings.data_dir / "files" / file_key(attachment_id)).exists()


def removed(house: WholeGateway) -> str:
    told = house.deps.metrics.exposition().decode().splitlines()
    return next(line for line in told if line.startswith("tokenline_unsent_files_removed_total"))


async def test_what_was_not_sent_in_time_is_refused_then_deleted(
    house: WholeGateway, ann: httpx2.AsyncClient, unsent: Unsent, clock: ManualClock
) -> None:
    forgotten, sent = await uploaded(ann, "forgotten.txt"), await uploaded(ann, "sent.txt")
    assert (await ann.post(ASK, json={"content": "What?", "attachment_ids": [sent]})).status_code == 202
    clock.advance(KEEP_S - 1)
    await unsent.sweep()
    young = await uploaded(ann, "young.txt")
    clock.advance(2)
    await unsent.sweep()

    asked = await ann.post(ASK, json={"content": "What?", "attachment_ids": [young, forgotten]})
    error = asked.json()["error"]
    assert (asked.status_code, error["code"], error["detail"]) == (404, "file_gone", {"attachment_ids": [forgotten]})
    assert kept(house, forgotten), "somebody who looked before may yet take it"

    clock.advance(SETTLE_S + 1)
    await unsent.sweep()
    assert (await ann.get(f"{FILES}/{forgotten}")).status_code == 404
    assert not kept(house, forgotten)
    assert house.search.forgotten == [forgotten]
    assert removed(house).endswith(" 1.0")
    for stays in (sent, young):
        assert (await ann.get(f"{FILES}/{stays}/content")).content == b"Some words."
    assert (await ann.post(ASK, json={"content": "What?", "attachment_ids": [young]})).status_code == 202


async def test_one_that_took_long_to_arrive_has_its_time_from_then_on(
    house: WholeGateway, ann: httpx2.AsyncClient, unsent: Unsent, clock: ManualClock
) -> None:
    where = await begun(ann, 11)
    await patch(ann, where, 0, b"Some ")
    clock.advance(KEEP_S)
    await patch(ann, where, 5, b"words.")
    clock.advance(KEEP_S - 1)
    await unsent.sweep()
    file = where.rpartition("/")[2]
    assert (await ann.post(ASK, json={"content": "What?", "attachment_ids": [file]})).status_code == 202


async def test_while_ingest_is_away_nothing_is_half_deleted(
    house: WholeGateway, ann: httpx2.AsyncClient, unsent: Unsent, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.person("bob@example.org") as bob:
        files = [await uploaded(ann, "a.txt"), await uploaded(ann, "b.txt"), await uploaded(bob, "c.txt")]
    asked = []

    async def away(owner_id: UserId, _: Sequence[AttachmentId]) -> None:
        asked.append(owner_id)
        raise SearchUnavailable

    clock.advance(KEEP_S + 1)
    await unsent.sweep()
    clock.advance(SETTLE_S + 1)
    with monkeypatch.context() as patched:
        patched.setattr(house.search, "forget", away)
        await unsent.sweep()
    assert len(asked) == 1, "each would wait for as long as a call may take"
    assert all(kept(house, file) for file in files)
    await unsent.sweep()
    assert not any(kept(house, file) for file in files)
    assert set(house.search.forgotten) == set(files)
    assert removed(house).endswith(" 3.0")


async def test_pictures_of_a_request_whose_gateway_was_killed(
    house: WholeGateway, ann: httpx2.AsyncClient, unsent: Unsent, clock: ManualClock
) -> None:
    """Nothing came of it and nobody took them back. The same request, sent again later, stores them anew."""
    me = (await ann.get("/api/v1/me")).json()["id"]
    asker = await house.deps.accounts.authenticate(ann.headers["authorization"].removeprefix("Bearer "))
    assert asker.user_id == me
    agents = house.deps.agents
    agent = agents.all[0]
    sent = [[Sent(data=picture(), mime_type="image/png", param="messages[0]")]]
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patched:
        patched.setattr(type(agent), "sees", True)
        question = await Attaching(house.deps, asker, "the same").attach(Question(content="Who?"), sent)
        (file,) = question.attachment_ids
        clock.advance(KEEP_S + 1)
        await unsent.sweep()
        clock.advance(SETTLE_S + 1)
        await unsent.sweep()
        assert not kept(house, file)
        assert await house.deps.store.get_attachment(file) is None
        again = await Attaching(house.deps, asker, "the same").attach(Question(content="Who?"), sent)
        assert again.attachment_ids == (file,)
        assert kept(house, file)


async def test_one_gateway_at_a_time(house: WholeGateway, ann: httpx2.AsyncClient, clock: ManualClock) -> None:
    deps = house.deps
    clock.advance(KEEP_S)
    one, other = (Unsent(deps.store, deps.uploads, deps.metrics, name, 1.0) for name in ("one", "other"))
    await one.sweep()
    await uploaded(ann, "a.txt")
    clock.advance(2)
    await other.sweep()
    assert await deps.store.expired_unsent(clock.now(), 10) == []
    await one.leave()
    await other.sweep()
    assert len(await deps.store.expired_unsent(clock.now(), 10)) == 1
