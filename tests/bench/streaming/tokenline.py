"""Asking through the whole product: sockets, gateway, RabbitMQ, worker, the same model."""

import asyncio
import re
import socket
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from tests.bench.streaming.load import Exchange, drive, pieces
from tests.bench.streaming.sockets import open_socket, receive, text_frame
from tests.bench.streaming.work import ANSWER_S, SCRIPT, Answer, BrokenRun, Judge, outcome, question
from tests.support.scripted_model import Script
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.accounts import EVERY_SCOPE, Role, User
from tokenline.core.clock import SystemClock, new_id
from tokenline.runtime.auth.accounts import Accounts
from tokenline.runtime.auth.principal import Principal

TEXT = re.compile(rb'"type":"delta"[^}]*?"text":"(\d+)"')
_END = re.compile(rb'"type":"(?:complete|error|cancelled|restarted|snapshot)"')


async def keys_of_new_users(data: Path, users: int) -> list[str]:
    """API keys of ``users`` accounts written straight to the store: hashing their passwords would take minutes."""
    clock = SystemClock()
    store = SqliteStore(data / "tokenline.db", clock)
    await store.open()
    accounts = Accounts(store, clock, "x" * 32)

    async def key(number: int) -> str:
        user = User(id=new_id(clock.now()), email=f"user{number}@bench.example", password_hash="-", created_at=0)
        await store.create_user(user)
        person = Principal(
            user_id=user.id, email=user.email, role=Role.USER, tier=user.tier, via="password", credential_id="-",
            expires_at=None,
        )  # fmt: skip
        _, secret = await accounts.keys.create(person, "bench", EVERY_SCOPE)
        return secret

    keys = await asyncio.gather(*(key(number) for number in range(users)))
    await store.close()
    return keys


def enter(port: int, keys: Sequence[str]) -> list[socket.socket]:
    """A signed-in socket each, as a chat page has it before anything is asked."""
    opened = [open_socket(port, "/api/v1/chat/ws", Authorization=f"Bearer {key}") for key in keys]
    for one in opened:
        _, first = receive(one)
        if b'"ready"' not in first:
            raise BrokenRun(f"signing in was answered with {first!r}")
    return opened


def ask(sockets: Sequence[socket.socket], script: Script = SCRIPT, over_s: float = ANSWER_S) -> Judge:
    """One question on each, evenly spread over this time; the sockets are closed afterwards."""
    exchanges = [Exchange(partial(_same, opened), asking(script), _END) for opened in sockets]
    drive(exchanges, over_s)
    return lambda: outcome([_answer(exchange, script) for exchange in exchanges])


def asking(script: Script = SCRIPT) -> bytes:
    """The frame that asks for such an answer."""
    number = new_id(SystemClock().now())
    return text_frame(msgspec.json.encode({"type": "send", "client_message_id": number, "content": question(script)}))


def _same(opened: socket.socket) -> socket.socket:
    return opened


def _answer(exchange: Exchange, script: Script) -> Answer:
    if b'"type":"complete"' not in b"".join(data for _, data in exchange.reads[-2:]):
        raise BrokenRun(f"an answer ended with {exchange.last_words()!r}")
    answer = Answer(exchange.asked_at, script)
    for at, digits in pieces(exchange.reads, TEXT):
        answer.take(at, digits.decode())
    return answer
