"""Export and import through the door."""

import json
from typing import Any

import httpx2
import pytest

from services.gateway.rest.exports import IMPORT_BYTES
from tests.integration.library.test_search import CHAT, ask, search
from tests.support.drafts import an_answer, an_attachment
from tests.support.in_process.whole_gateway import WholeGateway
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.chat import Citation, MessageStatus
from tokenline.contracts.tickets import Usage
from tokenline.core import ticket as moves
from tokenline.core.clock import SystemClock

CLOCK = SystemClock()
CODE = "Look:\n\n```python\nprint('<b>hello</b>')\n"


async def talk(gateway: WholeGateway, client: httpx2.AsyncClient, question: str, answer: str, **more: Any) -> str:
    """One question that is answered with a source; the conversation's id."""
    deps = gateway.deps
    me = (await client.get("/api/v1/me")).json()["id"]
    file = an_attachment(CLOCK, me, name="Bericht (1).pdf", state=AttachmentState.INDEXED)
    await deps.store.add_attachment(file)
    asked = await ask(client, question, attachment_ids=[file.id], **more)
    ticket = await deps.store.get_ticket(asked["ticket_id"])
    assert ticket is not None
    running = moves.claim(ticket, worker="w", incarnation="i", now=CLOCK.now())
    assert await deps.store.replace_ticket(running)
    done = moves.complete(running, usage=Usage(), now=CLOCK.now())
    cites = Citation(
        number=1, attachment_id=file.id, name=file.name, page=3, start=0, end=4, passage="word", similarity=0.9
    )
    said = an_answer(CLOCK, running, content=answer, citations=(cites,), status=MessageStatus.CANCELLED)
    assert await deps.store.replace_ticket(done, said)
    conversation_id: str = asked["conversation_id"]
    return conversation_id


async def test_markdown_is_what_a_person_would_want(gateway: WholeGateway, ann: httpx2.AsyncClient):
    home = await talk(gateway, ann, "# Not a heading of ours", CODE)
    await ask(ann, "And then?", conversation_id=home)
    await ann.patch(f"{CHAT}/conversations/{home}", json={"title": 'Öl & "Gas"/../x\u202e.exe'})
    got = await ann.get(f"{CHAT}/conversations/{home}/export", params={"format": "md"})
    assert got.headers["content-type"].startswith("text/markdown")
    assert got.headers["content-disposition"].startswith('attachment; filename="_l _ Gas .. x.exe.md"')
    assert "/" not in got.headers["content-disposition"].replace("UTF-8''", "")
    assert "\u202e" not in got.headers["content-disposition"]
    lines = got.text.splitlines()
    assert lines[0].startswith("# Öl & ")
    assert "print('<b>hello</b>')" in lines
    assert lines.count("```") == 1
    assert lines.index("```") < lines.index("*Stopped.*")
    assert "- [1] `Bericht (1).pdf`, page 3" in lines
    assert "Files: `Bericht (1).pdf`" in lines
    assert [line.split(" · ")[0] for line in lines if line.startswith("## ")] == ["## You", "## Assistant", "## You"]


async def test_all_that_is_mine_comes_back_at_another_account(
    gateway: WholeGateway, ann: httpx2.AsyncClient, eve: httpx2.AsyncClient
):
    home = await talk(gateway, ann, "What is in it?", CODE)
    other = await talk(gateway, ann, "Archived walrus", "Yes")
    await ann.patch(f"{CHAT}/conversations/{other}", json={"archived": True})
    await ask(ann, "temporary walrus", temporary=True)
    await ask(eve, "walrus of eve")
    one = (await ann.get(f"{CHAT}/conversations/{home}/export")).json()
    everything = (await ann.get(f"{CHAT}/export")).json()
    assert {c["id"] for c in everything["conversations"]} == {home, other}
    assert one["conversations"][0] in everything["conversations"]
    assert "ann@example.org" not in json.dumps(everything)

    report = (await eve.post(f"{CHAT}/import", json=everything)).json()
    assert [item["messages"] for item in report["items"]] == [2, 2]
    again = (await eve.post(f"{CHAT}/import", json=everything)).json()
    assert [item["known"] for item in again["items"]] == [True, True]
    assert [i["conversation_id"] for i in again["items"]] == [i["conversation_id"] for i in report["items"]]
    new = next(item["conversation_id"] for item in report["items"] if item["title"] != "Archived walrus")
    messages = (await eve.get(f"{CHAT}/conversations/{new}/messages")).json()["items"]
    assert [m["content"] for m in messages] == ["What is in it?", CODE]
    assert {m["owner_id"] for m in messages} == {(await eve.get("/api/v1/me")).json()["id"]}
    assert messages[0]["attachments"][0]["name"] == "Bericht (1).pdf"
    assert messages[0]["attachments"][0]["error"]["code"] == "not_imported"
    assert messages[0]["attachments"][0]["id"] not in json.dumps(everything)
    # It is a conversation like any other: found, and talked on.
    assert len((await search(eve, "archived walrus"))["items"]) == 2
    await ask(eve, "Go on", conversation_id=new)
    assert (await ann.get(f"{CHAT}/conversations/{new}")).status_code == 404


def document(**changes: Any) -> dict[str, Any]:
    message = {"id": "1", "parent_id": None, "role": "user", "content": "x", "status": "sent", "created_at": 1}
    conversation = {
        "id": "c", "title": "t", "agent_id": "nobody", "archived": False, "follow_up": "queue", "created_at": 1,
        "updated_at": 1, "leaf_id": "1", "messages": [message | changes.pop("message", {})],
    }  # fmt: skip
    made = {"format": "tokenline.conversations", "version": 1, "exported_at": 1}
    return made | {"conversations": [conversation | changes.pop("conversation", {})]} | changes


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 2},
        {"format": "chatgpt"},
        {"more": 1},
        {"message": {"owner_id": "somebody"}},
        {"message": {"role": "admin"}},
        {"message": {"created_at": "yesterday"}},
        {"message": {"created_at": 1e300}},
        {"message": {"parent_id": "2"}},
        {"message": {"parent_id": "1"}},
        {"message": {"content": "x" * (2**20 + 1)}},
        {"message": {"files": [{"id": "f", "name": "n", "mime_type": "javascript:alert(1)"}]}},
        {"conversation": {"owner_id": "somebody"}},
        {"conversation": {"leaf_id": "2"}},
        {"conversation": {"title": "t" * 201}},
        {"conversation": {"messages": [{}]}},
    ],
)
async def test_what_is_wrong_is_refused_and_nothing_of_it_written(ann: httpx2.AsyncClient, wrong: dict[str, Any]):
    right, bad = document(), document(**wrong)
    if "conversations" in bad:
        bad["conversations"] = right["conversations"] + bad["conversations"]
    refused = await ann.post(f"{CHAT}/import", json=bad)
    assert refused.status_code == 400, refused.text
    assert (await ann.get(f"{CHAT}/export")).json()["conversations"] == []


async def test_what_is_no_document_is_refused(ann: httpx2.AsyncClient):
    for body in (b"", b"{", b"\xff\xfe", b"[]", b'{"conversations": "' + b"x" * 100, b"[" * 100_000):
        refused = await ann.post(f"{CHAT}/import", content=body)
        assert refused.status_code == 400, body[:20]
    refused = await ann.post(f"{CHAT}/import", content=b" " * (IMPORT_BYTES + 1))
    assert refused.status_code == 413
    accepted = await ann.post(f"{CHAT}/import", content=b" " * 1_000_000 + json.dumps(document()).encode())
    assert accepted.status_code == 200
    assert (await ann.get(f"{CHAT}/export")).json()["conversations"][0]["agent_id"] == "assistant"


async def test_somebody_elses_and_temporary_ones_are_not_exported(
    gateway: WholeGateway, ann: httpx2.AsyncClient, eve: httpx2.AsyncClient
):
    home = await talk(gateway, ann, "Mine", "Yours")
    for format in ("md", "json"):
        foreign = await eve.get(f"{CHAT}/conversations/{home}/export", params={"format": format})
        assert foreign.status_code == 404
        fleeting = await ask(ann, "fleeting", temporary=True)
        refused = await ann.get(f"{CHAT}/conversations/{fleeting['conversation_id']}/export", params={"format": format})
        assert refused.status_code == 409
    assert (await ann.get(f"{CHAT}/conversations/{home}/export", params={"format": "pdf"})).status_code == 422
