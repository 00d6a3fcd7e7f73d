"""A stream over plain HTTP that stays open for somebody, for as long as their rights last (B4)."""

from collections.abc import Callable

from msgspec.structs import replace

from tokenline.contracts.errors import TokenlineError
from tokenline.runtime.auth.principal import Principal


class WatchedStream:
    """``woken`` is called when it is to end; `check` says why.

    It outlives the access token that opened it, as it cannot be given another one, but not the sign-in behind it.
    """

    def __init__(self, principal: Principal, woken: Callable[[], None]) -> None:
        self.principal = principal if principal.via == "api_key" else replace(principal, expires_at=None)
        self._woken = woken
        self._refusal: TokenlineError | None = None

    def go_on_as(self, principal: Principal) -> None:
        self.principal = principal

    def end(self, error: Exception) -> None:
        self._refusal = error if isinstance(error, TokenlineError) else TokenlineError()
        self._woken()

    def check(self) -> None:
        """Raises `NotSignedIn` or `TokenExpired` when the rights are gone."""
        if self._refusal is not None:
            raise self._refusal
