"""B2: credentials and what people say stand in no log, no URL and no error, whatever goes wrong."""

import logging
from collections.abc import Iterator
from contextlib import suppress

import httpx2
import pytest
import structlog
from structlog.typing import EventDict, WrappedLogger

from tests.security.calls import Answer, own_call
from tests.security.credentials import bearer
from tests.security.people import PASSWORD, Person
from tests.security.recipes import Operation, operations
from tests.security.stage import SECRET, Stage
from tokenline.runtime.logging import tell_where

CANARY = "Pelican-Quartz-91"
SILENCED = ("uvicorn.access", "httpx2", "httpcore2", "hpack", "asyncio")
"""Below warnings; so does `configure_logging`. Some of them speak of the calls of this test itself."""


class Heard(logging.Handler):
    """Everything that the services and their libraries write down, as `configure_logging` has it written down."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(SILENCED) and record.levelno < logging.WARNING:
            return
        self.lines.append(repr(tell_where(None, "", {"event": record.getMessage(), "exc_info": record.exc_info})))

    def take(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        self.lines.append(repr(event))
        raise structlog.DropEvent


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard, root = Heard(), logging.getLogger()
    before = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    structlog.configure(processors=[tell_where, heard.take])
    yield heard
    structlog.reset_defaults()
    root.removeHandler(heard)
    root.setLevel(before)


def test_no_log_and_no_error_tells_a_secret(house: Stage, admin: Person, heard: Heard) -> None:
    """Each route with good calls, bad ones, and ones that a broken store makes fail with an error nobody foresaw."""
    person = Person(house, "secretive")
    secrets = {PASSWORD, SECRET, CANARY, person.canary, *_tokens(person), *_tokens(admin)}
    key = person.post("/api/v1/api-keys", {"name": f"Key {CANARY}", "scopes": ["chat"]})["key"]
    ticket = person.post("/api/v1/auth/ws-ticket")["ticket"]
    webhook = person.post("/api/v1/webhooks", {"url": f"https://127.0.0.1:9/{CANARY}"})["secret"]
    secrets |= {key, ticket, webhook}
    person.own.all()
    failed = 0
    for operation in operations():
        if operation.name in ("end_sign_ins", "delete_account"):
            continue
        for answer in _tries(house, admin if operation.administrative else person, operation, key):
            if answer.status >= 400:
                assert not [one for one in secrets if one in answer.everything], operation
                failed += 1
            if answer.status == 500:
                assert answer.code == "internal"
    assert failed > 2 * len(operations())
    for service, http in house.http.items():
        page = http.get("/metrics").text
        assert not [one for one in secrets if one in page], service
        http.get("/api/v1/me", params={"token": person.tokens["access_token"], "ticket": ticket})
    said = "\n".join(heard.lines)
    assert "http.failed" in said, "nothing was heard"
    told = [line for line in heard.lines if any(one in line for one in secrets)]
    assert told == []


def _tries(house: Stage, person: Person, operation: Operation, key: str) -> Iterator[Answer]:
    call = own_call(operation, person)
    if operation.signed_in:
        call.headers = person.headers if operation.administrative else bearer(key)
    yield call.send(house)
    if operation.media == "application/json":
        whole = call.body
        call.body = {**(whole or {}), "odd": CANARY, "password": {"wrong": PASSWORD}, "content": [CANARY]}
        yield call.send(house)
        call.body = whole
    call.query = {"cursor": CANARY, "limit": CANARY, "token": key}
    yield call.send(house)
    call.query = {}
    # An answer that had begun is cut off.
    with house.failing(), suppress(httpx2.RemoteProtocolError):
        yield call.send(house)
    call.headers = bearer(f"{key}x")
    yield call.send(house)


def _tokens(person: Person) -> set[str]:
    return {person.tokens["access_token"], person.tokens["refresh_token"]}
