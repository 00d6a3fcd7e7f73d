"""When each error is told and what the one who is told can do: for `docs/errors.md`."""

from tokenline.contracts import errors as e
from tokenline.contracts.base import Shape


class Remedy(Shape):
    when: str
    do: str
    fields: tuple[str, ...] = ()
    """Of ``detail``, where it has any."""


REMEDIES: dict[type[e.TokenlineError], Remedy] = {
    e.TokenlineError: Remedy(
        when="nobody foresaw what happened", do="try again; if it stays, look for `http.failed` in the gateway's log"
    ),
    e.BrokerUnavailable: Remedy(
        when="RabbitMQ is away while something needs it", do="nothing about questions, which are stored; else try again"
    ),
    e.StoreUnavailable: Remedy(when="the store is away, frozen or overloaded", do="try again; nothing was saved"),
    e.StorageFull: Remedy(when="the disk under the store is full", do="free space; no restart is needed"),
    e.ProviderUnavailable: Remedy(when="the provider to sign in at cannot be reached", do="try again"),
    e.Stopping: Remedy(
        when="somebody waits for a whole answer, and the gateway stops before it comes",
        do="send the same again: another gateway takes it, or this one in a moment",
        fields=("retry_after_s",),
    ),
    e.ModelUnavailable: Remedy(when="the model's endpoint cannot be reached, after all attempts", do="ask again"),
    e.ModelOverloaded: Remedy(when="the model's endpoint answers 429 or 503, after all attempts", do="ask again later"),
    e.AnswerIncomplete: Remedy(when="the model stopped in mid-answer, after all attempts", do="ask again"),
    e.SearchUnavailable: Remedy(when="ingest cannot be reached", do="try again"),
    e.Restarted: Remedy(when="an OpenAI stream has sent text of an attempt that was lost", do="ask again"),
    e.BadRequest: Remedy(
        when="the request cannot be read, or makes no sense where it was sent",
        do="correct what the message says",
        fields=("param",),
    ),
    e.InvalidRequest: Remedy(when="fields are missing, wrong or unknown", do="correct these", fields=("fields",)),
    e.MethodNotAllowed: Remedy(when="the address does not take this method", do="see `/openapi.json`"),
    e.RequestTimeout: Remedy(
        when="head or body of a request does not come, or comes drop by drop", do="send it again, in one go"
    ),
    e.UriTooLong: Remedy(when="the address is longer than 8 KiB", do="send long things in the body"),
    e.RangeNotSatisfiable: Remedy(
        when="a download asks for a part of a file that it does not have",
        do="download it anew",
        fields=("size_bytes",),
    ),
    e.HeadersTooLarge: Remedy(when="address and headers are larger than 32 KiB", do="send fewer or smaller ones"),
    e.MalformedFrame: Remedy(when="a frame is no JSON, or has wrong or unknown fields", do="see `/asyncapi.json`"),
    e.UnknownFrame: Remedy(when="there is no frame of this `type`", do="see `/asyncapi.json`"),
    e.AddressRefused: Remedy(
        when="an address on the web leads into a private network, or has a scheme, port, user name or spelling that "
        "is not taken there",
        do="use a public one; operators may allow a network",
    ),
    e.NotFetched: Remedy(
        when="a page that was to be attached is away, not there, too slow, or breaks off",
        do="look at it in a browser; save it and attach the file",
    ),
    e.NotSignedIn: Remedy(when="there is no credential, or it no longer stands", do="sign in, or use another key"),
    e.TokenExpired: Remedy(when="the access token has run out", do="refresh it, then send the same again"),
    e.WrongCredentials: Remedy(
        when="the account is unknown or disabled, or the password wrong: which, is not said", do="try another password"
    ),
    e.NotAllowed: Remedy(when="account or key may not do this", do="use another one, or ask an administrator"),
    e.RegistrationClosed: Remedy(when="nobody can register here", do="ask an administrator for an account"),
    e.SignInLapsed: Remedy(
        when="a sign-in at a provider was begun in another browser or long ago, or finished before", do="begin again"
    ),
    e.SignInCancelled: Remedy(when="whoever was to sign in at the provider said no there", do="begin again"),
    e.ProviderRefused: Remedy(
        when="the provider refuses, or what it says cannot be trusted", do="begin again; if it stays, see the log"
    ),
    e.EmailUnverified: Remedy(
        when="the provider does not vouch for the e-mail address", do="verify it there, then sign in again"
    ),
    e.DomainNotAllowed: Remedy(
        when="addresses of this domain may not sign in at the provider",
        do="use another address, or ask an administrator",
    ),
    e.AccountDisabled: Remedy(when="a provider vouches for a disabled account", do="ask an administrator"),
    e.WrongPassword: Remedy(when="somebody who is signed in gave a wrong password of their own", do="try again"),
    e.SignInTooOld: Remedy(
        when="an account without a password does what needs one, and signed in a while ago", do="sign in again first"
    ),
    e.LastAdministrator: Remedy(when="nobody else could administer any more", do="make somebody else an administrator"),
    e.InvalidEmail: Remedy(when="what was given is no e-mail address", do="correct it"),
    e.WeakPassword: Remedy(when="the password is too short or too long", do="choose another"),
    e.NotFound: Remedy(when="it is missing, or somebody else's: which, is not said", do="look for it in the list"),
    e.FileGone: Remedy(
        when="a file of the message was deleted, was not sent in time, or is somebody else's: which, is not said",
        do="upload it again, or send without it",
        fields=("attachment_ids",),
    ),
    e.Conflict: Remedy(when="something else is in the way", do="see what is so now, then decide"),
    e.Busy: Remedy(
        when="the conversation rejects questions while an earlier one is being answered", do="wait for that answer"
    ),
    e.TooLate: Remedy(when="the ticket no longer waits", do="look at its state", fields=("state",)),
    e.Cancelled: Remedy(when="somebody else stopped what was waited for", do="ask again, if it is still wanted"),
    e.OffsetMismatch: Remedy(
        when="the rest of an upload was sent from another place than where it is",
        do="ask how far it is, then send the rest",
        fields=("offset_bytes",),
    ),
    e.Locked: Remedy(when="another request is just finishing this upload", do="ask again in a second"),
    e.EmailTaken: Remedy(when="there is an account with this address", do="sign in"),
    e.TooLarge: Remedy(
        when="body, frame, message or file is larger than allowed", do="send less at once", fields=("max_bytes", "name")
    ),
    e.Unsupported: Remedy(when="the file's content is of no type that can be read", do="convert it, then attach it"),
    e.Unreadable: Remedy(when="a file cannot be read", do="save it anew, then attach it", fields=("name",)),
    e.Encrypted: Remedy(when="a file is encrypted", do="remove the password, then attach it", fields=("name",)),
    e.Corrupted: Remedy(when="a file is damaged", do="save it anew, then attach it", fields=("name",)),
    e.NoText: Remedy(when="there is no text in a file", do="attach one with text", fields=("name",)),
    e.TooComplex: Remedy(
        when="reading a file takes more time or memory than it is given", do="attach a smaller part", fields=("name",)
    ),
    e.TooManyUploads: Remedy(
        when="so many resumable uploads are begun and not finished", do="finish or remove one", fields=("max",)
    ),
    e.UnsupportedVersion: Remedy(
        when="`Tus-Resumable` is missing or another than `1.0.0`", do="use a client of tus 1.0"
    ),
    e.RateLimited: Remedy(
        when="a [limit](protocol.md#limits) is used up, or somebody sends too fast",
        do="wait for `retry_after_s`, then send the same again",
        fields=("limit", "of", "max", "per_s", "used", "retry_after_s", "reset_at"),
    ),
    e.QueueFull: Remedy(
        when="the line of this agent is as long as it may be", do="come back later", fields=("retry_after_s",)
    ),
    e.QueueTimeout: Remedy(
        when="nobody was free to answer before the deadline, or within the time a call waits",
        do="ask again; with a `ticket_id` the answer is still to come: ask for that ticket",
        fields=("ticket_id",),
    ),
    e.ModelRejected: Remedy(
        when="the model's endpoint refuses this request",
        do="change it as `reason` says, or have the installation's key looked at",
        fields=("status", "reason"),
    ),
    e.Misconfigured: Remedy(when="settings contradict each other or the store", do="see the log of the start"),
    e.TopologyMismatch: Remedy(
        when="a queue or exchange exists with other arguments", do="delete it: it is declared again", fields=("name",)
    ),
}


def retry(kind: type[e.TokenlineError]) -> str:
    """Whether the same request may fare better."""
    if kind in (e.RateLimited, e.QueueFull):
        return "after `retry_after_s`"
    if issubclass(kind, e.Retryable) or kind in (e.TokenlineError, e.QueueTimeout, e.RequestTimeout, e.Locked):
        return "yes"
    return "after a refresh" if kind is e.TokenExpired else "no"
