"""Pictures in what OpenAI clients send: each becomes a file of the question, as if it had been uploaded."""

import hashlib
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence

from msgspec.structs import replace

from services.gateway.accept import Question
from services.gateway.deps import Deps
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.base import Shape
from tokenline.contracts.chat import ContextTurn
from tokenline.contracts.errors import BadRequest, TokenlineError
from tokenline.contracts.ids import AttachmentId
from tokenline.contracts.limits import LimitName
from tokenline.core.clock import derived_id, new_id
from tokenline.core.filetype import HEAD_BYTES, PICTURES, sniff
from tokenline.runtime.auth.principal import Principal

BODY_BYTES = 8 * 1024 * 1024
"""Of a request with pictures, which are a third longer in it than they are."""

_DATA = re.compile(r"data:image/[a-z0-9.+-]{1,40};base64,", re.IGNORECASE)


class Sent(Shape):
    """``mime_type`` is by content."""

    data: bytes
    mime_type: str
    param: str


def sent(url: str, param: str) -> Sent:
    """``param`` is where it stands, for who reads the error. Raises `BadRequest`."""
    head = _DATA.match(url)
    if head is None:
        raise BadRequest(
            "Send pictures as data URLs in base64 (data:image/png;base64,…): none is fetched.", param=param
        )
    try:
        data = b64decode(url[head.end() :], validate=True)
        mime_type = sniff(data[:HEAD_BYTES], "picture")
    except (ValueError, TokenlineError):
        mime_type = ""
    if mime_type not in PICTURES:
        raise BadRequest("This is no picture in PNG, JPEG, WebP or GIF.", param=param)
    return Sent(data=data, mime_type=mime_type, param=param)


class Attaching:
    """Stores the pictures of one request. ``key`` names it, if it may come again."""

    def __init__(self, deps: Deps, asker: Principal, key: str | None) -> None:
        self._deps = deps
        self._asker = asker
        self._key = key
        self._made: list[Attachment] = []

    async def attach(self, question: Question, pictures: Sequence[Sequence[Sent]]) -> Question:
        """``pictures`` of each message of the request. The question waits until they have been looked at.

        Raises `BadRequest`, `TooLarge`, `RateLimited`, `StoreUnavailable`; what was stored by then is for `undo`.
        """
        together = [one for some in pictures for one in some]
        if not together:
            return question
        if not self._deps.agents.get(question.agent_id).sees:
            raise BadRequest(f"The model {question.agent_id!r} cannot see pictures.", param=together[0].param)
        if len(together) > (most := self._deps.settings.attachments_per_message):
            raise BadRequest(f"A request can have at most {most} pictures.", param=together[most].param)
        names = iter(range(1, len(together) + 1))
        ids = [[await self._store(one, next(names)) for one in some] for some in pictures]
        context = tuple(map(_with, question.context, ids))
        return replace(question, context=context, attachment_ids=tuple(i for some in ids for i in some))

    async def undo(self) -> None:
        """Nothing came of the request, as far as is known: what a ticket has taken all the same is left to it.

        The store may have been cut off after it had accepted, or the same request have come twice at once.
        """
        known = await self._deps.store.attachments([draft.id for draft in self._made])
        taken = {attachment.id for attachment in known if attachment.conversation_id is not None}
        nobodys = [draft for draft in self._made if draft.id not in taken]
        for _ in nobodys:
            await self._deps.limiting.give_back(self._asker, LimitName.UPLOADS)
        await self._deps.uploads.purge(nobodys)

    async def _store(self, picture: Sent, number: int) -> AttachmentId:
        now = self._deps.clock.now()
        name = f"picture-{number}.{picture.mime_type.removeprefix('image/')}"
        self._deps.uploads.check_size(len(picture.data), name)
        file_id = self._id(picture, number)
        if self._key is not None and await self._deps.store.get_attachment(file_id) is not None:
            return file_id
        await self._deps.limiting.charge(self._asker, LimitName.UPLOADS)
        draft = Attachment(
            id=file_id,
            owner_id=self._asker.user_id,
            conversation_id=None,
            name=name,
            size_bytes=len(picture.data),
            mime_type=picture.mime_type,
            state=AttachmentState.UPLOADING,
            created_at=now,
        )
        self._made.append(draft)
        await self._deps.uploads.take_in(draft, _once(picture.data))
        return file_id

    def _id(self, picture: Sent, number: int) -> AttachmentId:
        """The same for the same request, so that a repeated one is known by it."""
        if self._key is None:
            return new_id(self._deps.clock.now())
        return derived_id(0, self._asker.user_id, self._key, str(number), hashlib.sha256(picture.data).hexdigest())


def _with(turn: ContextTurn, pictures: Sequence[AttachmentId]) -> ContextTurn:
    return replace(turn, pictures=tuple(pictures)) if pictures else turn


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
