"""Words of messages and titles."""

from typing import Protocol

from tokenline.contracts.base import Shape
from tokenline.contracts.chat import Conversation, Message
from tokenline.contracts.ids import UserId
from tokenline.core.ports.store.paging import Page
from tokenline.core.search import Terms


class Found(Shape):
    message: Message
    conversation: Conversation


class FoundPage(Page):
    items: tuple[Found, ...]


class SearchStore(Protocol):
    """What is written is found from then on, what is deleted no longer. Temporary conversations are never found."""

    async def search_messages(
        self, owner: UserId, terms: Terms, *, cursor: str | None = None, limit: int = 20
    ) -> FoundPage:
        """The owner's messages that are `searchable` and match, latest first. `BadRequest`: not our cursor."""
        ...

    async def search_titles(self, owner: UserId, terms: Terms, *, limit: int = 20) -> list[Conversation]:
        """The owner's conversations whose titles match, latest ``updated_at`` first."""
        ...

    async def tidy_search(self) -> bool:
        """A bounded step towards forgetting the words of what was deleted; True: there is more to do.

        For the keeper.
        """
        ...
