"""The whole error tree. Three families decide what happens next.

TokenlineError
├── Retryable   the same request may succeed later: try again, with back-off
│   ├── BrokerUnavailable · StoreUnavailable (StorageFull) · SearchUnavailable · ProviderUnavailable · Stopping
│   └── ModelUnavailable · ModelOverloaded · AnswerIncomplete · Restarted
├── Rejected    the request itself is at fault: the caller must change it
│   ├── BadRequest · MalformedFrame · UnknownFrame · NotFound · TooLarge · Unsupported · ModelRejected
│   ├── UnsupportedVersion · OffsetMismatch · Locked · TooManyUploads      (resumable uploads)
│   ├── InvalidRequest · MethodNotAllowed · RequestTimeout · UriTooLong · HeadersTooLarge   (HTTP itself)
│   ├── AddressRefused · NotFetched · RangeNotSatisfiable
│   ├── Unreadable (a file): Encrypted · Corrupted · NoText · TooComplex
│   ├── NotSignedIn (TokenExpired · WrongCredentials · SignInLapsed · SignInCancelled · ProviderRefused)
│   ├── NotAllowed (RegistrationClosed · WrongPassword · SignInTooOld · EmailUnverified · DomainNotAllowed ·
│   │               AccountDisabled)
│   ├── Conflict (EmailTaken · LastAdministrator · Busy · TooLate · Cancelled) · InvalidEmail · WeakPassword
│   └── QueueFull · RateLimited · QueueTimeout      (carry ``retry_after_s``)
└── Fatal       a fault of the installation: an operator must act
    └── Misconfigured · TopologyMismatch

Every error has a stable ``code``, a sentence for people, an HTTP status and data fields; never a traceback.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from tokenline.contracts.base import Shape


class ErrorInfo(Shape):
    """An error as stored with a ticket and as sent to clients."""

    code: str
    message: str
    detail: dict[str, Any] = msgspec.field(default_factory=dict)


class TokenlineError(Exception):
    """Base of all errors that reach a user."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    default_message: ClassVar[str] = "Something went wrong on our side. Please try again."

    def __init__(self, message: str | None = None, **detail: Any) -> None:
        self.message = message or self.default_message
        self.detail = detail
        super().__init__(self.message)

    def info(self, code: str | None = None) -> ErrorInfo:
        return ErrorInfo(code=code or self.code, message=self.message, detail=self.detail)


class Retryable(TokenlineError):
    status = 503


class Rejected(TokenlineError):
    status = 400


class Fatal(TokenlineError):
    status = 500


class BrokerUnavailable(Retryable):
    code = "broker_unavailable"
    default_message = "The message broker cannot be reached. Your message is safe."


class StoreUnavailable(Retryable):
    code = "store_unavailable"
    default_message = "The store cannot be reached. Nothing was saved; please try again."


class StorageFull(StoreUnavailable):
    code = "storage_full"
    status = 507
    default_message = "The disk is full. Nothing was saved; an administrator must free space."


class ProviderUnavailable(Retryable):
    code = "provider_unavailable"
    default_message = "The sign-in provider cannot be reached. Please try again."


class Stopping(Retryable):
    code = "stopping"
    default_message = "This gateway is being restarted. Please ask again."


class ModelUnavailable(Retryable):
    code = "model_unavailable"
    status = 502
    default_message = "The model could not be reached."


class ModelOverloaded(Retryable):
    code = "model_overloaded"
    default_message = "The model is overloaded."


class AnswerIncomplete(Retryable):
    code = "incomplete"
    status = 502
    default_message = "The model stopped in the middle of its answer."


class SearchUnavailable(Retryable):
    code = "search_unavailable"
    default_message = "Attachments cannot be searched at the moment."


class Restarted(Retryable):
    """Told only to OpenAI's clients, from whom text cannot be taken back."""

    code = "restarted"
    default_message = "The answer broke off and begins again. Please ask again."


class BadRequest(Rejected):
    code = "bad_request"
    default_message = "This request cannot be read."


class InvalidRequest(Rejected):
    """``fields`` in detail says which and why."""

    code = "invalid_request"
    status = 422
    default_message = "Some fields of the request are missing or wrong."


class MethodNotAllowed(Rejected):
    code = "method_not_allowed"
    status = 405
    default_message = "This address does not take this method."


class RequestTimeout(Rejected):
    code = "request_timeout"
    status = 408
    default_message = "The request did not arrive in time. Please send it again, faster."


class UriTooLong(Rejected):
    code = "uri_too_long"
    status = 414
    default_message = "The address of the request is too long."


class RangeNotSatisfiable(Rejected):
    code = "range_not_satisfiable"
    status = 416
    default_message = "This part lies beyond the end of the file."


class HeadersTooLarge(Rejected):
    code = "headers_too_large"
    status = 431
    default_message = "The headers of the request are too large."


class MalformedFrame(Rejected):
    code = "malformed_frame"
    default_message = "This frame is not well-formed."


class UnknownFrame(Rejected):
    code = "unknown_frame"
    default_message = "There is no frame of this type."


class AddressRefused(Rejected):
    """An address on the web that we do not connect to: private, or not by this scheme."""

    code = "address_refused"
    status = 422
    default_message = "Addresses of private networks are not connected to."


class NotFetched(Rejected):
    """An address that may be connected to, but the page could not be had. The message says why."""

    code = "not_fetched"
    status = 422
    default_message = "This address could not be fetched."


class NotSignedIn(Rejected):
    code = "not_signed_in"
    status = 401
    default_message = "Please sign in."


class TokenExpired(NotSignedIn):
    code = "token_expired"
    default_message = "Your sign-in has expired. Please sign in again."


class WrongCredentials(NotSignedIn):
    """The same for an unknown account, a wrong password and a disabled account."""

    code = "wrong_credentials"
    default_message = "E-mail address or password is wrong."


class NotAllowed(Rejected):
    code = "not_allowed"
    status = 403
    default_message = "Your account may not do this."


class RegistrationClosed(NotAllowed):
    code = "registration_closed"
    default_message = "Registration is closed. Ask an administrator for an account."


class SignInLapsed(NotSignedIn):
    """Signing in at a provider: begun in another browser, too long ago, or finished before."""

    code = "sign_in_lapsed"
    default_message = "This sign-in is no longer valid. Please begin again."


class SignInCancelled(NotSignedIn):
    code = "sign_in_cancelled"
    default_message = "The sign-in was cancelled at the provider."


class ProviderRefused(NotSignedIn):
    """What the provider said cannot be trusted, or is a refusal."""

    code = "provider_refused"
    default_message = "Signing in at the provider did not succeed. Please begin again."


class EmailUnverified(NotAllowed):
    code = "email_unverified"
    default_message = "Your provider has not verified your e-mail address. Verify it there, then sign in again."


class DomainNotAllowed(NotAllowed):
    code = "domain_not_allowed"
    default_message = "Accounts with this e-mail address may not sign in here."


class AccountDisabled(NotAllowed):
    """Said only to whom a provider vouches for."""

    code = "account_disabled"
    default_message = "This account is disabled. Ask an administrator."


class WrongPassword(NotAllowed):
    """Said to whoever is signed in: their sign-in stands."""

    code = "wrong_password"
    default_message = "The password is wrong."


class SignInTooOld(NotAllowed):
    code = "sign_in_too_old"
    default_message = "Please sign in again first: this needs a sign-in of the last ten minutes."


class InvalidEmail(Rejected):
    code = "invalid_email"
    status = 422
    default_message = "This is not an e-mail address."


class WeakPassword(Rejected):
    code = "weak_password"
    status = 422
    default_message = "A password needs 8 to 1024 characters."


class NotFound(Rejected):
    code = "not_found"
    status = 404
    default_message = "There is nothing here under this id."


class FileGone(NotFound):
    """``detail.attachment_ids``: those that are not there, or somebody else's."""

    code = "file_gone"
    default_message = (
        "A file of this message is no longer there: files that are not sent are deleted after a while. Attach it again."
    )


class Conflict(Rejected):
    code = "conflict"
    status = 409
    default_message = "Something else has changed meanwhile. Look again, then decide."


class Busy(Conflict):
    code = "busy"
    default_message = "The earlier question of this conversation is still being answered."


class TooLate(Conflict):
    """The ticket has moved on; ``state`` in detail says to what."""

    code = "too_late"
    default_message = "This ticket no longer waits."


class Cancelled(Conflict):
    """Told only to those who cannot be told otherwise: elsewhere it is a state, no error."""

    code = "cancelled"
    default_message = "The question was stopped."


class OffsetMismatch(Conflict):
    """``offset_bytes`` in detail says how much of the upload is there."""

    code = "offset_mismatch"
    default_message = "The upload goes on from another place. Ask how far it is, then send the rest."


class Locked(Conflict):
    code = "locked"
    status = 423
    default_message = "This upload is just being finished. Please ask again in a moment."


class EmailTaken(Conflict):
    code = "email_taken"
    default_message = "There is already an account with this e-mail address."


class LastAdministrator(Conflict):
    code = "last_administrator"
    default_message = "You are the only administrator. Make somebody else one first."


class TooLarge(Rejected):
    code = "too_large"
    status = 413
    default_message = "This is too large. Send less at once."


class Unsupported(Rejected):
    code = "unsupported_type"
    status = 415
    default_message = "This type of content is not supported."


class Unreadable(Rejected):
    code = "unreadable"
    status = 422
    default_message = "This file cannot be read."


class Encrypted(Unreadable):
    code = "encrypted"
    default_message = "This file is encrypted. Remove its password and attach it again."


class Corrupted(Unreadable):
    code = "corrupted"
    default_message = "This file is damaged. Save it anew and attach it again."


class NoText(Unreadable):
    code = "no_text"
    default_message = "There is no text in this file."


class TooComplex(Unreadable):
    """Reading it would take more time or memory than a file is given."""

    code = "too_complex"
    default_message = "Reading this file takes too long. Attach a smaller part of it."


class RateLimited(Rejected):
    """``retry_after_s`` in detail says when to come back."""

    code = "rate_limited"
    status = 429
    default_message = "This was too much in a short time. Please wait a moment."


class TooManyUploads(Rejected):
    """``max`` in detail says how many."""

    code = "too_many_uploads"
    status = 429
    default_message = "You have begun too many uploads. Finish or remove one first."


class UnsupportedVersion(Rejected):
    code = "unsupported_version"
    status = 412
    default_message = "This version of the upload protocol is not supported. It is tus 1.0.0."


class QueueFull(Rejected):
    """``retry_after_s`` in detail is the honest wait."""

    code = "queue_full"
    status = 503
    default_message = "Too many questions are waiting. Please try again later."


class QueueTimeout(Rejected):
    code = "queue_timeout"
    status = 504
    default_message = "Nobody was free to answer in time. Please try again."


class ModelRejected(Rejected):
    """The model refused the request itself (4xx): trying again unchanged is useless."""

    code = "model_rejected"
    status = 502
    default_message = "The model refused this request."


class Misconfigured(Fatal):
    code = "misconfigured"
    default_message = "This installation is set up wrongly. An administrator must see to it."


class TopologyMismatch(Fatal):
    """A queue or exchange exists with other arguments; ``name`` in detail says which."""

    code = "topology_mismatch"
    default_message = "A queue exists with other arguments. An administrator must delete it."


def error_class(code: str) -> type[TokenlineError]:
    """The class of an error as stored; `TokenlineError` for a code that is none of these."""
    return _BY_CODE.get(code, TokenlineError)


def _tree(root: type[TokenlineError]) -> Iterator[type[TokenlineError]]:
    """Parents last: where a family has no code of its own, its code is its parent's."""
    for child in root.__subclasses__():
        yield from _tree(child)
    yield root


_BY_CODE = {error.code: error for error in _tree(TokenlineError)}
