"""From messages to what is exported, and back. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import Citation, Conversation, Message, TitleSource
from tokenline.contracts.errors import BadRequest, ErrorInfo
from tokenline.contracts.export import ExportedCitation, ExportedConversation, ExportedFile, ExportedMessage
from tokenline.contracts.ids import AgentId, AttachmentId, MessageId, UserId
from tokenline.core.clock import derived_id

NOT_HERE = ErrorInfo(code="not_imported", message="The file itself was not part of the import.")


def exported(
    message: Message, parent_id: MessageId | None, files: Mapping[AttachmentId, Attachment]
) -> ExportedMessage:
    """``files`` by id; deleted ones are left out."""
    here = [files[file_id] for file_id in message.attachment_ids if file_id in files]
    return ExportedMessage(
        id=message.id,
        parent_id=parent_id,
        role=message.role,
        content=message.content,
        status=message.status,
        created_at=round(message.created_at, 3),
        files=tuple(ExportedFile(id=file.id, name=file.name, mime_type=file.mime_type) for file in here),
        citations=tuple(_exported(citation) for citation in message.citations),
        tool_calls=message.tool_calls,
        finish_reason=message.finish_reason,
    )


def _exported(citation: Citation) -> ExportedCitation:
    return ExportedCitation(
        number=citation.number,
        file_id=citation.attachment_id,
        name=citation.name,
        page=citation.page,
        start=citation.start,
        end=citation.end,
        passage=citation.passage,
        similarity=citation.similarity,
        section=citation.section,
    )


def heading(conversation: Conversation, leaf_id: MessageId | None) -> ExportedConversation:
    """Without its messages."""
    return ExportedConversation(
        id=conversation.id,
        title=conversation.title,
        agent_id=conversation.agent_id,
        archived=conversation.archived,
        follow_up=conversation.follow_up,
        created_at=round(conversation.created_at, 3),
        updated_at=round(conversation.updated_at, 3),
        leaf_id=leaf_id,
        messages=(),
    )


class ParentsFirst:
    """Puts messages that come in the order of their writing where a reader can follow: after their parent.

    A parent that does not exist (an answer still to come, or that never came) is replaced by the message before.
    Holds back what waits for its parent: questions asked before the earlier answer was there.
    """

    def __init__(self, known: Iterable[MessageId]) -> None:
        """``known``: the ids of all that will come."""
        self._known = set(known)
        self._out: set[MessageId] = set()
        self._waiting: dict[MessageId, list[Message]] = {}
        self._last: MessageId | None = None

    def take(self, message: Message) -> Iterator[tuple[Message, MessageId | None]]:
        """What can go out by now, each with its parent."""
        parent = message.parent_id
        if parent is not None and parent not in self._known:
            parent = self._last
        if parent is not None and parent not in self._out:
            self._waiting.setdefault(parent, []).append(message)
            return
        yield from self._let_go(message, parent)

    def _let_go(self, message: Message, parent: MessageId | None) -> Iterator[tuple[Message, MessageId | None]]:
        ready = [(message, parent)]
        while ready:
            one, above = ready.pop()
            self._out.add(one.id)
            self._last = one.id
            yield one, above
            ready += [(child, one.id) for child in reversed(self._waiting.pop(one.id, []))]


class Plan:
    """What is to be written for one conversation of an import. All ids follow from owner and content, so that the same
    document makes the same things. Raises `BadRequest` when its messages do not belong together."""

    def __init__(self, source: ExportedConversation, owner: UserId, agent_id: AgentId) -> None:
        self.conversation = Conversation(
            id=derived_id(source.created_at, "import", owner, to_json(source).decode()),
            owner_id=owner,
            agent_id=agent_id,
            title=source.title,
            title_from=TitleSource.USER if source.title else TitleSource.QUESTION,
            archived=source.archived,
            follow_up=source.follow_up,
            created_at=source.created_at,
            updated_at=source.updated_at,
        )
        self.messages: list[Message] = []
        self.files: dict[AttachmentId, Attachment] = {}
        seen: set[str] = set()
        for number, message in enumerate(source.messages):
            if message.id in seen or not (message.parent_id is None or message.parent_id in seen):
                raise BadRequest(f"Message {number} of “{source.title}” is there twice, or comes before its parent.")
            seen.add(message.id)
            self.messages.append(self._message(message))
        if source.leaf_id is not None and source.leaf_id not in seen:
            raise BadRequest(f"The path of “{source.title}” leads to a message that is not there.")
        shown = source.leaf_id or (source.messages[-1].id if source.messages else None)
        self.leaf_id = None if shown is None else self._id("message", shown)

    def _id(self, kind: str, of: str) -> str:
        return derived_id(self.conversation.created_at, kind, self.conversation.id, of)

    def _message(self, message: ExportedMessage) -> Message:
        for file in message.files:
            self._file(file, message.created_at)
        return Message(
            id=self._id("message", message.id),
            conversation_id=self.conversation.id,
            owner_id=self.conversation.owner_id,
            role=message.role,
            content=message.content,
            status=message.status,
            parent_id=None if message.parent_id is None else self._id("message", message.parent_id),
            attachment_ids=tuple(self._id("file", file.id) for file in message.files),
            citations=tuple(self._citation(citation) for citation in message.citations),
            tool_calls=message.tool_calls,
            finish_reason=message.finish_reason,
            created_at=message.created_at,
        )

    def _file(self, file: ExportedFile, at: float) -> None:
        file_id = self._id("file", file.id)
        self.files[file_id] = Attachment(
            id=file_id,
            owner_id=self.conversation.owner_id,
            conversation_id=self.conversation.id,
            name=file.name,
            size_bytes=0,
            mime_type=file.mime_type,
            state=AttachmentState.FAILED,
            error=NOT_HERE,
            created_at=at,
        )

    def _citation(self, citation: ExportedCitation) -> Citation:
        return Citation(
            number=citation.number,
            attachment_id=self._id("file", citation.file_id),
            name=citation.name,
            page=citation.page,
            start=citation.start,
            end=citation.end,
            passage=citation.passage,
            similarity=citation.similarity,
            section=citation.section,
        )
