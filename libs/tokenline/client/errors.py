"""Errors of the client: the tree of the contracts, found by their codes, and what only a client can meet.

TokenlineError     ``code``, ``message``, ``detail``
├── Retryable      the same call may succeed later · Unreachable: no gateway could be reached
├── Rejected       the call itself is at fault · InvalidRequest: ``detail["fields"]`` says where · Closed, by the caller
└── Fatal          an operator must act · WrongGateway: what answers there is not one this client understands
"""

from http import HTTPStatus

import msgspec

from tokenline.client.wire import read
from tokenline.contracts.errors import ErrorInfo, Fatal, Rejected, Retryable, TokenlineError, error_class
from tokenline.contracts.errors import InvalidRequest as InvalidRequest


class Unreachable(Retryable):
    code = "unreachable"
    default_message = "No gateway can be reached."


class Closed(Rejected):
    code = "closed"
    default_message = "This connection was closed here."


class WrongGateway(Fatal):
    code = "wrong_gateway"


class Failure(msgspec.Struct, frozen=True):
    """The body of every HTTP error."""

    error: ErrorInfo


def error_of(info: ErrorInfo, status: int | None = None) -> TokenlineError:
    """The error with this code; for a code of a later version its family, by ``status``, with that code."""
    known = _OWN.get(info.code) or error_class(info.code)
    if known.code == info.code:
        return known(info.message, **info.detail)
    of_family = Rejected if status is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR else TokenlineError
    error = of_family(info.message, **info.detail)
    # A code belongs to a class; this one has none here.
    vars(error)["code"] = info.code
    return error


def error_of_answer(status: int, body: bytes) -> TokenlineError:
    """The error in an HTTP answer, whoever gave it."""
    try:
        return error_of(read(body, Failure).error, status)
    except msgspec.DecodeError:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unreachable(f"Something before the gateway answered with HTTP {status}.")
        return WrongGateway(f"There is no Tokenline gateway at this address: it answered with HTTP {status}.")


_OWN = {error.code: error for error in (Unreachable, Closed, WrongGateway)}
