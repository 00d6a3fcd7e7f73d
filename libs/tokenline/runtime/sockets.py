"""What every socket of a service does, whatever it is for: judged by its origin, signed in in time, read with care."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import msgspec
from fastapi import WebSocket, WebSocketDisconnect
from msgspec.structs import replace
from starlette.types import Message

from tokenline.contracts import closing
from tokenline.contracts.base import to_json
from tokenline.contracts.errors import MalformedFrame, NotSignedIn, TokenlineError, TooLarge, UnknownFrame
from tokenline.contracts.frames import MAX_FRAME_BYTES, Auth, Error
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.http import address_of
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.origin import origin_allowed

T = TypeVar("T")

AUTH_S = 10.0
SEND_S = 5.0
CLOSE_S = 1.0
FRAMES_PER_S = 50.0
FRAME_BURST = 200.0

WRONG_FRAME = closing.WRONG_FRAME.code
SIGNED_OUT = closing.SIGNED_OUT.code
NOT_ALLOWED = closing.NOT_ALLOWED.code
TOO_SLOW = closing.TOO_SLOW.code
TOO_MANY = closing.TOO_MANY.code


def header_credential(socket: WebSocket) -> str:
    """The bearer credential of a program; empty where there is none, as in every browser."""
    return socket.headers.get("authorization", "").partition(" ")[2].strip()


def may_open(socket: WebSocket, allowed_origins: tuple[str, ...]) -> bool:
    """Judge the page that asks, before accepting. A program with an API key has no page."""
    if header_credential(socket).startswith("tl_"):
        return True
    return origin_allowed(socket.headers.get("origin"), socket.headers.get("host"), allowed_origins)


async def sign_in(socket: WebSocket, accounts: Accounts, decode: Callable[[str | bytes], object]) -> Principal:
    """By credential in the header, by a socket ticket in the URL, or by the first frame, which ``decode`` reads.

    Raises `NotSignedIn` (also after `AUTH_S`), `TokenExpired`, `TooLarge`, `MalformedFrame` or `UnknownFrame`.
    """
    try:
        async with asyncio.timeout(AUTH_S):
            principal = await _who(socket, accounts, decode)
    except TimeoutError:
        raise NotSignedIn("Nobody signed in on this socket in time.") from None
    return replace(principal, address=address_of(socket))


async def _who(socket: WebSocket, accounts: Accounts, decode: Callable[[str | bytes], object]) -> Principal:
    if credential := header_credential(socket):
        return await accounts.authenticate(credential)
    if ticket := socket.query_params.get("ticket"):
        return await accounts.redeem_socket_ticket(ticket)
    frame = parse(text_of(await socket.receive()), decode)
    if not isinstance(frame, Auth):
        raise NotSignedIn("The first frame must be “auth”.")
    return await accounts.authenticate(frame.token)


def forget_handshake(socket: WebSocket) -> None:
    """Once it is known who signed in: address, headers and all else that was asked would be kept as long as it is open,
    2 KiB of an idle socket."""
    socket.scope["headers"].clear()
    socket.scope.clear()


def text_of(message: Message) -> str | bytes:
    """What the peer said, text or binary. Raises `WebSocketDisconnect` when it left."""
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    return message.get("text") or message.get("bytes") or ""


def parse(text: str | bytes, decode: Callable[[str | bytes], T]) -> T:
    """Raises `TooLarge`, `MalformedFrame` or `UnknownFrame`, each saying what is wrong."""
    if len(text) > MAX_FRAME_BYTES:
        raise TooLarge(f"A frame can have at most {MAX_FRAME_BYTES // 1024} KiB. Send long texts over REST.")
    try:
        return decode(text)
    except msgspec.ValidationError as error:
        if "Invalid value" in str(error) and "$.type" in str(error):
            raise UnknownFrame("There is no frame of this type.") from error
        raise MalformedFrame(f"This frame is not well-formed: {error}.") from error
    except msgspec.DecodeError as error:
        raise MalformedFrame("A frame must be JSON.") from error


async def refuse(socket: WebSocket, error: TokenlineError) -> None:
    """Say why and close, with the code that fits."""
    codes = {401: SIGNED_OUT, 403: NOT_ALLOWED, 429: TOO_MANY}
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await socket.send_text(to_json(Error(error=error.info())).decode())
    await close(socket, codes.get(error.status, WRONG_FRAME))


async def close(socket: WebSocket, code: int) -> None:
    """A peer that takes nothing is not waited for: the server drops it when the handler ends."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await socket.close(code)
