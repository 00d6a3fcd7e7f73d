"""Tokens: ours are read back, everything else is refused (B3)."""

import base64
import hmac
import json
from typing import Any

import pytest

from tokenline.contracts.errors import Misconfigured, NotSignedIn, TokenExpired
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth.keyring import key_id
from tokenline.runtime.auth.tokens import ACCESS_TTL_S, SOCKET_TICKET_TTL_S, Tokens

SECRET = "a secret of thirty-two bytes or more"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def tokens(clock: ManualClock) -> Tokens:
    return Tokens(SECRET, clock)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _forge(header: dict[str, Any], claims: Any, key: str = SECRET, digest: str = "sha256") -> str:
    signed = f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}"
    return f"{signed}.{_b64(hmac.new(key.encode(), signed.encode(), digest).digest())}"


def _claims(clock: ManualClock, **changes: Any) -> dict[str, Any]:
    claims = {
        "iss": "tokenline",
        "aud": "tokenline",
        "sub": "user-1",
        "typ": "access",
        "iat": int(clock.now()),
        "exp": int(clock.now()) + 600,
        "jti": "one",
        "sid": "family-1",
        "via": "password",
        "until": int(clock.now()) + 600,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not ...}


KID = key_id(SECRET)
HS256 = {"alg": "HS256", "typ": "JWT", "kid": KID}


def test_an_access_token_says_whose_sign_in_it_is(tokens: Tokens, clock: ManualClock) -> None:
    claims = tokens.read(tokens.access("user-1", "family-1"), "access")
    assert (claims.user_id, claims.session_id, claims.via) == ("user-1", "family-1", "password")
    assert claims.expires_at == claims.session_expires_at == clock.now() + ACCESS_TTL_S


def test_the_forger_of_these_tests_can_make_a_valid_token(tokens: Tokens, clock: ManualClock) -> None:
    assert tokens.read(_forge(HS256, _claims(clock)), "access").user_id == "user-1"


@pytest.mark.parametrize(
    ("header", "digest"),
    [
        ({"alg": "none"}, "sha256"),
        ({"alg": "None"}, "sha256"),
        ({"alg": ""}, "sha256"),
        ({"alg": None}, "sha256"),
        ({"alg": ["HS256"]}, "sha256"),
        ({"alg": "hs256"}, "sha256"),
        ({}, "sha256"),
        ({"alg": "HS512"}, "sha512"),
        ({"alg": "RS256"}, "sha256"),
        ({"alg": "ES256"}, "sha256"),
        ({"alg": "HS256", "crit": ["exp"]}, "sha256"),
        ({"alg": "HS256", "crit": ["b64"], "b64": True}, "sha256"),
        ({"alg": "HS256", "crit": ["b64"], "b64": False}, "sha256"),
        ({"alg": "HS256", "b64": False}, "sha256"),
        ({"alg": "HS256", "crit": []}, "sha256"),
        ({"alg": "HS256", "kid": 7}, "sha256"),
    ],
)
def test_headers_other_than_ours_are_refused(
    tokens: Tokens, clock: ManualClock, header: dict[str, Any], digest: str
) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read(_forge({"kid": KID} | header, _claims(clock), digest=digest), "access")


def test_a_token_without_signature_is_refused(tokens: Tokens, clock: ManualClock) -> None:
    for header in ({"alg": "none", "kid": KID}, HS256):
        token = _forge(header, _claims(clock))
        with pytest.raises(NotSignedIn):
            tokens.read(token.rsplit(".", 1)[0] + ".", "access")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"aud": ["tokenline", "another"]},
        {"aud": ...},
        {"iss": "another"},
        {"iss": ["tokenline"]},
        {"iss": ...},
        {"typ": "socket"},
        {"typ": "refresh"},
        {"typ": ...},
        {"sub": 1},
        {"sub": ...},
        {"jti": ...},
        {"iat": ...},
        {"iat": 4_000_000_000},
        {"exp": ...},
        {"exp": None},
    ],
    ids=str,
)
def test_claims_other_than_ours_are_refused(tokens: Tokens, clock: ManualClock, changes: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read(_forge(HS256, _claims(clock, **changes)), "access")


@pytest.mark.parametrize("claims", [[], "text", 1, None])
def test_claims_that_are_no_object_are_refused(tokens: Tokens, claims: Any) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read(_forge(HS256, claims), "access")


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "x" * 5000, "tl_" + "A" * 43])
def test_what_is_no_token_is_refused(tokens: Tokens, token: str) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read(token, "access")


def test_another_key_is_refused(tokens: Tokens, clock: ManualClock) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read(_forge(HS256, _claims(clock), key=SECRET + "!"), "access")


def test_every_changed_character_is_noticed(tokens: Tokens) -> None:
    token = tokens.access("user-1", "family-1")
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(NotSignedIn):
            tokens.read(changed, "access")


def test_expiry_is_judged_by_the_given_clock(tokens: Tokens, clock: ManualClock) -> None:
    access = tokens.access("user-1", "family-1")
    ticket = tokens.socket_ticket("user-1", "family-1", "password", None)
    clock.advance(SOCKET_TICKET_TTL_S - 1)
    tokens.read(ticket, "socket")
    clock.advance(1)
    with pytest.raises(TokenExpired):
        tokens.read(ticket, "socket")
    clock.advance(ACCESS_TTL_S - SOCKET_TICKET_TTL_S - 1)
    tokens.read(access, "access")
    clock.advance(1)
    with pytest.raises(TokenExpired):
        tokens.read(access, "access")


def test_a_socket_ticket_is_no_access_token_nor_the_other_way_round(tokens: Tokens) -> None:
    with pytest.raises(NotSignedIn):
        tokens.read(tokens.socket_ticket("user-1", "key-1", "api_key", None), "access")
    with pytest.raises(NotSignedIn):
        tokens.read(tokens.access("user-1", "family-1"), "socket")


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_a_short_secret_is_refused_at_start(clock: ManualClock, secret: str) -> None:
    with pytest.raises(Misconfigured):
        Tokens(secret, clock)


def test_length_of_the_secret_is_counted_in_bytes(clock: ManualClock) -> None:
    Tokens("é" * 16, clock)


# ── keys that are replaced ───────────────────────────────────────────────────────────────────────────────────────────

NEWER = "another secret of thirty-two bytes or more"


def test_what_a_former_key_signed_is_good_until_it_expires(tokens: Tokens, clock: ManualClock) -> None:
    old = tokens.access("user-1", "family-1")
    rotated = Tokens(NEWER, clock, [SECRET])
    assert rotated.read(old, "access").user_id == "user-1"
    clock.advance(ACCESS_TTL_S)
    with pytest.raises(TokenExpired):
        rotated.read(old, "access")


def test_a_former_key_signs_nothing(tokens: Tokens, clock: ManualClock) -> None:
    new = Tokens(NEWER, clock, [SECRET]).access("user-1", "family-1")
    assert Tokens(NEWER, clock).read(new, "access").user_id == "user-1"
    with pytest.raises(NotSignedIn):
        tokens.read(new, "access")
    # The first step of a rotation: known everywhere before anybody signs with it.
    assert Tokens(SECRET, clock, [NEWER]).read(new, "access").user_id == "user-1"


def test_a_key_that_is_gone_is_refused(tokens: Tokens, clock: ManualClock) -> None:
    with pytest.raises(NotSignedIn):
        Tokens(NEWER, clock).read(tokens.access("user-1", "family-1"), "access")


@pytest.mark.parametrize("kid", [..., "", None, "0" * 16, ["x"], {"a": 1}, 7, "../../dev/null", KID.upper(), KID + " "])
def test_a_key_id_other_than_one_of_ours_is_refused(tokens: Tokens, clock: ManualClock, kid: Any) -> None:
    header = {name: value for name, value in (HS256 | {"kid": kid}).items() if value is not ...}
    with pytest.raises(NotSignedIn):
        tokens.read(_forge(header, _claims(clock)), "access")


def test_the_id_of_one_key_over_the_signature_of_another_is_refused(clock: ManualClock) -> None:
    rotated = Tokens(NEWER, clock, [SECRET])
    with pytest.raises(NotSignedIn):
        rotated.read(_forge(HS256 | {"kid": key_id(NEWER)}, _claims(clock)), "access")
    for header in (
        {"jwk": {"kty": "oct", "k": _b64(SECRET.encode())}},
        {"jku": "https://example.org/keys"},
        {"x5u": "a"},
    ):
        with pytest.raises(NotSignedIn):
            rotated.read(_forge(header | {"alg": "HS256"}, _claims(clock)), "access")


def test_a_short_former_key_is_refused_at_start(clock: ManualClock) -> None:
    with pytest.raises(Misconfigured):
        Tokens(SECRET, clock, ["short"])
