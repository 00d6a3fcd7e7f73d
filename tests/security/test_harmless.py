"""B11: whatever people put in comes back as data: never as a page, never sniffed, never for another site."""

from urllib.parse import quote

import pytest

from tests.security.calls import own_call
from tests.security.people import Person
from tests.security.recipes import REFUSED, Operation, operations, title_of
from tests.security.stage import Stage
from tokenline.runtime.pages import POLICY

SCRIPT = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
MEDIA = {
    "application/json",
    "text/event-stream",
    "application/octet-stream",
    "text/plain",
    "text/markdown",
    "application/zip",
    "image/webp",
}
"""What the API answers with: nothing that a browser would run or lay out."""


@pytest.mark.parametrize("operation", operations(), ids=title_of)
def test_no_answer_can_become_a_page(house: Stage, admin: Person, operation: Operation) -> None:
    person = admin if operation.administrative else Person(house, "harmless")
    person.own.afresh()
    call = own_call(operation, person)
    good = call.send(house)
    call.headers = {}
    for answer in (good, call.send(house)):
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == POLICY
        assert headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in headers
        assert not [name for name in headers if name.startswith("access-control-allow")]
        if answer.body:
            assert headers["content-type"].partition(";")[0] in MEDIA
        if "content-disposition" in headers:
            assert headers["content-disposition"].startswith("attachment")
    assert good.status < 300 or (operation.service, operation.name) in REFUSED


def test_script_in_names_and_texts_comes_back_as_data(house: Stage) -> None:
    person = Person(house, "script")
    title = person.post("/api/v1/chat/conversations", {"title": SCRIPT})
    assert title["title"] == SCRIPT
    asked = person.post("/api/v1/chat/messages", {"content": f"{SCRIPT.replace(' ', '')} hi", "wait": True})
    assert asked["message"]["content"].startswith('"><img')
    assert "<script>" in asked["ticket"]["answer"]["content"]
    page = b"<!doctype html><script>alert(1)</script><svg onload=alert(1)>"
    for name, kind in (("x.html", "text/html"), (f"{SCRIPT}.svg", "image/svg+xml"), ("x.txt", "text/plain")):
        stored = person.http.post("/api/v1/attachments", files={"file": (name, page, kind)}).json()
        assert "/" not in stored["name"]
        answer = person.http.get(f"/api/v1/attachments/{stored['id']}/content")
        assert answer.content == page
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{quote(stored['name'])}"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_lets_nothing_foreign_in(house: Stage) -> None:
    for http in house.http.values():
        for path in ("/", "/c/<script>alert(1)</script>", "/nowhere"):
            page = http.get(path)
            policy = page.headers["content-security-policy"]
            directives = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
            assert directives["default-src"] == directives["script-src"] == ["'self'"]
            assert directives["object-src"] == directives["frame-ancestors"] == ["'none'"]
            assert directives["base-uri"] == ["'none'"]
            assert "alert(1)" not in page.text
