"""Who of an owner's tickets may enter the queue: decided for each owner in one place, one decision after another.

A gate is a document per owner that names the admitted tickets and is changed by compare-and-set. However many gateways
and workers judge at once, each decision knows those before it. It is a promise: whoever wrote it queues the ticket
next, and if that one died, the next release does.
"""

from functools import partial
from typing import NamedTuple

from tokenline.adapters.store_mongo.attachments import unread
from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.documents import insert_new
from tokenline.adapters.store_mongo.rows import standings
from tokenline.contracts.ids import AttachmentId, TicketId, UserId
from tokenline.contracts.tickets import HoldReason, TicketState
from tokenline.core.fairness import Standing, judge_held

BROKEN_AFTER_S = 2.0
"""A promise so old was made by somebody who died. Measured on two clocks: too early is harmless, both may queue it."""


class Verdict(NamedTuple):
    """``reasons`` of those that changed, first come first; ``None``: it was admitted, and is the caller's to queue."""

    reasons: dict[TicketId, HoldReason | None]
    broken: list[TicketId]
    """Admitted before, and still not queued: the caller's to queue as well."""
    pending: bool
    """Others were admitted just now, and whoever did so is to queue them yet."""


async def judge(
    db: Collections, owner: UserId, *, user_limit: int, now: float, alone: TicketId | None = None
) -> Verdict:
    """Judge the owner's held tickets again. ``alone``: admit no other, and this one if somebody else did so already."""
    while True:
        # Before the tickets: one that is named here and no longer live by then has ended.
        gate = await db.gates.find_one({"_id": owner})
        entries = [] if gate is None else gate["admitted"]
        promised = {entry["id"]: entry["at"] for entry in entries}
        live = await standings(db, owner)
        held = [standing for standing in live if not standing.admitted]
        reading = await unread(db, {file for standing in held for file in standing.files})
        reasons = judge_held(
            [_as_promised(standing) if standing.id in promised else standing for standing in live],
            user_limit=user_limit,
            indexing=partial(_waits_for, reading),
        )
        admitted = [i for i, reason in reasons.items() if reason is None and alone in (None, i)]
        alive = {standing.id for standing in live}
        kept = [entry for entry in entries if entry["id"] in alive]
        if admitted and not await _write(db, owner, gate, [*kept, *({"id": i, "at": now} for i in admitted)]):
            continue
        if alone is not None and alone in promised:
            reasons[alone] = None
        waiting = [standing.id for standing in held if standing.id in promised]
        broken = [i for i in waiting if abs(now - promised[i]) > BROKEN_AFTER_S]
        return Verdict(reasons, broken, pending=len(broken) < len(waiting))


def _waits_for(reading: set[AttachmentId], standing: Standing) -> bool:
    return not reading.isdisjoint(standing.files)


def _as_promised(standing: Standing) -> Standing:
    return standing if standing.admitted else standing._replace(state=TicketState.QUEUED)


async def _write(db: Collections, owner: UserId, gate: Document | None, admitted: list[Document]) -> bool:
    if gate is None:
        return await insert_new(db.gates, {"_id": owner, "version": 1, "admitted": admitted})
    before = {"_id": owner, "version": gate["version"]}
    change = {"$set": {"version": gate["version"] + 1, "admitted": admitted}}
    return (await db.gates.update_one(before, change)).matched_count == 1
