"""How a new question is told to all the others: in one message, where there is nothing to wait for."""

import pytest

from services.gateway.accept import Question
from tests.integration.line.conftest import Houses
from tests.support.broker import eventually
from tests.support.in_process.processes import Gateway, principal
from tokenline.adapters.broker_memory import MemoryBroker
from tokenline.contracts.events import ConversationChanged, Event, TicketChanged, unpack_events
from tokenline.contracts.ids import ConversationId
from tokenline.contracts.topology import EVENTS


class Telling(MemoryBroker):
    """Keeps what was told."""

    told: list[tuple[str, list[Event]]]

    async def tell(self, exchange: str, routing_key: str, body: bytes) -> bool:
        if exchange == EVENTS.name:
            self.told.append((routing_key, unpack_events(body)))
        return await super().tell(exchange, routing_key, body)


@pytest.mark.parametrize("temporary", [False, True])
async def test_a_new_question_and_its_conversation_are_told_in_one_message(houses: Houses, temporary: bool) -> None:
    """Of a temporary one is told when it has its time to live, of one without a name when it has that."""
    async with houses() as house:
        other = await house.gateway("other")
        heard: list[ConversationId] = []

        def hear(event: Event) -> None:
            if isinstance(event, ConversationChanged):
                heard.append(event.conversation.id)

        other.feed.on_event.append(hear)
        broker = Telling(house.server)
        broker.told = []
        gateway = Gateway("gateway", house.store, broker, house.clock, agents=house.agents)
        await gateway.start()
        accepted = await gateway.acceptance.ask(principal("ann"), Question(content="How high?", temporary=temporary))

        async def told() -> bool:
            return heard == [accepted.conversation.id] and accepted.ticket.id in other.ledger.entries

        await eventually(told)
        events = [(key, [type(event) for event in events]) for key, events in broker.told]
        if temporary:
            assert events == [("ticket.changed", [TicketChanged]), ("conversation.changed", [ConversationChanged])]
        else:
            assert events == [("ticket.changed", [TicketChanged, ConversationChanged])]
        await gateway.kill()
