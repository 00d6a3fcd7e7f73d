"""What to do without a connection: which gateway to try, when, with which credential, when to give up. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokenline.client.errors import Unreachable, WrongGateway
from tokenline.contracts.errors import NotAllowed, NotFound, NotSignedIn, Retryable, TokenlineError, WrongCredentials

FIRST_S = 0.5
LONGEST_S = 8.0

# Close codes of a gateway, as in docs/protocol.md.
RESTARTING = 1012
WRONG_FRAME = 4400
SIGNED_OUT = 4401
CUT = 1006
"""No code: the connection broke, or never was."""


class Addresses:
    """The gateways, in the order they were given; any of them can serve anybody. Raises `ValueError` for none."""

    def __init__(self, base_urls: str | Sequence[str]) -> None:
        given = [base_urls] if isinstance(base_urls, str) else list(base_urls)
        self.all = tuple(url.rstrip("/") for url in given)
        if not self.all:
            raise ValueError("At least one base URL is needed.")
        for url in self.all:
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"A base URL begins with http:// or https://, not {url!r}.")
        self._at = 0

    @property
    def current(self) -> str:
        return self.all[self._at]

    def next(self) -> str:
        self._at = (self._at + 1) % len(self.all)
        return self.current


@dataclass(frozen=True)
class Loss:
    """Why there is no connection. ``code`` is the close code; ``status`` that of a handshake that was refused."""

    code: int = CUT
    status: int | None = None
    error: TokenlineError | None = None
    """What the gateway said before it closed, or, without a code, what getting a credential raised."""
    reason: Exception | None = None
    """Of the network."""


@dataclass(frozen=True)
class Retry:
    """Connect again after ``wait_s``, with a fresh credential where ``renew``."""

    wait_s: float
    renew: bool = False


class Reconnect:
    """How long to go on without any connection: ``first_s`` at the beginning, ``later_s`` after there was one.

    ``random`` is uniform in [0, 1).
    """

    def __init__(self, addresses: Addresses, first_s: float, later_s: float, random: Callable[[], float]) -> None:
        self._addresses = addresses
        self._patience_s = first_s
        self._later_s = later_s
        self._random = random
        self._failures = 0
        self._renewed = False
        self._since: float | None = None

    def opened(self) -> None:
        self._failures, self._renewed, self._since = 0, False, None
        self._patience_s = self._later_s

    def lost(self, loss: Loss, now: float) -> Retry:
        """``now`` is monotonic. Raises a `TokenlineError` when trying again is useless."""
        if isinstance(loss.error, WrongCredentials):
            raise loss.error
        if loss.code == SIGNED_OUT or loss.status == 401 or isinstance(loss.error, NotSignedIn):
            return self._signed_out(loss)
        if (final := _final(loss, self._addresses.current)) is not None:
            raise final
        self._since = now if self._since is None else self._since
        if now - self._since >= self._patience_s:
            raise Unreachable(f"No gateway can be reached at {', '.join(self._addresses.all)}.") from (
                loss.error or loss.reason
            )
        self._addresses.next()
        return Retry(self._wait_s())

    def _signed_out(self, loss: Loss) -> Retry:
        """Once, an access token may have run out; twice, it is no use."""
        if self._renewed:
            raise loss.error or NotSignedIn("The gateway does not take this API key or token.")
        self._renewed = True
        return Retry(0.0, renew=True)

    def _wait_s(self) -> float:
        """Full jitter over a range that doubles with each round through the addresses."""
        round_no = self._failures // len(self._addresses.all)
        self._failures += 1
        return self._random() * min(LONGEST_S, FIRST_S * 2.0 ** min(round_no, 8))


def _final(loss: Loss, address: str) -> TokenlineError | None:
    if loss.code == CUT and loss.error is not None and not isinstance(loss.error, Retryable):
        return loss.error
    if loss.code == WRONG_FRAME:
        return loss.error or NotFound()
    if loss.status == 403:
        return NotAllowed(f"{address} does not let this program open a socket. Is that the gateway's own address?")
    if loss.status is not None and loss.status < 500:
        return WrongGateway(f"There is no Tokenline gateway at {address}: it answered with HTTP {loss.status}.")
    return None
