"""Links: read by whoever has them, as it was, until they are taken back (C6)."""

import json
from pathlib import Path

import httpx2
from msgspec.structs import replace

from services.gateway.shares import TOKEN_BYTES
from tests.integration.library.test_exports import talk
from tests.integration.library.test_search import CHAT, ask
from tests.support.in_process.whole_gateway import WholeGateway, whole_gateway
from tokenline.core.paging import encode_cursor

PUBLIC = "/api/public/shares"


async def share(client: httpx2.AsyncClient, conversation_id: str) -> dict[str, str]:
    made = await client.post(f"{CHAT}/conversations/{conversation_id}/share")
    assert made.status_code == 201, made.text
    link: dict[str, str] = made.json()
    return link


async def test_strangers_read_what_was_said_and_nothing_else(gateway: WholeGateway, ann: httpx2.AsyncClient):
    home = await talk(gateway, ann, "What is in it?", "All of it")
    link = await share(ann, home)
    assert len(link["token"]) >= TOKEN_BYTES * 4 // 3
    assert await share(ann, home) == link
    later = await ask(ann, "Said later", conversation_id=home)
    got = await gateway.anybody.get(f"{PUBLIC}/{link['token']}")
    assert got.status_code == 200
    assert got.headers["x-robots-tag"] == "noindex, nofollow"
    assert got.headers["cache-control"] == "no-store"
    shown = got.json()
    assert [(m["role"], m["content"]) for m in shown["items"]] == [
        ("user", "What is in it?"),
        ("assistant", "All of it"),
    ]
    assert shown["items"][0]["files"] == [{"name": "Bericht (1).pdf"}]
    assert shown["items"][1]["sources"] == [{"number": 1, "name": "Bericht (1).pdf", "page": 3, "section": None}]
    me = (await ann.get("/api/v1/me")).json()
    secret = ["ann@example.org", me["id"], home, later["id"], "Said later", '"word"', "passage", "tool", "owner"]
    assert [one for one in secret if one in json.dumps(shown)] == []
    assert (await share(ann, home))["token"] != link["token"]


async def test_a_link_is_taken_back_at_once_and_everywhere(
    gateway: WholeGateway, ann: httpx2.AsyncClient, eve: httpx2.AsyncClient, tmp_path: Path
):
    home = await talk(gateway, ann, "Mine", "Yours")
    link = await share(ann, home)
    assert (await ann.get(f"{CHAT}/shares", params={"conversation_id": home})).json()["items"] == [link]
    assert (await eve.get(f"{CHAT}/shares")).json()["items"] == []
    for call in (
        eve.delete(f"{CHAT}/shares/{link['id']}"),
        eve.get(f"{CHAT}/shares", params={"conversation_id": home}),
        eve.post(f"{CHAT}/conversations/{home}/share"),
        ann.delete(f"{CHAT}/shares/{link['token']}"),
    ):
        assert (await call).status_code == 404
    async with whole_gateway(tmp_path) as other:
        assert (await other.anybody.get(f"{PUBLIC}/{link['token']}")).status_code == 200
        assert (await ann.delete(f"{CHAT}/shares/{link['id']}")).status_code == 204
        gone = await other.anybody.get(f"{PUBLIC}/{link['token']}")
        never = await other.anybody.get(f"{PUBLIC}/{'x' * len(link['token'])}")
        assert (gone.status_code, gone.content) == (404, never.content)


async def test_it_ends_with_its_conversation_or_owner(gateway: WholeGateway, ann: httpx2.AsyncClient):
    homes = [await talk(gateway, ann, "Mine", "Yours") for _ in range(2)]
    links = [await share(ann, home) for home in homes]
    assert (await ann.delete(f"{CHAT}/conversations/{homes[0]}")).status_code in (204, 409)
    await gateway.deps.store.delete_conversation(homes[0])
    assert (await gateway.anybody.get(f"{PUBLIC}/{links[0]['token']}")).status_code == 404
    owner = await gateway.deps.store.get_user(links[1]["owner_id"])
    assert owner is not None
    await gateway.deps.store.change_user(owner.id, lambda user: replace(user, disabled=True))
    assert (await gateway.anybody.get(f"{PUBLIC}/{links[1]['token']}")).status_code == 404


async def test_cursors_lead_nowhere_but_back(gateway: WholeGateway, ann: httpx2.AsyncClient):
    home = await talk(gateway, ann, "first", "second")
    await talk(gateway, ann, "third", "fourth", conversation_id=home)
    link = await share(ann, home)
    await ask(ann, "Said later", conversation_id=home)
    where = f"{PUBLIC}/{link['token']}"
    page = (await gateway.anybody.get(where, params={"limit": 3})).json()
    assert [m["content"] for m in page["items"]] == ["second", "third", "fourth"]
    further = (await gateway.anybody.get(where, params={"limit": 3, "cursor": page["next"]})).json()
    assert [m["content"] for m in further["items"]] == ["first"]
    made_up = encode_cursor((home, 99))
    for cursor in (made_up, page["next"][:32] + made_up, "", "x" * 50, page["next"].swapcase()):
        refused = await gateway.anybody.get(where, params={"cursor": cursor})
        assert refused.status_code == 400, cursor


async def test_temporary_and_empty_ones_are_not_shared(ann: httpx2.AsyncClient):
    empty = (await ann.post(f"{CHAT}/conversations", json={})).json()["id"]
    fleeting = (await ask(ann, "fleeting", temporary=True))["conversation_id"]
    for conversation_id in (empty, fleeting):
        refused = await ann.post(f"{CHAT}/conversations/{conversation_id}/share")
        assert refused.status_code == 409
