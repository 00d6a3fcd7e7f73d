"""One call of an operation, sent exactly as written down, and what came back."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from tests.security.people import KINDS, Person
from tests.security.recipes import Operation, Slot, headers_of, path_values
from tests.security.stage import PROBE, Stage
from tokenline.core.tus import MEDIA

IDENTITY = frozenset(
    {"get_user", "get_users", "refresh_family_is_live", "api_keys", "api_key_by_hash", "renew_lease", "revoked_since"}
)
"""Calls of the store that tell who asks; some of them are remembered for a moment."""
STREAM_BYTES = 1024 * 1024

_numbers = itertools.count()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    calls: list[str]
    """Of the store, but for those that tell who asks."""

    @property
    def code(self) -> str | None:
        try:
            said = json.loads(self.body)["error"]
        except (ValueError, TypeError, KeyError):
            return None
        code: str | None = said["code"]
        return code

    @property
    def everything(self) -> str:
        """For looking for what must not be in it."""
        return "\n".join([*map(str, self.headers.items()), self.body.decode(errors="replace")])

    def without(self, *words: str) -> tuple[int, dict[str, str], str]:
        """What the asker can tell answers by, but for what they sent themselves."""
        body = self.body.decode(errors="replace")
        for word in words:
            body = body.replace(word, "…")
        headers = {name: value for name, value in self.headers.items() if name not in ("date", "content-length")}
        return self.status, headers, body


@dataclass
class Call:
    """``path`` values are put in as they are: what is to be escaped comes escaped."""

    operation: Operation
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    method: str | None = None

    def put(self, slot: Slot, value: Any) -> "Call":
        """Name another thing; in the path the value comes escaped."""
        if slot.where == "path":
            self.path[slot.name] = value
        elif slot.where == "query":
            self.query[slot.name] = value
        else:
            assert self.body is not None
            self.body[slot.name] = [value] if slot.many else value
        return self

    def send(self, stage: Stage) -> Answer:
        """Over real HTTP. A stream is read to its end, or as far as anybody would."""
        operation = self.operation
        target = operation.path
        for name, value in self.path.items():
            target = target.replace(f"{{{name}}}", value).replace(f"{{{name}:path}}", value)
        if self.query:
            target += "?" + urlencode(self.query)
        probe = f"call-{next(_numbers)}"
        with stage.http[operation.service].stream(
            self.method or operation.method,
            "/",
            headers={PROBE: probe} | self.headers,
            extensions={"target": target.encode()},
            **self._content(),
        ) as response:
            body = b""
            for piece in response.iter_raw():
                body += piece
                if len(body) > STREAM_BYTES:
                    break
        return Answer(
            response.status_code,
            dict(response.headers),
            body,
            [name for name in stage.calls.pop(probe, []) if name not in IDENTITY],
        )

    def _content(self) -> dict[str, Any]:
        if self.body is None:
            return {}
        if self.operation.media == "application/json":
            return {"json": self.body}
        if self.operation.media == MEDIA:
            return {"content": b""}
        files = {name: value for name, value in self.body.items() if isinstance(value, tuple)}
        return {"files": files, "data": {name: value for name, value in self.body.items() if name not in files}}


def own_call(operation: Operation, person: Person) -> Call:
    """A call that succeeds: everything that it names is the person's own."""
    body = operation.body()
    words = {"new": f"new-{next(_numbers)}", "email": person.email, "refresh_token": person.tokens["refresh_token"]}
    if body is not None:
        words |= {kind: person.own[kind] for kind in KINDS if f"{{{kind}}}" in body.values()}
        body = {
            name: value.format(**words) if isinstance(value, str) and value.startswith("{") else value
            for name, value in body.items()
        }
    call = Call(operation, path_values(operation, person.own), body=body, headers=headers_of(operation))
    if operation.signed_in:
        call.headers |= person.headers
    return call


def escaped(value: str) -> str:
    return quote(value, safe="")
