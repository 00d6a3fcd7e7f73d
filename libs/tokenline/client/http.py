"""REST calls: the credential, the next gateway when one is away, and errors by their codes."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import httpx2
import msgspec

from tokenline.client.credentials import Credentials
from tokenline.client.errors import Unreachable, WrongGateway, error_of_answer
from tokenline.client.reconnect import Addresses
from tokenline.client.wire import read

T = TypeVar("T")

CONNECT_S = 5.0


class Http:
    """``credentials`` may be set later than the first call that needs none."""

    def __init__(self, addresses: Addresses, timeout_s: float) -> None:
        self.addresses = addresses
        self._client = httpx2.AsyncClient(timeout=httpx2.Timeout(timeout_s, connect=CONNECT_S))

    async def close(self) -> None:
        await self._client.aclose()

    async def call(
        self,
        method: str,
        path: str,
        shape: type[T],
        credentials: Credentials | None = None,
        *,
        again: bool | None = None,
        **request: Any,
    ) -> T:
        """The answer, read as ``shape``.

        ``again``: whether doing it twice is doing it once, so that it may be repeated at the next gateway when the
        connection broke (default: for GET). Raises a `TokenlineError`, `Unreachable` among them. Cancelling it is
        safe; whether it was done is unknown then.
        """
        response = await self._answered(method, path, credentials, again, request)
        if response.status_code == HTTPStatus.NO_CONTENT:
            return read(b"null", shape)
        try:
            return read(response.content, shape)
        except msgspec.DecodeError as error:
            raise WrongGateway(f"{response.url.host} gave an answer that this client cannot read.") from error

    async def told(
        self,
        method: str,
        path: str,
        credentials: Credentials | None = None,
        *,
        again: bool | None = None,
        **request: Any,
    ) -> dict[str, str]:
        """The headers of the answer, by names in lower case; as `call` otherwise."""
        return dict((await self._answered(method, path, credentials, again, request)).headers)

    async def _answered(
        self, method: str, path: str, credentials: Credentials | None, again: bool | None, request: Mapping[str, Any]
    ) -> httpx2.Response:
        repeatable = method == "GET" if again is None else again
        response = await self._ask(method, path, credentials, repeatable, request)
        if not response.is_success:
            raise error_of_answer(response.status_code, response.content)
        return response

    async def _ask(
        self, method: str, path: str, credentials: Credentials | None, repeatable: bool, request: Mapping[str, Any]
    ) -> httpx2.Response:
        refused: str | None = None
        while True:
            headers = {}
            if credentials is not None:
                token = await credentials.bearer(refused)
                headers["authorization"] = f"Bearer {token}"
            response = await self._somewhere(method, path, headers, repeatable, request)
            if response.status_code != HTTPStatus.UNAUTHORIZED or credentials is None or refused is not None:
                return response
            refused = token

    async def _somewhere(
        self, method: str, path: str, headers: dict[str, str], repeatable: bool, request: Mapping[str, Any]
    ) -> httpx2.Response:
        failure: httpx2.TransportError | None = None
        own = request.get("headers", {})
        for _ in self.addresses.all:
            try:
                url = self.addresses.current + path
                return await self._client.request(method, url, **{**request, "headers": own | headers})
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error
            except httpx2.TransportError as error:
                failure = error
                if not repeatable:
                    break
            self.addresses.next()
        raise Unreachable(f"No gateway can be reached at {', '.join(self.addresses.all)}.") from failure
