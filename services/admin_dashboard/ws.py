"""The administrators' socket: the newest picture whenever it can take one, while its user is an administrator."""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from services.admin_dashboard.deps import Deps
from tokenline.contracts.admin import AdminClientFrame, AdminReady, AdminServerFrame, parse_admin_frame
from tokenline.contracts.base import to_json
from tokenline.contracts.errors import NotSignedIn, RateLimited, TokenlineError
from tokenline.contracts.frames import Auth, Error, Ping, Pong
from tokenline.core.limits import Bucket
from tokenline.runtime import sockets
from tokenline.runtime.auth.principal import Principal
from tokenline.runtime.auth.scopes import demand_administrator

router = APIRouter()


@router.websocket("/api/v1/admin/ws")
async def admin_socket(socket: WebSocket) -> None:
    deps: Deps = socket.app.state.deps
    if not sockets.may_open(socket, deps.settings.allowed_origins):
        # Before accept: the browser sees 403.
        await socket.close(1008)
        return
    await socket.accept()
    with suppress(WebSocketDisconnect):
        await _serve(socket, deps)


async def _serve(socket: WebSocket, deps: Deps) -> None:
    try:
        principal = _administrator(await sockets.sign_in(socket, deps.accounts, parse_admin_frame))
        await Session(socket, deps, principal).run()
    except TokenlineError as error:
        await sockets.refuse(socket, error)
    except TooSlow:
        await sockets.close(socket, sockets.TOO_SLOW)


def _administrator(principal: Principal) -> Principal:
    demand_administrator(principal)
    return principal


class TooSlow(Exception):
    """The client does not take what it is sent."""


class Session:
    """One authenticated socket: read and written until one of these, or `end`, ends it."""

    def __init__(self, socket: WebSocket, deps: Deps, principal: Principal) -> None:
        self._socket = socket
        self._deps = deps
        self.principal = principal
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._bucket = Bucket(sockets.FRAMES_PER_S, sockets.FRAME_BURST, deps.clock.monotonic())

    async def run(self) -> None:
        """Raises `WebSocketDisconnect`, `TooSlow`, or the error to tell before closing."""
        await self._send(AdminReady(user_id=self.principal.user_id))
        self._deps.pictures.enter()
        self._deps.revocations.watch(self)
        tasks: list[asyncio.Future[None]] = [
            asyncio.create_task(self._read(), name="admin.read"),
            asyncio.create_task(self._write(), name="admin.write"),
            self._over,
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._deps.pictures.leave()
            self._deps.revocations.leave(self)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _write(self) -> None:
        """Send each picture's news. While a send waits, pictures pass by; the next one sent is the newest."""
        number, board, line = 0, "", ""
        while True:
            number, picture = await self._deps.pictures.newest.after(number)
            if picture.board is not board:
                await self._send_text(picture.board)
            if picture.line is not line:
                await self._send_text(picture.line)
            board, line = picture

    async def _read(self) -> None:
        while True:
            text = sockets.text_of(await self._socket.receive())
            if not self._bucket.take(self._deps.clock.monotonic()):
                raise RateLimited("Too many frames. Slow down.", retry_after_s=1)
            try:
                await self._take(sockets.parse(text, parse_admin_frame))
            except TokenlineError as error:
                await self._send(Error(error=error.info()))

    async def _take(self, frame: AdminClientFrame) -> None:
        match frame:
            case Ping(id=number):
                await self._send(Pong(id=number))
            case Auth(token=token):
                await self._renew(token)

    async def _renew(self, token: str) -> None:
        """Go on with a fresh access token of the same user."""
        principal = _administrator(await self._deps.accounts.authenticate(token))
        if principal.user_id != self.principal.user_id:
            raise NotSignedIn("This socket belongs to somebody else.")
        self.principal = principal
        self._deps.revocations.watch(self)
        await self._send(AdminReady(user_id=principal.user_id))

    def go_on_as(self, principal: Principal) -> None:
        """Raises `NotAllowed` after demotion."""
        self.principal = _administrator(principal)

    def end(self, error: Exception) -> None:
        if not self._over.done():
            self._over.set_exception(error)

    async def _send(self, frame: AdminServerFrame) -> None:
        await self._send_text(to_json(frame).decode())

    async def _send_text(self, text: str) -> None:
        try:
            async with asyncio.timeout(sockets.SEND_S):
                await self._socket.send_text(text)
        except TimeoutError:
            raise TooSlow from None
