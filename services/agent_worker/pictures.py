"""Which of a conversation's pictures a model is shown: the newest that its budget and the installation allow."""

import asyncio
from collections.abc import Mapping, Sequence
from math import ceil
from typing import NamedTuple

from services.agent_worker.context import BYTES_PER_TOKEN
from tokenline.contracts.attachments import Attachment, AttachmentKind, AttachmentState, PictureInfo
from tokenline.contracts.chat import UnreadFile
from tokenline.contracts.errors import NotFound
from tokenline.contracts.ids import AttachmentId
from tokenline.core.file_keys import view_key
from tokenline.core.ports.files import Files
from tokenline.core.ports.model import ChatTurn, Picture

SHARE = 0.5
"""Of the budget, for pictures that were sent with earlier messages: what was said has the other half at least."""
BLIND = "It is a picture, and this assistant cannot see pictures."
MISSING = "It is not kept for that: upload it again."
TOO_MANY = "No more pictures fit into this question."

_SIDE, _SHORT_SIDE, _TILE = 1536, 768, 512


class Said(NamedTuple):
    """A turn, and the files that were sent with it."""

    turn: ChatTurn
    files: tuple[AttachmentId, ...] = ()


class Shown(NamedTuple):
    turns: list[ChatTurn]
    unseen: list[UnreadFile]
    """Pictures that were not shown, and why."""


class Gallery:
    """``most``: pictures in one request."""

    def __init__(self, files: Files, most: int) -> None:
        self._files = files
        self._most = most

    async def show(self, said: Sequence[Said], pictures: Mapping[AttachmentId, Attachment], budget: int) -> Shown:
        """Those of the last turn, and of those before it the newest for a share of ``budget`` bytes.

        Raises `StoreUnavailable`.
        """
        chosen = self._choose(said, pictures, int(budget * SHARE))
        found = await asyncio.gather(*(self._read(pictures[file_id]) for file_id in chosen))
        seen = {file_id: picture for file_id, picture in zip(chosen, found, strict=True) if picture is not None}
        turns = [_with(one.turn, [seen[file_id] for file_id in one.files if file_id in seen]) for one in said]
        sent = dict.fromkeys(file_id for one in said for file_id in one.files if file_id in pictures)
        unseen = [
            UnreadFile(name=pictures[file_id].name, reason=MISSING if file_id in chosen else TOO_MANY)
            for file_id in sent
            if file_id not in seen
        ]
        return Shown(turns=turns, unseen=unseen)

    def _choose(
        self, said: Sequence[Said], pictures: Mapping[AttachmentId, Attachment], room: int
    ) -> dict[AttachmentId, None]:
        """In this order; each once, where it was sent last."""
        chosen: dict[AttachmentId, None] = {}
        for age, one in enumerate(reversed(said)):
            for file_id in one.files:
                if file_id not in pictures or file_id in chosen or len(chosen) == self._most:
                    continue
                cost = tokens_of(pictures[file_id].picture) * BYTES_PER_TOKEN
                if age > 0 and cost > room:
                    return chosen
                room -= cost
                chosen[file_id] = None
        return chosen

    async def _read(self, file: Attachment) -> Picture | None:
        """``None``: it was deleted meanwhile, or read before pictures were kept for models."""
        try:
            jpeg = b"".join([chunk async for chunk in self._files.get(view_key(file.id))])
        except NotFound:
            return None
        return Picture(name=file.name, jpeg=jpeg, tokens=tokens_of(file.picture))


def pictures_of(files: Sequence[Attachment]) -> dict[AttachmentId, Attachment]:
    """Those that were read."""
    return {
        file.id: file for file in files if file.state is AttachmentState.INDEXED and file.kind is AttachmentKind.IMAGE
    }


def tokens_of(picture: PictureInfo | None) -> int:
    """As OpenAI counts high detail: 85, and 170 for each tile of 512 pixels once the shorter side is at most 768.

    Others count within a factor of two of it. Source: OpenAI, "Images and vision", calculating costs.
    """
    if picture is None:
        return 0
    long, short = max(picture.width, picture.height), min(picture.width, picture.height)
    scale = min(1.0, _SIDE / long, _SHORT_SIDE / short)
    return 85 + 170 * ceil(long * scale / _TILE) * ceil(short * scale / _TILE)


def _with(turn: ChatTurn, pictures: Sequence[Picture]) -> ChatTurn:
    return ChatTurn(role=turn.role, content=turn.content, pictures=tuple(pictures)) if pictures else turn
