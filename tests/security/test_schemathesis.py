"""X4, B5: schemathesis calls every operation of the served documents with what they allow and with what they do not.

Deterministic, and bounded by a number of calls. It looks at statuses, shapes, headers and media types of the answers,
at whether wrong data, wrong methods and missing credentials are refused, and at whether what was made is there and what
was deleted is gone.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.security.conftest import administrator
from tests.security.people import Person
from tests.security.recipes import FOR_PEOPLE, KIND_AT, KIND_OF, operations
from tests.security.stage import Stage, stage
from tokenline.core.tus import MEDIA

EXAMPLES = 12
LIMIT_S = 120.0
REFUSES_IN_WORDS = {"register", "change_password", "upload", "begin_upload", "attach_url"}
"""Operations that refuse with 422 what no schema could forbid: weak passwords, empty files, addresses of nobody. Others
do so with the further statuses that their documents name, as 400 for a cursor that is not one of ours."""
SIGNS_OUT = {"end_sign_in", "end_sign_ins"}
"""End the sign-in that schemathesis calls with, so they come by themselves."""
REFUSES_WRONG_DATA = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]
START = f"""
import schemathesis
from schemathesis.cli import schemathesis as run

schemathesis.serializer.alias({MEDIA!r}, "application/octet-stream")
run()
"""
GIVEN: dict[str, dict[str, str]] = {
    "completions": {"body.model": "assistant"},
    "model": {"model_id": "assistant"},
}
"""What schemathesis cannot guess."""


def programs(service: str) -> set[str]:
    return {one.name for one in operations() if one.service == service} - FOR_PEOPLE - SIGNS_OUT


def key_of(person: Person) -> str:
    key: str = person.post("/api/v1/api-keys", {"name": "schemathesis", "scopes": ["chat", "admin"]})["key"]
    return key


def test_programs_are_answered_as_the_document_says(house: Stage, tmp_path: Path) -> None:
    person = Person(house, "fuzz")
    _run(house, "gateway", person, key_of(person), programs("gateway"), tmp_path)


def test_administrators_programs_are_answered_as_the_document_says(tmp_path: Path) -> None:
    """On a stage of its own: it pauses pools and sends workers away."""
    (tmp_path / "house").mkdir()
    with stage(tmp_path / "house") as house:
        admin = administrator(house)
        _run(house, "dashboard", admin, key_of(admin), programs("dashboard"), tmp_path)


def test_people_are_answered_as_the_document_says(house: Stage, tmp_path: Path) -> None:
    person = Person(house, "fuzz")
    _run(house, "gateway", person, person.tokens["access_token"], FOR_PEOPLE - SIGNS_OUT, tmp_path)


def test_who_is_signed_out_by_a_call_is_answered_as_the_document_says(house: Stage, tmp_path: Path) -> None:
    person = Person(house, "fuzz")
    _run(house, "gateway", person, person.tokens["access_token"], SIGNS_OUT, tmp_path)


def _run(house: Stage, service: str, person: Person, token: str, names: set[str], folder: Path) -> None:
    (folder / "schemathesis.toml").write_text(_settings(service, person, names))
    address = house.gateway if service == "gateway" else house.dashboard
    done = subprocess.run(
        [
            *(sys.executable, "-c", START),
            *("run", f"{address}/openapi.json", "--header", f"Authorization: Bearer {token}"),
            # `test_refusals` looks at Allow: an address that is also one with an id takes that one's methods, too.
            *("--checks", "all", "--exclude-checks", "allow_header_conformance"),
            *("--max-examples", str(EXAMPLES), "--generation-deterministic"),
            *("--request-timeout", "20", "--continue-on-failure", "--no-shrink", "--no-color"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert f"Tested: {len(names)}" in done.stdout, done.stdout


def _settings(service: str, person: Person, names: set[str]) -> str:
    """TOML writes such values as JSON does."""
    parts = ["[checks.negative_data_rejection]\nexpected-statuses = " + json.dumps(REFUSES_WRONG_DATA)]
    for operation in operations():
        if operation.service != service:
            continue
        lines = ["[[operations]]", f"include-operation-id = {json.dumps(operation.name)}"]
        if operation.name not in names:
            lines.append("enabled = false")
        if parameters := _parameters(operation.name, operation.parameters("path"), person):
            values = ", ".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in parameters.items())
            lines.append(f"parameters = {{ {values} }}")
        refusals = {status for status in operation.about["responses"] if status.startswith("4")} - {"422"}
        if operation.name in REFUSES_IN_WORDS:
            refusals.add("422")
        lines += ["[operations.checks.positive_data_acceptance]"]
        lines += [f"expected-statuses = {json.dumps(['2xx', '401', '403', '404', '409', *sorted(refusals)])}"]
        if len(list(operation.slots())) > 1:
            # It takes every 404 for the thing just made to be missing; here another thing may be.
            lines += ["[operations.checks.ensure_resource_availability]", "enabled = false"]
            lines += ["[operations.phases.stateful]", "enabled = false"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _parameters(operation: str, names: list[str], person: Person) -> dict[str, Any]:
    """What schemathesis does not find by itself. Nothing that another call of it may delete: it would miss that."""
    kinds = {name: KIND_AT.get((operation, name), KIND_OF[name]) for name in names}
    return GIVEN.get(operation, {}) | {name: person.own[kind] for name, kind in kinds.items() if kind == "dead"}
