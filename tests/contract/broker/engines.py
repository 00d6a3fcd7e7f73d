"""The engines of the broker port, each with the levers to break it."""

import asyncio
from typing import Any, Protocol

import aio_pika
from yarl import URL

from deploy.local.rabbitmq import NodeHandle
from tokenline.adapters.broker_memory import MemoryBroker, MemoryServer
from tokenline.adapters.broker_rabbitmq import RabbitBroker
from tokenline.core.ports.broker import Broker


class Engine(Protocol):
    def broker(self, name: str = "one") -> Broker:
        """A client that is not connected yet."""
        ...

    async def delete_queue(self, name: str) -> None: ...

    async def delete_exchange(self, name: str) -> None: ...

    async def cut(self) -> None:
        """Close every connection from the server's side."""
        ...

    async def connections(self) -> list[str]:
        """Names of the clients' connections."""
        ...


class MemoryEngine:
    def __init__(self) -> None:
        self._server = MemoryServer()

    def broker(self, name: str = "one") -> MemoryBroker:
        return MemoryBroker(self._server)

    async def delete_queue(self, name: str) -> None:
        self._server.delete_queue(name)

    async def delete_exchange(self, name: str) -> None:
        self._server.delete_exchange(name)

    async def cut(self) -> None:
        self._server.cut()

    async def connections(self) -> list[str]:
        return ["connection" for _ in self._server.on_cut]


class RabbitEngine:
    def __init__(self, node: NodeHandle, vhost: str) -> None:
        self.url = node.amqp_url(vhost)
        self._node = node
        self._vhost = vhost
        self._clients: list[RabbitBroker] = []

    def broker(self, name: str = "one", *, user: str | None = None, **hooks: Any) -> RabbitBroker:
        url = self.url if user is None else str(URL(self.url).with_user(user))
        # No jitter: tests wait for reconnects.
        client = RabbitBroker(url, name, jitter=lambda: 0.0, **hooks)
        self._clients.append(client)
        return client

    async def close(self) -> None:
        """Close every client, also those of a test that failed."""
        for client in self._clients:
            await client.close()

    async def delete_queue(self, name: str) -> None:
        async with await aio_pika.connect(self.url) as connection:
            await (await connection.channel()).queue_delete(name)

    async def delete_exchange(self, name: str) -> None:
        async with await aio_pika.connect(self.url) as connection:
            await (await connection.channel()).exchange_delete(name)

    async def cut(self) -> None:
        await self._erlang('[(catch rabbit_networking:close_connection(P, "cut by the test")) || {P, _} <- Mine], ok.')

    async def connections(self) -> list[str]:
        said = await self._erlang("[binary_to_list(N) || {_, N} <- Mine].")
        return [name.strip() for name in said.strip("[]").replace('"', "").split(",") if name]

    async def _erlang(self, code: str) -> str:
        """Run it with ``Mine``: process and name of the connections to this test's virtual host."""
        mine = (
            'Mine = [{P, element(3, lists:keyfind(<<"connection_name">>, 1, Props))} || '
            "P <- rabbit_networking:connections(), "
            # Of all virtual hosts: one of another test's may end between being listed and being asked.
            "[{vhost, V}, {client_properties, Props}] <- [(catch rabbit_reader:info(P, [vhost, client_properties]))], "
            f'V =:= <<"{self._vhost}">>, lists:keymember(<<"connection_name">>, 1, Props)], '
        )
        return await asyncio.to_thread(self._node.evaluate, mine + code)
