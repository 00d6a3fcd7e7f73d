"""The AsyncAPI document has all of the protocol in it, and only that."""

import json
from typing import Any, get_args

import msgspec
import pytest

from tests.support.documented import Undocumented, check_events, check_frame
from tokenline.contracts import admin, frames
from tokenline.contracts.base import to_json
from tokenline.runtime.documents.asyncapi import about_tickets, asyncapi
from tokenline.runtime.documents.asyncapi_admin import admin_asyncapi
from tokenline.runtime.documents.parts import error_kinds
from tokenline.runtime.documents.schemas import tag_of

DELTA = {"type": "delta", "ticket_id": "t", "attempt": 1, "offset": 0, "text": "Hi"}


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for inner in value.values() for found in references(inner)]
    return [found for inner in value for found in references(inner)] if isinstance(value, list) else []


def resolved(document: Any, reference: str) -> Any:
    """Raises `KeyError` where nothing stands."""
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def test_every_frame_type_of_the_contracts_is_in_it():
    declared = {
        value
        for value in vars(frames).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__struct_config__.tag is not None
    }
    assert declared == {*get_args(frames.ClientFrame), *get_args(frames.ServerFrame)}
    messages = asyncapi()["components"]["messages"]
    assert set(messages) == {tag_of(frame) for frame in declared}
    assert len(messages) == len(declared), "two frames with one name"


def test_every_channel_tells_what_it_carries():
    document = asyncapi()
    for name in ("chat", "conversation"):
        heard = document["operations"][f"{name}.hear"]["messages"]
        told = document["operations"][f"{name}.tell"]["messages"]
        assert {reference["$ref"].rpartition("/")[2] for reference in heard} == {
            tag_of(frame) for frame in get_args(frames.ClientFrame)
        }
        assert {reference["$ref"].rpartition("/")[2] for reference in told} == {
            tag_of(frame) for frame in get_args(frames.ServerFrame)
        }
    assert frames.Complete in about_tickets()
    assert frames.Ready not in about_tickets()


def test_the_dashboard_has_a_document_of_its_own_socket():
    document = admin_asyncapi()
    declared = {*get_args(admin.AdminClientFrame), *get_args(admin.AdminServerFrame)}
    assert set(document["components"]["messages"]) == {tag_of(frame) for frame in declared}
    assert [channel["address"] for channel in document["channels"].values()] == ["/api/v1/admin/ws"]
    assert {closing["code"] for closing in document["channels"]["admin"]["x-close-codes"]} >= {4401, 4403}
    assert admin_asyncapi() == document
    pong = {"type": "pong", "id": 1}
    check_frame(pong, "admin")
    for wrong in (DELTA, pong | {"more": 1}):
        with pytest.raises(Undocumented):
            check_frame(wrong, "admin")


@pytest.mark.parametrize(("made", "least"), [(asyncapi, 100), (admin_asyncapi, 20)])
def test_every_reference_leads_somewhere(made, least):
    document = made()
    found = references(document)
    assert len(found) > least
    for reference in found:
        resolved(document, reference)


def test_the_server_leaves_no_field_out_and_neither_side_adds_one():
    schemas = asyncapi()["components"]["schemas"]
    assert schemas["Queued"]["required"] == ["type", "ticket_id", "position", "eta", "note"]
    assert schemas["Send"]["required"] == ["type", "client_message_id", "content"]
    assert [name for name, schema in schemas.items() if "properties" in schema and schema["additionalProperties"]] == []


def test_it_explains_fields_errors_and_closes():
    document = asyncapi()
    assert "One in ten" in document["components"]["schemas"]["Eta"]["properties"]["worst_s"]["description"]
    assert [error["code"] for error in document["x-errors"]] == [kind.code for kind in error_kinds()]
    assert {closing["code"] for closing in document["channels"]["chat"]["x-close-codes"]} >= {1012, 4401, 4408}


def test_it_is_the_same_every_time():
    assert to_json(asyncapi()) == to_json(asyncapi())


@pytest.mark.parametrize(
    "frame",
    [
        DELTA | {"more": 1},
        DELTA | {"type": "later"},
        DELTA | {"offset": "0"},
        {"type": "delta", "ticket_id": "t", "attempt": 1, "offset": 0},
        {"type": "ping", "id": 1},
        [],
    ],
)
def test_the_checker_refuses_what_is_not_in_it(frame):
    check_frame(DELTA)
    with pytest.raises(Undocumented):
        check_frame(frame)


def test_the_checker_refuses_events_that_are_not_in_it():
    event = f"id: 1:2\nevent: delta\ndata: {json.dumps(DELTA)}\n\n"
    assert check_events(f": still here\n\n{event}") == [DELTA]
    for wrong in (event.replace("1:2", "2"), event.replace("event: delta", "event: text"), "retry: 1\n" + event):
        with pytest.raises(Undocumented):
            check_events(wrong)
