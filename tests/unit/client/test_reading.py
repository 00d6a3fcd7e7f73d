"""Errors by their codes, and frames of a gateway that is newer than the client."""

import json

import msgspec
import pytest

from tokenline.client.errors import Closed, Unreachable, WrongGateway, error_of, error_of_answer
from tokenline.client.models import Page
from tokenline.client.wire import read, read_frame
from tokenline.contracts import errors
from tokenline.contracts import frames as f
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import MessageStatus, SharedMessage

CLASSES = [
    value
    for value in [*vars(errors).values(), Unreachable, Closed, WrongGateway]
    if isinstance(value, type) and issubclass(value, errors.TokenlineError) and "code" in vars(value)
]
MESSAGE = SharedMessage(
    id="m", conversation_id="c", owner_id="u", role="user", content="x", status=MessageStatus.SENT, created_at=1.0
)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_code_is_its_class(cls):
    error = error_of(errors.ErrorInfo(code=cls.code, message="says", detail={"retry_after_s": 3}))
    assert type(error) is cls
    assert (error.message, error.detail) == ("says", {"retry_after_s": 3})


def test_a_code_of_later_belongs_to_a_family():
    info = errors.ErrorInfo(code="not_invented_yet", message="says")
    assert isinstance(error_of(info, 422), errors.Rejected)
    assert error_of(info, 422).code == error_of(info, 500).code == "not_invented_yet"
    assert not isinstance(error_of(info, 500), errors.Rejected)
    assert errors.Rejected.code == errors.TokenlineError.code


def test_answers_that_no_gateway_gave():
    body = b'{"error": {"code": "busy", "message": "m", "detail": {}, "later": 1}}'
    assert type(error_of_answer(409, body)) is errors.Busy
    assert isinstance(error_of_answer(502, b"<html>bad gateway"), Unreachable)
    assert isinstance(error_of_answer(404, b"<html>nothing"), WrongGateway)


def test_unknown_fields_are_left_out_at_any_depth():
    frame = f.Accepted(ticket_id="t", conversation_id="c", client_message_id=None, message=MESSAGE, answer_id="a")
    told = json.loads(to_json(frame))
    told["later"] = 1
    told["message"]["later"] = {"deep": True}
    assert read_frame(json.dumps(told)) == frame
    queued = {"type": "queued", "ticket_id": "t", "position": 1, "note": None}
    eta = {"soonest_s": 1, "likely_s": 2, "worst_s": 3, "later": 4}
    known = read_frame(json.dumps(queued | {"eta": eta}))
    assert isinstance(known, f.Queued)
    assert known.eta == f.Eta(soonest_s=1, likely_s=2, worst_s=3)
    page = json.dumps({"items": [json.loads(to_json(MESSAGE)) | {"attachments": [], "tokens_used": 3}], "next": "x"})
    assert read(page, Page[SharedMessage]) == Page((MESSAGE,), "x")


def test_unknown_frames_are_none_of_ours_and_broken_ones_are_said_to_be():
    assert read_frame('{"type": "later", "x": 1}') is None
    for broken in ("no json", '{"type": "queued"}', '{"no": "type"}'):
        with pytest.raises(msgspec.DecodeError):
            read_frame(broken)
