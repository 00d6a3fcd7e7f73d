"""What both vector engines must do alike: payload, point ids, fusion, scores. Keywords: `vectors_keywords`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from tokenline.contracts.attachments import Passage
from tokenline.contracts.ids import AttachmentId, UserId
from tokenline.core.access import owned_by
from tokenline.core.ports.vectors import Chunk, Listed

KEYWORD = "keyword"
DENSE = "dense"
OWNER = "owner_id"
ATTACHMENT = "attachment_id"
START = "start"

HNSW_M = 16
HNSW_EF_CONSTRUCT = 64
UPSERT_BATCH = 64
"""Small enough (about 15 ms) that a search does not wait long behind a large file."""

_POINTS = UUID("3f1a7e0e-6d0b-5f43-9c55-0f6c1f6a9b52")


@dataclass(frozen=True)
class Hit:
    """One place in one ranking."""

    payload: Mapping[str, Any]
    score: float


def point_id(chunk: Chunk) -> UUID:
    """The same passage of the same attachment always has the same id: writing twice changes nothing."""
    return _point_id(chunk.attachment_id, chunk.start, chunk.end)


def copied(payload: Mapping[str, Any], target: AttachmentId, name: str) -> tuple[UUID, dict[str, Any]]:
    """Id and payload of the same passage in a file of the same content."""
    written = {**payload, ATTACHMENT: target, "name": name}
    return _point_id(target, payload[START], payload["end"]), written


def _point_id(attachment_id: AttachmentId, start: int, end: int) -> UUID:
    return uuid5(_POINTS, f"{attachment_id}:{start}:{end}")


def payload_of(owner_id: UserId, chunk: Chunk) -> dict[str, Any]:
    return {
        OWNER: owner_id,
        ATTACHMENT: chunk.attachment_id,
        "name": chunk.name,
        "page": chunk.page,
        START: chunk.start,
        "end": chunk.end,
        "content": chunk.content,
        "section": chunk.section,
    }


def listed(payloads: Sequence[Mapping[str, Any] | None], following: object) -> Listed:
    """``following`` is the id of the point after these, ``None`` after the last."""
    files = {(payload[OWNER], payload[ATTACHMENT]) for payload in payloads if payload}
    return Listed(files=frozenset(files), points=len(payloads), next=None if following is None else str(following))


def candidates(top_k: int) -> int:
    """How deep each ranking goes, so that what is good in both is not cut off in one."""
    return max(50, 4 * top_k)


def fuse(owner_id: UserId, rankings: Sequence[Sequence[Hit]], top_k: int) -> list[Passage]:
    """The mean of the rankings' scores (ADR 19), best first; equal ones in the order of the text.

    The first ranking is of keywords where there are several. ``similarity`` is the share of the best score; of several
    rankings, being first in each is 1.
    """
    found: dict[tuple[AttachmentId, int, int], tuple[float, Mapping[str, Any]]] = {}
    for number, ranking in enumerate(rankings):
        # No shared word is a keyword score of 0. A cosine has no such zero: models differ in what they give to
        # strangers, 0.1 or 0.8, so theirs is what the last candidate has.
        floor = ranking[-1].score if number and len(ranking) > 1 else 0.0
        best = max((hit.score for hit in ranking), default=0.0) - floor
        for hit in ranking:
            share = (hit.score - floor) / best / len(rankings) if best > 0 else 0.0
            key = (hit.payload[ATTACHMENT], hit.payload[START], hit.payload["end"])
            found[key] = (found.get(key, (0.0, None))[0] + share, hit.payload)
    ordered = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    return [_passage(owner_id, payload, share) for _, (share, payload) in ordered[:top_k]]


def opened(attachment_ids: Sequence[AttachmentId], top_k: int) -> list[AttachmentId]:
    """The attachments that get a place among ``top_k`` opening passages, each once."""
    return list(dict.fromkeys(attachment_ids))[:top_k]


def spread(owner_id: UserId, openings: Sequence[Sequence[Mapping[str, Any]]], top_k: int) -> list[Passage]:
    """``top_k`` places dealt to the files in turn; the passages then stand file by file, similar to nothing."""
    dealt = sorted((turn, file) for file, payloads in enumerate(openings) for turn in range(len(payloads)))
    places = sorted((file, turn) for turn, file in dealt[:top_k])
    return [_passage(owner_id, openings[file][turn], 0.0) for file, turn in places]


def _passage(owner_id: UserId, payload: Mapping[str, Any], share: float) -> Passage:
    owned_by(owner_id, _Owned(payload[OWNER]))  # the filter has seen to it; a mistake there must not become a leak
    return Passage(
        attachment_id=payload[ATTACHMENT],
        name=payload["name"],
        page=payload["page"],
        start=payload[START],
        end=payload["end"],
        content=payload["content"],
        similarity=min(1.0, max(0.0, share)),
        section=payload.get("section"),
    )


@dataclass(frozen=True)
class _Owned:
    owner_id: UserId
