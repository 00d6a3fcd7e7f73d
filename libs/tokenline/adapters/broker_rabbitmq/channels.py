"""One channel of a link, opened again whenever it is needed after it closed."""

import asyncio

from aiormq import Channel

from tokenline.adapters.broker_rabbitmq.link import Link


class KeptChannel:
    def __init__(self, link: Link, *, confirms: bool) -> None:
        self._link = link
        self._confirms = confirms
        self._channel: Channel | None = None
        self._opening = asyncio.Lock()

    @property
    def current(self) -> Channel | None:
        """The channel, when it is open."""
        channel = self._channel
        return None if channel is None or channel.is_closed else channel

    async def get(self) -> Channel:
        """The channel, opened if need be. Raises `BrokerUnavailable` or what the library raises."""
        if (channel := self.current) is not None:
            return channel
        async with self._opening:
            if (channel := self.current) is None:
                channel = self._channel = await self._link.channel(confirms=self._confirms)
            return channel
