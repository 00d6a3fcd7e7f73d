"""Tells everybody what happened. A lost event costs at most a late picture: the ledger is compared with the store."""

from tokenline.contracts.base import pack
from tokenline.contracts.events import Event, TicketChanged, routing_key
from tokenline.contracts.tickets import Ticket
from tokenline.contracts.topology import EVENTS
from tokenline.core.ports.broker import Broker
from tokenline.core.ticket import line_entry


class Announcer:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def announce(self, event: Event) -> None:
        await self._broker.tell(EVENTS.name, routing_key(event), pack(event))

    async def ticket(self, ticket: Ticket) -> None:
        await self.announce(TicketChanged(entry=line_entry(ticket)))
