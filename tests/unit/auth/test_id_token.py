"""ID tokens: the provider's own are read, everything else is refused (I4, B3)."""

import base64
import hmac
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest

from tokenline.contracts.errors import ProviderRefused
from tokenline.runtime.auth.oidc.id_token import SKEW_S, claims_of

NOW = 1_800_000_000.0
PRIVATE = json.loads((Path(__file__).parents[2] / "support" / "oidc_keys.json").read_text())
"""Made for these tests, as JWKs: one that is right, another, one that is too small, one on a curve."""
RSA, OTHER, SMALL, CURVE = (jwt.PyJWK.from_dict(PRIVATE[name]).key for name in ("rsa", "other", "small", "curve"))
PEM = PRIVATE["pem"].encode()


def _jwk(name: str, kid: str, **more: Any) -> dict[str, Any]:
    """The public half."""
    public = {field: value for field, value in PRIVATE[name].items() if field in ("kty", "n", "e", "crv", "x", "y")}
    return public | {"kid": kid} | more


KEYS: dict[str, dict[str, Any]] = {
    "rsa": _jwk("rsa", "rsa", alg="RS256", use="sig"),
    "plain": _jwk("rsa", "plain"),
    "small": _jwk("small", "small"),
    "curve": _jwk("curve", "curve"),
    "enc": _jwk("rsa", "enc", use="enc"),
    "shared": {"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(b"s" * 32).decode()},
    "broken": {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
}


async def _find(kid: object) -> Mapping[str, Any] | None:
    return KEYS.get(kid) if isinstance(kid, str) else None


def _claims(**changes: Any) -> dict[str, Any]:
    claims = {"iss": "https://id.example", "aud": "us", "sub": "1", "exp": NOW + 60, "iat": NOW, "nonce": "n"} | changes
    return {name: value for name, value in claims.items() if value is not ...}


def _token(claims: Any = None, key: Any = RSA, algorithm: str = "RS256", **headers: Any) -> str:
    with warnings.catch_warnings(action="ignore"):
        return jwt.encode(claims or _claims(), key, algorithm=algorithm, headers={"kid": "rsa"} | headers)


async def _read(token: str, nonce: str = "n") -> dict[str, Any]:
    return await claims_of(token, _find, issuer="https://id.example", client_id="us", nonce=nonce, now=NOW)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _forged(header: dict[str, Any], key: bytes) -> str:
    signed = f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(_claims()).encode())}"
    return f"{signed}.{_b64(hmac.new(key, signed.encode(), 'sha256').digest())}"


async def test_the_providers_own_tokens_are_read() -> None:
    assert (await _read(_token()))["sub"] == "1"
    assert (await _read(_token(kid="plain", algorithm="PS256")))["sub"] == "1"
    assert (await _read(_token(key=CURVE, kid="curve", algorithm="ES256")))["sub"] == "1"
    assert (await _read(_token(_claims(aud=["us", "them"], azp="us"))))["sub"] == "1"
    assert (await _read(_token(_claims(exp=NOW - SKEW_S + 1, iat=NOW + SKEW_S))))["sub"] == "1"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": "https://id.example/"},
        {"iss": ...},
        {"aud": "them"},
        {"aud": ["them"]},
        {"aud": ["us", "them"]},
        {"aud": ["us", "them"], "azp": "them"},
        {"azp": "them"},
        {"aud": ...},
        {"exp": NOW - SKEW_S},
        {"exp": ...},
        {"exp": "never"},
        {"exp": True},
        {"iat": NOW + SKEW_S + 1},
        {"iat": ...},
        {"nbf": NOW + SKEW_S + 1},
        {"nbf": "x"},
        {"nonce": "another"},
        {"nonce": ""},
        {"nonce": None},
        {"nonce": ["n"]},
        {"nonce": ...},
        {"sub": ""},
        {"sub": 1},
        {"sub": "x" * 256},
        {"sub": ...},
    ],
    ids=str,
)
async def test_claims_that_are_not_for_this_sign_in_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefused):
        await _read(_token(_claims(**changes)))


@pytest.mark.parametrize(
    "token",
    [
        _token(key=OTHER),
        _token(kid="unknown"),
        _token(kid="enc"),
        _token(kid="broken"),
        _token(kid="small", key=SMALL),
        _token(kid="curve"),
        _token(kid="rsa", algorithm="RS384"),
        _token(kid="rsa", key=CURVE, algorithm="ES256"),
        _token(crit=["b64"]),
        jwt.encode(_claims(), "", algorithm="none", headers={"kid": "rsa"}),
        _forged({"alg": "HS256", "kid": "rsa"}, PEM),
        _forged({"alg": "HS256", "kid": "shared"}, b"s" * 32),
        _forged({"alg": "RS256", "kid": "shared"}, b"s" * 32),
        _forged({"alg": "hs256", "kid": "rsa"}, PEM),
        _forged({"kid": "rsa"}, PEM),
        _forged({"alg": ["RS256"], "kid": "rsa"}, PEM),
        _token().rsplit(".", 1)[0] + ".",
        _token()[:-8] + "AAAAAAAA",
        "",
        "a.b.c",
        "é",
        "x" * 20_000,
    ],
    ids=range(22),
)
async def test_what_the_provider_did_not_sign_is_refused(token: str) -> None:
    with pytest.raises(ProviderRefused):
        await _read(token)


async def test_a_key_that_the_token_brings_along_counts_for_nothing() -> None:
    for brought in ({"jwk": _jwk("other", "mine")}, {"jku": "https://evil.example"}, {"x5u": "https://evil.example"}):
        for kid in ("rsa", "mine"):
            with pytest.raises(ProviderRefused):
                await _read(_token(key=OTHER, kid=kid, **brought))
