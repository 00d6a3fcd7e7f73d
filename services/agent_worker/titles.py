"""Names a conversation after its first exchange, once that is stored and its slot is free again.

By a rule, which costs nothing and mostly leaves what the question had made of it; or, by setting, by asking a model,
one at a time, so that titles never take from answers more than one call. What fails leaves the title as it is.
"""

import asyncio

import structlog

from services.agent_worker.deps import Deps
from services.agent_worker.settings import WorkerSettings
from tokenline.contracts.chat import Message, MessageStatus, TitleSource
from tokenline.contracts.errors import TokenlineError
from tokenline.contracts.events import ConversationChanged
from tokenline.contracts.ids import AgentId, ConversationId
from tokenline.core import titles
from tokenline.core.ports.model import ChatTurn, ModelRequest, ModelText

log = structlog.get_logger()

OF_THE_AGENT = "agent"
"""Setting: the model of the agent that has answered."""
WAITING = 100
"""So many titles may wait for the model; those that come then are made by the rule."""
LIMIT_S = 30.0
MAX_TOKENS = 40
EXCERPT = 1500
"""Characters of question and answer that the model sees."""
INSTRUCTIONS = (
    "Name the conversation below in at most six words, in its own language. "
    "Say the name only: no quotation marks, no full stop, no explanation."
)


class Titles:
    def __init__(self, deps: Deps, settings: WorkerSettings) -> None:
        self._deps = deps
        self._model = settings.title_model
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def name(self, agent_id: AgentId, question: Message, answer: Message) -> None:
        """After the first exchange of a conversation. Cancelling it is safe."""
        if answer.status is not MessageStatus.COMPLETE or not answer.content.strip():
            return
        try:
            title = await self._asked(agent_id, question, answer) or titles.of_exchange(
                question.content, answer.content
            )
            if title == titles.of_question(question.content):
                return
            await self._rename(answer.conversation_id, title)
        except TokenlineError as error:
            log.warning("title.failed", conversation_id=answer.conversation_id, reason=error.code)

    async def _rename(self, conversation_id: ConversationId, title: str) -> None:
        renamed = await self._deps.store.change_conversation(
            conversation_id, lambda stored: titles.renamed(stored, title, TitleSource.EXCHANGE)
        )
        if renamed is not None and renamed.title == title:
            self._deps.line.announcer.announce(ConversationChanged(conversation=renamed))

    async def _asked(self, agent_id: AgentId, question: Message, answer: Message) -> str:
        """Of the model; empty when none is to be asked, or when it has nothing to say."""
        if not self._model or self._waiting >= WAITING:
            return ""
        if not await self._is_wanted(answer.conversation_id):
            return ""
        said = f"Question:\n{question.content[:EXCERPT]}\n\nAnswer:\n{answer.content[:EXCERPT]}"
        request = ModelRequest(
            model=self._deps.agents.get(agent_id).model if self._model == OF_THE_AGENT else self._model,
            turns=(ChatTurn(role="system", content=INSTRUCTIONS), ChatTurn(role="user", content=said)),
            max_tokens=MAX_TOKENS,
        )
        self._waiting += 1
        try:
            async with self._turn, asyncio.timeout(LIMIT_S):
                return titles.of_model(await self._text(request))
        except (TimeoutError, TokenlineError) as error:
            log.warning("title.not_asked", conversation_id=answer.conversation_id, reason=repr(error))
            return ""
        finally:
            self._waiting -= 1

    async def _is_wanted(self, conversation_id: ConversationId) -> bool:
        """Not of one that its user has named, nor of a program's or a temporary one, which nobody sees in a list."""
        stored = await self._deps.store.get_conversation(conversation_id)
        if stored is None or stored.archived or stored.temporary:
            return False
        return stored.title_from is TitleSource.QUESTION

    async def _text(self, request: ModelRequest) -> str:
        said = ""
        async with self._deps.model.stream(request) as events:
            async for event in events:
                if isinstance(event, ModelText):
                    said += event.text
        return said
