"""What users think of answers, as administrators read it."""

from tests.contract.store.test_chat import dialogue
from tokenline.contracts.feedback import Feedback, FeedbackReason, Rating


async def test_it_is_listed_latest_first_with_who_said_it_and_of_which_agent(others, page):
    ann, token = await others.register("ann@example.org")
    ids: list[str] = []
    for comment in ("Not so.", None, "<script>alert(1)</script>"):
        _, [_, answer] = await dialogue(others.store, others.clock, 1, owner=ann.id)
        said = Feedback(rating=Rating.DOWN, reasons=(FeedbackReason.STYLE,), comment=comment, at=1000.0 + len(ids))
        await others.store.rate(answer.id, said, "assistant")
        ids.append(answer.id)
    first = await page.get("feedback", limit=2)
    assert [(item["message_id"], item["user"], item["agent"]) for item in first["items"]] == [
        (ids[2], "ann@example.org", "assistant"),
        (ids[1], "ann@example.org", "assistant"),
    ]
    assert first["items"][0]["feedback"] == {
        "rating": "down",
        "reasons": ["style"],
        "comment": "<script>alert(1)</script>",
        "at": 1002.0,
    }
    rest = await page.get("feedback", cursor=first["next"])
    assert ([item["message_id"] for item in rest["items"]], rest["next"]) == ([ids[0]], None)
    assert (await page.ask("feedback", token)).status_code == 403
    assert (await page.ask("feedback", page.token, cursor="not ours")).status_code == 400
