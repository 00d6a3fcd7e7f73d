"""The two chat sockets: origin, sign-in by first frame or ticket, frames in and out, and what ends them."""

import asyncio
from typing import Any

import msgspec
import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from services.gateway.deps import Deps
from services.gateway.ws.hub import Hub
from services.gateway.ws.outbox import Outbox, TooSlow
from services.gateway.ws.session import Session
from tokenline.contracts import frames as f
from tokenline.contracts.base import to_json
from tokenline.contracts.errors import (
    MalformedFrame,
    NotSignedIn,
    RateLimited,
    TokenExpired,
    TokenlineError,
    TooLarge,
    UnknownFrame,
)
from tokenline.contracts.ids import ConversationId
from tokenline.core.access import owned_by
from tokenline.core.limits import Bucket
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.origin import origin_allowed

log = structlog.get_logger()

AUTH_S = 10.0
HEARTBEAT_S = 15.0
RECHECK_S = 3.0
FRAMES_PER_S = 50.0
FRAME_BURST = 200.0
SIGNED_OUT = 4401
TOO_SLOW = 4408
TOO_MANY = 4429
WRONG_FRAME = 4400

router = APIRouter()


@router.websocket("/api/v1/chat/ws")
async def all_conversations(socket: WebSocket) -> None:
    await Door(socket, None).open()


@router.websocket("/ws/chat/{conversation_id}")
async def one_conversation(socket: WebSocket, conversation_id: ConversationId) -> None:
    await Door(socket, conversation_id).open()


class Door:
    """One socket from handshake to close."""

    def __init__(self, socket: WebSocket, only: ConversationId | None) -> None:
        self._socket = socket
        self._only = only
        self._deps: Deps = socket.app.state.deps
        self._hub: Hub = socket.app.state.hub
        self._bucket = Bucket(FRAMES_PER_S, FRAME_BURST, self._deps.clock.monotonic())
        self._closing: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        header = self._socket.headers.get("authorization", "").partition(" ")[2]
        own = self._socket.headers.get("host")
        allowed = self._deps.settings.allowed_origins
        if not header.startswith("tl_") and not origin_allowed(self._socket.headers.get("origin"), own, allowed):
            # Before accept: the browser sees 403.
            await self._socket.close(1008)
            return
        await self._socket.accept()
        self._hub.sockets += 1
        try:
            await self._serve(header)
        except WebSocketDisconnect:
            return
        finally:
            self._hub.sockets -= 1

    async def _serve(self, header: str) -> None:
        try:
            async with asyncio.timeout(AUTH_S):
                principal = await self._sign_in(header)
            if self._only is not None:
                owned_by(principal.user_id, await self._deps.store.get_conversation(self._only))
        except TimeoutError:
            await self._refuse(NotSignedIn("Nobody signed in on this socket in time."), SIGNED_OUT)
            return
        except TokenlineError as error:
            await self._refuse(error, SIGNED_OUT if error.status == 401 else WRONG_FRAME)
            return
        outbox = Outbox(self._socket.send_text, self._deps.streams.live.get)
        session = Session(self._deps, principal, outbox, self._only, lambda: self._close(TOO_SLOW))
        self._hub.add(principal.user_id, session)
        session.start(HEARTBEAT_S)
        try:
            await self._until_closed(session, outbox)
        finally:
            session.stop()
            self._hub.remove(principal.user_id, session)

    async def _sign_in(self, header: str) -> Principal:
        """By API key or access token in the header, by a socket ticket in the URL, or by the first frame."""
        accounts = self._deps.accounts
        if header:
            return await accounts.authenticate(header)
        if ticket := self._socket.query_params.get("ticket"):
            return await accounts.redeem_socket_ticket(ticket)
        frame = parse(await self._socket.receive_text())
        if not isinstance(frame, f.Auth):
            raise NotSignedIn("The first frame must be “auth”.")
        return await accounts.authenticate(frame.token)

    async def _until_closed(self, session: Session, outbox: Outbox) -> None:
        """Read, write and watch the sign-in until one of them ends the socket."""
        tasks: set[asyncio.Future[None]] = {
            asyncio.create_task(self._read(session), name="socket.read"),
            asyncio.create_task(self._write(session, outbox), name="socket.write"),
            asyncio.create_task(self._watch(session), name="socket.watch"),
        }
        try:
            ending: list[asyncio.Future[Any]] = [*tasks, self._closing]
            done, _pending = await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for ended in tasks & done:
            ended.result()
        if self._closing.done():
            await self._socket.close(self._closing.result())

    def _close(self, code: int) -> None:
        if not self._closing.done():
            self._closing.set_result(code)

    async def _write(self, session: Session, outbox: Outbox) -> None:
        try:
            await outbox.run(session.ended)
        except TooSlow:
            self._close(TOO_SLOW)
            await asyncio.Future()

    async def _watch(self, session: Session) -> None:
        """Notice sign-out, disabling and expiry while the socket is open (B4)."""
        while True:
            await asyncio.sleep(RECHECK_S)
            try:
                session.principal = await self._deps.accounts.recheck(session.principal)
            except (NotSignedIn, TokenExpired) as error:
                session.notice(f.Error(error=error.info()))
                # One turn for the writer, then the end.
                await asyncio.sleep(0.1)
                self._close(SIGNED_OUT)

    async def _read(self, session: Session) -> None:
        while True:
            text = await self._receive()
            if not self._bucket.take(self._deps.clock.monotonic()):
                session.notice(f.Error(error=RateLimited("Too many frames. Slow down.", retry_after_s=1).info()))
                self._close(TOO_MANY)
                return
            try:
                frame = parse(text)
            except TokenlineError as error:
                session.notice(f.Error(error=error.info()))
                continue
            if isinstance(frame, f.Auth):
                await self._renew(session, frame.token)
            else:
                await session.take(frame)

    async def _renew(self, session: Session, token: str) -> None:
        """Go on with a fresh access token of the same user."""
        try:
            principal = await self._deps.accounts.authenticate(token)
            if principal.user_id != session.principal.user_id:
                raise NotSignedIn("This socket belongs to somebody else.")
        except TokenlineError as error:
            session.notice(f.Error(error=error.info()))
            return
        session.principal = principal
        session.start(HEARTBEAT_S)

    async def _receive(self) -> str | bytes:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        return message.get("text") or message.get("bytes") or ""

    async def _refuse(self, error: TokenlineError, code: int) -> None:
        await self._socket.send_text(to_json(f.Error(error=error.info())).decode())
        await self._socket.close(code)


def parse(text: str | bytes) -> f.ClientFrame:
    """Raises `TooLarge`, `MalformedFrame` or `UnknownFrame`, each saying what is wrong."""
    if len(text) > f.MAX_FRAME_BYTES:
        raise TooLarge(f"A frame can have at most {f.MAX_FRAME_BYTES // 1024} KiB. Send long texts over REST.")
    try:
        return f.parse_client_frame(text)
    except msgspec.ValidationError as error:
        if "Invalid value" in str(error) and "$.type" in str(error):
            raise UnknownFrame("There is no frame of this type.") from error
        raise MalformedFrame(f"This frame is not well-formed: {error}.") from error
    except msgspec.DecodeError as error:
        raise MalformedFrame("A frame must be JSON.") from error
