"""The socket under a chat connection, and the loop that makes it again.

The reconnecting iterator of `websockets` is not used: it knows one address, waits up to a minute, and cannot tell a
gateway that restarts from a sign-in that ran out. What to do next is `Reconnect`'s to say, what to send `Book`'s.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Literal, NoReturn

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Origin

from tokenline.client.book import Book
from tokenline.client.credentials import Credentials
from tokenline.client.errors import WrongGateway, error_of
from tokenline.client.http import Http
from tokenline.client.models import Posted
from tokenline.client.reconnect import CUT, Loss, Reconnect
from tokenline.client.wire import read_frame
from tokenline.contracts import frames as f
from tokenline.contracts.base import to_json
from tokenline.contracts.errors import Retryable, TokenlineError
from tokenline.core.limits import Bucket

State = Literal["connecting", "open", "reconnecting", "closed"]
"""``connecting`` is the first time, ``reconnecting`` every later one."""

# Dead within 10 + 15 + 2 s of the last sign of life; a promise says 30.
PING_S = 10.0
PONG_S = 15.0
CLOSE_S = 2.0
OPEN_S = 10.0
"""For the handshake, and again for the gateway's first frame."""
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""Of one frame from a gateway; a resumed answer comes in one."""
# Below what a gateway allows: 50 a second, 200 at once.
FRAMES_PER_S = 40.0
FRAME_BURST = 150.0
AGAIN_S = 2.0
RENEW_AGAIN_S = 5.0


class Link:
    """``said`` is set by whoever gave the book something to say. ``on_state`` must not block."""

    def __init__(
        self,
        http: Http,
        credentials: Credentials,
        path: str,
        book: Book,
        reconnect: Reconnect,
        said: asyncio.Event,
        on_state: Callable[[State], None],
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._path = path
        self._book = book
        self._reconnect = reconnect
        self._said = said
        self._on_state = on_state
        self._error: TokenlineError | None = None
        self._token: str | None = None

    async def run(self) -> NoReturn:
        """Until cancelled. Raises the `TokenlineError` for which it is useless to go on."""
        refused: str | None = None
        while True:
            loss = await self._once(refused)
            self._book.lost()
            self._on_state("reconnecting")
            retry = self._reconnect.lost(loss, time.monotonic())
            refused = self._token if retry.renew else None
            await asyncio.sleep(retry.wait_s)

    async def _once(self, refused: str | None) -> Loss:
        """One connection from its handshake to its end, and why it ended."""
        self._error = None
        try:
            self._token = await self._credentials.bearer(refused)
        except TokenlineError as error:
            return Loss(error=error)
        address = self._http.addresses.current
        try:
            async with connect(
                "ws" + address.removeprefix("http") + self._path,
                additional_headers={"authorization": f"Bearer {self._token}"},
                # Asked of everybody but API keys; a program has no other page than the gateway itself.
                origin=Origin(address),
                compression=None,
                open_timeout=OPEN_S,
                ping_interval=PING_S,
                ping_timeout=PONG_S,
                close_timeout=CLOSE_S,
                max_size=MAX_MESSAGE_BYTES,
            ) as socket:
                async with asyncio.timeout(OPEN_S):
                    await self._greeted(socket)
                await self._talk(socket)
        except InvalidStatus as refusal:
            return Loss(status=refusal.response.status_code)
        except ConnectionClosed as closed:
            return Loss(code=closed.rcvd.code if closed.rcvd else CUT, error=self._error)
        except TokenlineError as error:
            return Loss(error=error)
        except (OSError, InvalidHandshake) as error:  # TimeoutError is an OSError
            return Loss(reason=error)
        return Loss()

    async def _greeted(self, socket: ClientConnection) -> None:
        """Until the gateway says it is ready. Raises `ConnectionClosed`, with `_error` set if it said why."""
        while not isinstance(frame := await self._receive(socket), f.Ready):
            pass
        self._reconnect.opened()
        self._book.opened(frame)
        self._said.set()
        self._on_state("open")

    async def _receive(self, socket: ClientConnection) -> f.ServerFrame | None:
        try:
            frame = read_frame(await socket.recv())
        except msgspec.DecodeError as error:
            raise WrongGateway(f"The gateway said what this client cannot read: {error}. Is it much newer?") from error
        if isinstance(frame, f.Error) and frame.ticket_id is None and frame.client_message_id is None:
            self._error = error_of(frame.error)
        return frame

    async def _talk(self, socket: ClientConnection) -> None:
        """Read, write and renew until one of them ends; raises what ended it."""
        tasks = [
            asyncio.create_task(self._read(socket), name="tokenline.read"),
            asyncio.create_task(self._write(socket), name="tokenline.write"),
            asyncio.create_task(self._renew(socket), name="tokenline.renew"),
            asyncio.create_task(self._say_again(), name="tokenline.again"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _read(self, socket: ClientConnection) -> NoReturn:
        while True:
            frame = await self._receive(socket)
            if frame is not None:
                self._book.hear(frame)
                self._said.set()

    async def _write(self, socket: ClientConnection) -> NoReturn:
        bucket = Bucket(FRAMES_PER_S, FRAME_BURST, time.monotonic())
        while True:
            while (frame := self._book.next_frame()) is not None:
                await _turn(bucket)
                data = to_json(frame)
                if len(data) > f.MAX_FRAME_BYTES and isinstance(frame, f.Send):
                    await self._post(frame)
                else:
                    await socket.send(data.decode())
            self._said.clear()
            await self._said.wait()

    async def _post(self, frame: f.Send) -> None:
        """A question too long for a frame. The same id asks it once, whichever way it goes."""
        body = msgspec.structs.asdict(frame)
        try:
            posted = await self._http.call(
                "POST", "/api/v1/chat/messages", Posted, self._credentials, again=True, json=body
            )
        except TokenlineError as error:
            self._book.hear(f.Error(error=error.info(), client_message_id=frame.client_message_id))
            return
        accepted = f.Accepted(
            ticket_id=posted.ticket.id,
            conversation_id=posted.ticket.conversation_id,
            client_message_id=frame.client_message_id,
            message=posted.message,
            answer_id=posted.ticket.answer_id,
        )
        self._book.hear(accepted)
        # This socket may not follow what came another way.
        self._book.follow_up(posted.ticket.id)

    async def _renew(self, socket: ClientConnection) -> None:
        """A fresh token for the same socket before the old one runs out, so that streams go on."""
        while (left_s := self._credentials.renew_in_s()) is not None:
            await asyncio.sleep(max(left_s, 1.0))
            try:
                token = await self._credentials.bearer()
            except Retryable:
                await asyncio.sleep(RENEW_AGAIN_S)
                continue
            if token != self._token:
                self._token = token
                await socket.send(to_json(f.Auth(token=token)).decode())
        await asyncio.Event().wait()

    async def _say_again(self) -> NoReturn:
        while True:
            await asyncio.sleep(AGAIN_S)
            if self._book.unsure:
                self._book.say_again()
                self._said.set()


async def _turn(bucket: Bucket) -> None:
    """Until one more frame may be sent."""
    # It is time that fills the bucket, no event.
    while not bucket.take(time.monotonic()):  # noqa: ASYNC110
        await asyncio.sleep(1 / FRAMES_PER_S)
