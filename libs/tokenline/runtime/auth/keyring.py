"""The keys that sign tokens: the newest signs, former ones still verify."""

import hashlib
from collections.abc import Iterable

from tokenline.contracts.errors import Misconfigured

MIN_SECRET_BYTES = 32
"""RFC 7518 §3.2: a key for HS256 has at least the size of the hash. PyJWT only warns."""


class Keyring:
    """Raises `Misconfigured` when a key is too short."""

    def __init__(self, secret: str, former: Iterable[str] = ()) -> None:
        self.newest = key_id(secret)
        self.newest_key = secret.encode()
        self._keys = {key_id(one): one.encode() for one in (secret, *former)}
        if any(len(key) < MIN_SECRET_BYTES for key in self._keys.values()):
            raise Misconfigured(f"The secret for tokens needs at least {MIN_SECRET_BYTES} bytes.")

    def get(self, kid: object) -> bytes | None:
        """``None`` for whatever is not the id of one of these."""
        return self._keys.get(kid) if isinstance(kid, str) else None


def key_id(secret: str) -> str:
    """The same in every process, with no list to keep. Tells of a key what a token that it signed tells anyway."""
    return hashlib.sha256(b"tokenline kid\0" + secret.encode()).hexdigest()[:16]
