"""Judges an ID token (OpenID Connect Core 1.0 §3.1.3.7). Pure, but for the look-up of keys."""

from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from typing import Any

import jwt
from jwt.types import Options

from tokenline.contracts.errors import ProviderRefused

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Never ``none``, and never one with a shared key, which a public one could be taken for."""
SKEW_S = 60
MAX_CHARS = 16 * 1024
MIN_RSA_BITS = 2048

_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]

FindKey = Callable[[str | None], Awaitable[Mapping[str, Any] | None]]
"""The provider's key of this id as a JWK; for no id the only one there is."""


async def claims_of(
    token: str, find_key: FindKey, *, issuer: str, client_id: str, nonce: str, now: float
) -> dict[str, Any]:
    """Raises `ProviderRefused` unless the provider made it, for us, for this sign-in, a moment ago."""
    if len(token) > MAX_CHARS:
        raise ProviderRefused
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS or "crit" in header:
            raise ProviderRefused
        found = await find_key(header.get("kid"))
        if found is None or found.get("kty") == "oct" or found.get("use", "sig") != "sig":
            raise ProviderRefused
        if found.get("alg", algorithm) != algorithm:
            raise ProviderRefused
        key = jwt.PyJWK.from_dict(dict(found), algorithm=algorithm).key
        if found.get("kty") == "RSA" and key.key_size < MIN_RSA_BITS:
            raise ProviderRefused
        # Times are judged below, by our own clock.
        options: Options = {"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[algorithm], audience=client_id, issuer=issuer, options=options
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise ProviderRefused from error
    _check(claims, client_id, nonce, now)
    return claims


def _check(claims: dict[str, Any], client_id: str, nonce: str, now: float) -> None:
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and "azp" not in claims:
        raise ProviderRefused
    if claims.get("azp", client_id) != client_id:
        raise ProviderRefused
    times = (claims["exp"], claims["iat"], claims.get("nbf", 0))
    if not all(isinstance(time, int | float) and not isinstance(time, bool) for time in times):
        raise ProviderRefused
    if claims["exp"] + SKEW_S <= now or max(claims["iat"], claims.get("nbf", 0)) > now + SKEW_S:
        raise ProviderRefused
    said = claims.get("nonce")
    if not isinstance(said, str) or not compare_digest(said.encode(), nonce.encode()):
        raise ProviderRefused
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise ProviderRefused
