"""`GET /api/v1/chat/search`, through the door."""

from typing import Any

import httpx2

CHAT = "/api/v1/chat"


async def ask(client: httpx2.AsyncClient, text: str, **more: Any) -> dict[str, Any]:
    answer = await client.post(f"{CHAT}/messages", json={"content": text, **more})
    assert answer.status_code == 202, answer.text
    message: dict[str, Any] = answer.json()["message"]
    return message


async def search(client: httpx2.AsyncClient, q: str, **more: Any) -> dict[str, Any]:
    answer = await client.get(f"{CHAT}/search", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_titles_first_then_messages_with_their_hits_marked(ann: httpx2.AsyncClient, eve: httpx2.AsyncClient):
    asked = await ask(ann, "<b>Wie</b> komme ich nach Zürich?")
    home = asked["conversation_id"]
    await ann.patch(f"{CHAT}/conversations/{home}", json={"title": "Zurich trip", "archived": True})
    await ask(eve, "Zürich, too")
    items = (await search(ann, "zürich"))["items"]
    assert [(it["message_id"], it["role"], it["archived"]) for it in items] == [
        (None, None, True),
        (asked["id"], "user", True),
    ]
    marked = [[it["snippet"][start:end] for start, end in it["highlights"]] for it in items]
    assert marked == [["Zurich"], ["Zürich"]]
    assert items[1]["snippet"] == "<b>Wie</b> komme ich nach Zürich?"
    assert {it["conversation_id"] for it in items} == {home}


async def test_pages_follow_each_other_and_nonsense_is_refused(ann: httpx2.AsyncClient):
    asked = [(await ask(ann, f"needle {n}"))["id"] for n in range(5)]
    first = await search(ann, "needle", limit=3)
    second = await search(ann, "needle", limit=3, cursor=first["next"])
    found = [it["message_id"] for it in first["items"] + second["items"] if it["message_id"]]
    assert found == asked[::-1]
    assert second["next"] is None
    assert (await search(ann, "…"))["items"] == []
    refused: list[dict[str, str]] = [{"q": "x", "cursor": "nonsense"}, {"q": "x" * 201}, {"q": "x", "limit": "0"}]
    for bad in refused:
        answer = await ann.get(f"{CHAT}/search", params=bad)
        assert answer.status_code in (400, 422), bad


async def test_nobody_searches_without_signing_in(ann: httpx2.AsyncClient):
    answer = await ann.get(f"{CHAT}/search", params={"q": "x"}, headers={"authorization": ""})
    assert answer.status_code == 401
