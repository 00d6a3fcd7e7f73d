"""Many people at once: accounts with a key each, written where they are kept, and their strict chat clients."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import connect

from tests.support.chat import Chat, Seen
from tests.support.system import System
from tokenline.contracts.accounts import ApiKey, User
from tokenline.core.clock import SystemClock, new_id
from tokenline.core.ports.store import Store


async def enrol(store: Store, number: int) -> list[str]:
    """API keys of as many new users. Over the front door each would cost a password's hashing."""
    keys = []
    for _ in range(number):
        now, key = SystemClock().now(), f"tl_{secrets.token_urlsafe(32)}"
        user = User(id=new_id(now), email=f"{secrets.token_hex(8)}@example.org", password_hash="", created_at=now)
        await store.create_user(user)
        hashed = hashlib.sha256(key.encode()).hexdigest()
        await store.add_api_key(ApiKey(id=new_id(now), user_id=user.id, name="x", hash=hashed, created_at=now))
        keys.append(key)
    return keys


@asynccontextmanager
async def as_holder(
    system: System, key: str, gateway: str = "gateway-1", tickets: dict[str, Seen] | None = None
) -> AsyncIterator[Chat]:
    """A socket of the key's owner; ``tickets`` is what they know already, and is kept up."""
    headers = {"authorization": f"Bearer {key}"}
    async with connect(system.socket_url(gateway), additional_headers=headers, compression=None) as socket:
        client = Chat(socket)
        if tickets is not None:
            client.tickets = tickets
        await client.until(lambda: any(frame["type"] == "ready" for frame in client.other))
        yield client
