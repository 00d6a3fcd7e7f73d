"""From the button to the pair of tokens, in three steps. Between them the browser carries signed, short-lived notes in
cookies that no script can read; no token ever stands in an address."""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode, urlsplit

from tokenline.contracts.accounts import TokenPair
from tokenline.contracts.base import Shape
from tokenline.contracts.errors import NotSignedIn, ProviderRefused, SignInCancelled, SignInLapsed
from tokenline.core.clock import Clock
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.oidc.id_token import claims_of
from tokenline.runtime.auth.oidc.people import People, claim
from tokenline.runtime.auth.oidc.provider import Provider
from tokenline.runtime.auth.oidc.settings import OidcSettings
from tokenline.runtime.auth.store import AccountsStore

STARTED_S = 600
"""What somebody gets to sign in at the provider."""
HANDOVER_S = 60
"""What the page gets to fetch its tokens."""
_CODE = re.compile(r"[\x20-\x7e]{1,4096}")
_LOCAL = re.compile(r"/(?![/\\])[A-Za-z0-9/_.~%?=&+,:@!$'()*;-]{0,1000}")


class Started(Shape):
    """Where to send the browser, and the note that it brings back."""

    address: str
    note: str


class OidcSignIn:
    def __init__(
        self, store: AccountsStore, clock: Clock, accounts: Accounts, provider: Provider, settings: OidcSettings
    ) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._provider = provider
        self._settings = settings
        self._people = People(store, clock, accounts, settings)

    @property
    def label(self) -> str:
        return self._settings.oidc_label

    async def start(self, redirect_uri: str, return_to: str) -> Started:
        """Raises `ProviderUnavailable`."""
        about = await self._provider.about()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        note = self._accounts.tokens.note(
            "oidc-start", STARTED_S, state=state, nonce=nonce, verifier=verifier, back=local_path(return_to)
        )
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._provider.client_id,
                "redirect_uri": redirect_uri,
                "scope": self._settings.oidc_scopes,
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        address = about["authorization_endpoint"]
        return Started(address=f"{address}{'&' if urlsplit(address).query else '?'}{query}", note=note)

    def back_to(self, note: str) -> str:
        """Where the page is that began; its front where that cannot be told."""
        try:
            back: str = self._accounts.tokens.read_note(note, "oidc-start")["back"]
        except NotSignedIn:
            return "/"
        return back

    async def finish(self, note: str, query: dict[str, str], redirect_uri: str) -> str:
        """What the provider sent the browser back with; the note for `exchange`.

        Raises `SignInLapsed` for what this browser did not begin, or has finished before, and what the provider, the ID
        token and the account are refused for.
        """
        try:
            begun = self._accounts.tokens.read_note(note, "oidc-start")
        except NotSignedIn:
            raise SignInLapsed from None
        if not compare_digest(query.get("state", "").encode(), begun["state"].encode()):
            raise SignInLapsed
        await self._check_issuer(query)
        await self._once(f"oidc-state:{hashlib.sha256(begun['state'].encode()).hexdigest()}", STARTED_S)
        if "error" in query:
            raise SignInCancelled if query["error"] == "access_denied" else ProviderRefused
        if not _CODE.fullmatch(query.get("code", "")):
            raise ProviderRefused
        tokens = await self._provider.tokens(query["code"], begun["verifier"], redirect_uri)
        user = await self._people.of(await self._claims(tokens, begun["nonce"]))
        return self._accounts.tokens.note("oidc-handover", HANDOVER_S, whom=user.id)

    async def exchange(self, note: str, agent: str) -> TokenPair:
        """Once. Raises `SignInLapsed`."""
        try:
            handed = self._accounts.tokens.read_note(note, "oidc-handover")
        except NotSignedIn:
            raise SignInLapsed from None
        await self._once(f"oidc-handover:{handed['jti']}", 2 * HANDOVER_S)
        user = await self._store.get_user(handed["whom"])
        if user is None or user.disabled:
            raise SignInLapsed
        return await self._accounts.sign_ins.begin(user, agent)

    async def close(self) -> None:
        await self._provider.close()

    async def _claims(self, tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
        claims = await claims_of(
            tokens["id_token"],
            self._provider.key,
            issuer=self._provider.issuer,
            client_id=self._provider.client_id,
            nonce=nonce,
            now=self._clock.now(),
        )
        roles = self._settings.oidc_admin_claim
        if "email" in claims and (not roles or claim(claims, roles) is not None):
            return claims
        more = await self._provider.userinfo(tokens.get("access_token"), claims["sub"])
        return more | claims

    async def _check_issuer(self, query: dict[str, str]) -> None:
        """RFC 9207: the answer of one provider is not taken for another's."""
        must = (await self._provider.about()).get("authorization_response_iss_parameter_supported") is True
        if query.get("iss", "" if must else self._provider.issuer) != self._provider.issuer:
            raise ProviderRefused

    async def _once(self, name: str, for_s: float) -> None:
        if not await self._store.renew_lease(name, secrets.token_urlsafe(16), for_s):
            raise SignInLapsed


def local_path(text: str) -> str:
    """A path of this very page; its front for everything else, as where else could lead anywhere."""
    return text if _LOCAL.fullmatch(text) and not text.startswith("/api/") else "/"
