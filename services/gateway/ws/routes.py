"""The two chat sockets, from handshake to close."""

import asyncio
from typing import cast

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from msgspec.structs import replace

from services.gateway.deps import Deps
from services.gateway.ws.hub import Hub
from services.gateway.ws.outbox import Outbox, TooSlow
from services.gateway.ws.session import Session
from tokenline.contracts import frames as f
from tokenline.contracts.accounts import Scope
from tokenline.contracts.errors import NotSignedIn, RateLimited, TokenlineError
from tokenline.contracts.ids import ConversationId
from tokenline.core.access import owned_by
from tokenline.core.limits import Bucket
from tokenline.runtime import sockets
from tokenline.runtime.auth.scopes import demand
from tokenline.runtime.connections import direct_writer

HEARTBEAT_S = 15.0

ALL, ONE = "/api/v1/chat/ws", "/ws/chat"

router = APIRouter()


@router.websocket(ALL)
async def all_conversations(socket: WebSocket) -> None:
    await open_socket(socket, None)


@router.websocket(ONE + "/{conversation_id}")
async def one_conversation(socket: WebSocket, conversation_id: ConversationId) -> None:
    await open_socket(socket, conversation_id)


async def open_socket(socket: WebSocket, only: ConversationId | None) -> None:
    """From handshake to close; in production straight from `Front`."""
    deps: Deps = socket.app.state.deps
    hub: Hub = socket.app.state.hub
    if not sockets.may_open(socket, deps.settings.allowed_origins):
        # Before accept: the browser sees 403.
        await socket.close(1008)
        return
    await socket.accept()
    hub.sockets += 1
    try:
        await Door(socket, deps, hub, only).serve()
    except WebSocketDisconnect:
        pass
    finally:
        hub.sockets -= 1


class Door:
    """One accepted socket. ``only`` limits it to one conversation."""

    __slots__ = ("_bucket", "_deps", "_hub", "_only", "_reading", "_socket", "_why")

    def __init__(self, socket: WebSocket, deps: Deps, hub: Hub, only: ConversationId | None) -> None:
        self._socket = socket
        self._deps = deps
        self._hub = hub
        self._only = only
        self._bucket = Bucket(sockets.FRAMES_PER_S, sockets.FRAME_BURST, deps.clock.monotonic())
        self._why: Exception | None = None
        """What ends the socket, if it is not what it says itself."""
        self._reading: asyncio.Task[object] | None = None

    async def serve(self) -> None:
        """Raises `WebSocketDisconnect`."""
        try:
            outbox = Outbox(self._socket.send_text, self._deps.streams.live.get, direct_writer(self._socket.scope))
            session = await self._sign_in(outbox)
            user = session.principal.user_id
            conversation = None
            if self._only is not None:
                conversation = owned_by(user, await self._deps.store.get_conversation(self._only))
            sockets.forget_handshake(self._socket)
            self._hub.add(user, session)
            self._deps.revocations.watch(session)
            try:
                # First, so that the first frame needs no task.
                outbox.start(session.ended, self._end)
                session.start(HEARTBEAT_S)
                if conversation is not None:
                    await session.keep(conversation)
                await self._until_ended(session)
            finally:
                session.stop()
                self._deps.revocations.leave(session)
                self._hub.remove(user, session)
                await outbox.stop()
        except TokenlineError as error:
            await sockets.refuse(self._socket, error)
        except TooSlow:
            await sockets.close(self._socket, sockets.TOO_SLOW)

    async def _sign_in(self, outbox: Outbox) -> Session:
        """Raises what `sockets.sign_in` does, and `NotAllowed` for a key that may not look."""
        principal = await sockets.sign_in(self._socket, self._deps.accounts, f.parse_client_frame)
        demand(principal, Scope.READ)
        return Session(self._deps, principal, outbox, self._only, self._end)

    async def _until_ended(self, session: Session) -> None:
        """Read until the client leaves or `_end` ends the socket; raises what ended it.

        In the connection's own task: one more that waits would take 1.5 KiB of each socket.
        """
        task = cast(asyncio.Task[object], asyncio.current_task())
        before = task.cancelling()
        try:
            if self._why is not None:
                raise self._why
            self._reading = task
            await self._read(session)
        except asyncio.CancelledError:
            if self._why is not None and task.uncancel() <= before:
                raise self._why from None
            raise
        finally:
            self._reading = None

    async def _read(self, session: Session) -> None:
        while True:
            text = sockets.text_of(await self._socket.receive())
            if not self._bucket.take(self._deps.clock.monotonic()):
                raise RateLimited("Too many frames. Slow down.", retry_after_s=1)
            try:
                frame = sockets.parse(text, f.parse_client_frame)
                if isinstance(frame, f.Auth):
                    await self._renew(session, frame.token)
                else:
                    await session.take(frame)
            except TokenlineError as error:
                session.notice(f.Error(error=error.info()))

    def _end(self, error: Exception) -> None:
        if self._why is None:
            self._why = error
            if self._reading is not None:
                self._reading.cancel()

    async def _renew(self, session: Session, token: str) -> None:
        """Go on with a fresh access token of the same user."""
        principal = await self._deps.accounts.authenticate(token)
        if principal.user_id != session.principal.user_id:
            raise NotSignedIn("This socket belongs to somebody else.")
        demand(principal, Scope.READ)
        session.principal = replace(principal, address=session.principal.address)
        self._deps.revocations.watch(session)
        session.start(HEARTBEAT_S)
