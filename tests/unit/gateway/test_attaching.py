"""Pictures of an OpenAI request that came to nothing are taken back, but not those that a ticket has."""

from types import SimpleNamespace
from typing import Any, cast

from msgspec.structs import replace

from services.gateway.accept import Question
from services.gateway.deps import Deps
from services.gateway.openai_api.pictures import Attaching, Sent
from tests.support.pictures import picture
from tokenline.contracts.agents import Agent
from tokenline.contracts.attachments import Attachment
from tokenline.core.clock import ManualClock
from tokenline.runtime.auth.principal import Principal


class House:
    """Store, limits and uploads at once."""

    def __init__(self) -> None:
        self.files: dict[str, Attachment] = {}
        self.charged = 0

    async def charge(self, *_: object) -> None:
        self.charged += 1

    async def give_back(self, *_: object) -> None:
        self.charged -= 1

    def check_size(self, *_: object) -> None: ...

    async def take_in(self, draft: Attachment, _: object) -> None:
        self.files[draft.id] = draft

    async def attachments(self, attachment_ids: list[str]) -> list[Attachment]:
        return [self.files[one] for one in attachment_ids if one in self.files]

    async def purge(self, drafts: list[Attachment]) -> None:
        for draft in drafts:
            del self.files[draft.id]


async def test_what_a_ticket_has_taken_is_left_to_it() -> None:
    """As when the store was cut off after it had accepted."""
    house: Any = House()
    agents = SimpleNamespace(get=lambda _: Agent(id="a", name="A", model="m", capabilities=("vision",)))
    settings = SimpleNamespace(attachments_per_message=10)
    deps = SimpleNamespace(
        store=house, limiting=house, uploads=house, agents=agents, settings=settings, clock=ManualClock()
    )
    attaching = Attaching(cast(Deps, deps), cast(Principal, SimpleNamespace(user_id="ann")), None)
    sent = [Sent(data=picture(), mime_type="image/png", param="messages[0]") for _ in range(2)]
    question = await attaching.attach(Question(content="Who is it?"), [sent])
    taken, nobodys = question.attachment_ids
    assert (set(house.files), house.charged) == ({taken, nobodys}, 2)
    house.files[taken] = replace(house.files[taken], conversation_id="c")
    await attaching.undo()
    assert (set(house.files), house.charged) == ({taken}, 1)
