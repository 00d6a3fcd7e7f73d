"""Signed tokens (HS256): access tokens and one-time tickets for sockets, each refused in place of the other."""

import secrets
from collections.abc import Iterable
from typing import Any, Literal

import jwt

from tokenline.contracts.base import Shape
from tokenline.contracts.errors import NotSignedIn, TokenExpired
from tokenline.contracts.ids import UserId
from tokenline.core.clock import Clock
from tokenline.runtime.auth.keyring import Keyring
from tokenline.runtime.auth.principal import Via

ACCESS_TTL_S = 600
SOCKET_TICKET_TTL_S = 30

_ALGORITHM = "HS256"
_ISSUER = "tokenline"
_AUDIENCE = "tokenline"
_MAX_TOKEN_CHARS = 2048
_REQUIRED = ["iss", "aud", "sub", "typ", "iat", "exp", "jti"]
_CLOCK_SKEW_S = 60

TokenType = Literal["access", "socket"]
NoteType = Literal["oidc-start", "oidc-handover", "file-link"]


class Claims(Shape):
    user_id: UserId
    session_id: str
    """The family of refresh tokens or the API key that this token stands for."""
    via: Via
    expires_at: float
    """Of this token."""
    session_expires_at: float | None
    """When what it opens ends: an access token's own expiry; a socket ticket's is that of the credential it was made
    from (``None``: an API key)."""
    id: str


class Tokens:
    """``secret`` signs; what ``former`` ones signed is good until it expires. Short: `Misconfigured`."""

    def __init__(self, secret: str, clock: Clock, former: Iterable[str] = ()) -> None:
        self._keys = Keyring(secret, former)
        self._clock = clock

    def access(self, user_id: UserId, session_id: str) -> str:
        expires_at = int(self._clock.now()) + ACCESS_TTL_S
        return self._sign("access", user_id, expires_at, sid=session_id, via="password", until=expires_at)

    def socket_ticket(self, user_id: UserId, session_id: str, via: Via, until: float | None) -> str:
        expires_at = int(self._clock.now()) + SOCKET_TICKET_TTL_S
        return self._sign("socket", user_id, expires_at, sid=session_id, via=via, until=until)

    def read(self, token: str, kind: TokenType) -> Claims:
        """Raises `TokenExpired`, and `NotSignedIn` for everything that this class did not sign as ``kind``."""
        claims = self._current(token, kind)
        return Claims(
            user_id=claims["sub"],
            session_id=claims["sid"],
            via=claims["via"],
            expires_at=claims["exp"],
            session_expires_at=claims["until"],
            id=claims["jti"],
        )

    def note(self, kind: NoteType, for_s: int, **fields: str) -> str:
        """Something of ours that others keep for a while: signed, not secret."""
        return self._sign(kind, "", int(self._clock.now()) + for_s, **fields)

    def read_note(self, note: str, kind: NoteType) -> dict[str, Any]:
        """Raises `TokenExpired` and `NotSignedIn`, as `read`."""
        return self._current(note, kind)

    def _sign(self, kind: TokenType | NoteType, user_id: UserId, expires_at: int, **more: Any) -> str:
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": user_id,
            "typ": kind,
            "iat": int(self._clock.now()),
            "exp": expires_at,
            "jti": secrets.token_urlsafe(16),
            **more,
        }
        headers = {"kid": self._keys.newest}
        return jwt.encode(claims, self._keys.newest_key, algorithm=_ALGORITHM, headers=headers)

    def _current(self, token: str, kind: TokenType | NoteType) -> dict[str, Any]:
        claims = self._verified(token)
        if claims["typ"] != kind:
            raise NotSignedIn
        now = self._clock.now()
        if claims["iat"] > now + _CLOCK_SKEW_S:
            raise NotSignedIn
        if claims["exp"] <= now:
            raise TokenExpired
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        if len(token) > _MAX_TOKEN_CHARS or not token.isascii():
            raise NotSignedIn
        try:
            key = self._keys.get(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise NotSignedIn
            decoded = jwt.decode_complete(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=_ISSUER,
                # Times are judged above, by our own clock.
                options={
                    "require": _REQUIRED,
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.PyJWTError as error:
            raise NotSignedIn from error
        # We never mark a header as critical, so neither may the one who presents a token, known extension or not.
        if "crit" in decoded["header"]:
            raise NotSignedIn
        claims: dict[str, Any] = decoded["payload"]
        return claims
