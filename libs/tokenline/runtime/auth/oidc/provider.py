"""Talks to the provider: what it says of itself, its keys, and tokens for codes. Every call bounded."""

import ipaddress
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import msgspec
import structlog

from tokenline.contracts.errors import Misconfigured, ProviderRefused, ProviderUnavailable
from tokenline.core.clock import Clock
from tokenline.runtime.auth.oidc.settings import OidcSettings

log = structlog.get_logger()

TIMEOUT_S = 10.0
MAX_BYTES = 1024 * 1024
BELIEVED_S = 3600.0
"""How old what the provider says of itself, and its keys, may become."""
KEYS_AGAIN_S = 10.0
"""Tokens with unknown keys make us look for new ones no more often than that."""

_WELL_KNOWN = "/.well-known/openid-configuration"

Json = dict[str, Any]


class Provider:
    """Nothing is asked before somebody signs in, so a provider that is away keeps no gateway from starting."""

    def __init__(
        self, settings: OidcSettings, clock: Clock, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        """Raises `Misconfigured` for an issuer that is not ``https://``, but on loopback."""
        self.issuer = settings.oidc_issuer or ""
        self.client_id = settings.oidc_client_id
        secret = settings.oidc_client_secret
        self._secret = None if secret is None else secret.get_secret_value()
        self._clock = clock
        if not _is_safe(self.issuer) or not self.client_id:
            raise Misconfigured("TOKENLINE_OIDC_ISSUER must begin with https://, and TOKENLINE_OIDC_CLIENT_ID be set.")
        self._http = httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False)
        self._about: tuple[float, Json] | None = None
        self._keys: tuple[float, list[Json]] | None = None

    async def about(self) -> Json:
        """Its discovery document, at most `BELIEVED_S` old, or older while it cannot be reached."""
        now = self._clock.monotonic()
        if self._about is None or now - self._about[0] > BELIEVED_S:
            try:
                found = await self._get(self.issuer.rstrip("/") + _WELL_KNOWN)
                self._about = (now, self._checked(found))
            except ProviderUnavailable:
                if self._about is None:
                    raise
        return self._about[1]

    async def key(self, kid: object) -> Mapping[str, Any] | None:
        """Of that id, or the only one where the token names none. An unknown one is looked for anew."""
        now = self._clock.monotonic()
        if self._keys is None or now - self._keys[0] > BELIEVED_S:
            await self._read_keys(now)
        found = self._known(kid)
        if found is None and self._keys is not None and now - self._keys[0] >= KEYS_AGAIN_S:
            await self._read_keys(now)
            found = self._known(kid)
        return found

    async def tokens(self, code: str, verifier: str, redirect_uri: str) -> Json:
        """For an authorization code. Raises `ProviderRefused` and `ProviderUnavailable`."""
        about = await self.about()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"accept": "application/json"}
        methods = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self._secret is None:
            form["client_id"] = self.client_id
        elif "client_secret_basic" in methods:
            pair = f"{quote(self.client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.client_id, "client_secret": self._secret}
        status, body = await self._call("POST", about["token_endpoint"], headers, form)
        if status >= 500 or status == 429:
            raise ProviderUnavailable
        answer = _object(body)
        if status != 200 or not isinstance(answer.get("id_token"), str):
            log.warning("oidc.no_tokens", status=status, error=str(answer.get("error"))[:100])
            raise ProviderRefused
        return answer

    async def userinfo(self, access_token: object, subject: str) -> Json:
        """What else it says of ``subject``; nothing where it has no such address."""
        address = (await self.about()).get("userinfo_endpoint")
        if not isinstance(address, str) or not isinstance(access_token, str):
            return {}
        found = await self._get(address, {"authorization": f"Bearer {access_token}"})
        if found.get("sub") != subject:
            raise ProviderRefused
        return found

    async def close(self) -> None:
        await self._http.aclose()

    def _checked(self, about: Json) -> Json:
        """Raises `ProviderUnavailable` for the document of another issuer, and addresses that are not safe."""
        addresses = [about.get(f"{name}_endpoint") for name in ("authorization", "token")] + [about.get("jwks_uri")]
        optional = [about["userinfo_endpoint"]] if about.get("userinfo_endpoint") else []
        safe = all(isinstance(address, str) and _is_safe(address) for address in addresses + optional)
        if about.get("issuer") != self.issuer or not safe:
            log.error("oidc.discovery_refused", issuer=self.issuer)
            raise ProviderUnavailable("The sign-in provider is not set up as this installation expects.")
        return about

    async def _read_keys(self, now: float) -> None:
        found = (await self._get((await self.about())["jwks_uri"])).get("keys")
        keys = [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []
        self._keys = (now, keys)

    def _known(self, kid: object) -> Json | None:
        keys = [] if self._keys is None else self._keys[1]
        if kid is None:
            signing = [key for key in keys if key.get("use", "sig") == "sig"]
            return signing[0] if len(signing) == 1 else None
        return next((key for key in keys if key.get("kid") == kid), None)

    async def _get(self, address: str, headers: dict[str, str] | None = None) -> Json:
        status, body = await self._call("GET", address, {"accept": "application/json"} | (headers or {}), None)
        if status != 200:
            raise ProviderUnavailable
        return _object(body)

    async def _call(
        self, method: str, address: str, headers: dict[str, str], form: dict[str, str] | None
    ) -> tuple[int, bytes]:
        body = b""
        try:
            async with self._http.stream(method, address, headers=headers, data=form) as answer:
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MAX_BYTES:
                        raise ProviderUnavailable
                return answer.status_code, body
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            log.warning("oidc.unreachable", reason=type(error).__name__)
            raise ProviderUnavailable from error


def _object(body: bytes) -> Json:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict):
        raise ProviderUnavailable
    return found


def _is_safe(address: str) -> bool:
    """``https``, or ``http`` to this very machine."""
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return True
    if parts.scheme != "http" or not parts.hostname:
        return False
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"
