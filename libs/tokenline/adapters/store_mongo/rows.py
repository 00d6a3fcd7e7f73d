"""A ticket as a document, and the one way in which it is written: compare-and-set on ``version``.

| field | there while | for |
| --- | --- | --- |
| `version`, `publish_no`, `doc`, `conversation_id` | always | |
| `asked_as` | always | one ticket per client message: unique |
| `line` | live | the listings, and `core.fairness` |
| `unconfirmed` | queued, and the broker has not confirmed this publication | the keeper |
| `dead` | a dead letter | the administrator |
| `due` | something of its owner's is to be released | `notes` |
| `delivery` | ended, and a webhook is, or was, to be told | `webhooks` |
| `unsettled` | it carries what belongs elsewhere | `settle` |
"""

from collections.abc import Iterable

from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.documents import Documents, encode
from tokenline.contracts.ids import UserId
from tokenline.contracts.tickets import HoldReason, Ticket, TicketState
from tokenline.core.fairness import Standing
from tokenline.core.ports.store import worker_lease
from tokenline.core.ticket import LIVE, RUNNING, WAITING

TICKETS = Documents(Ticket)


def fields(ticket: Ticket) -> tuple[Document, set[str]]:
    """What to set and what to unset, but for ``unconfirmed`` of a queued one."""
    wanted: Document = {"version": ticket.version, "publish_no": ticket.publish_no, "doc": encode(ticket)}
    if ticket.state in LIVE:
        wanted["line"] = _line(ticket)
    if ticket.dead:
        wanted["dead"] = {"at": ticket.finished_at, "id": ticket.id}
    unwanted = {"line", "dead"} - wanted.keys()
    if ticket.state is not TicketState.QUEUED:
        unwanted.add("unconfirmed")
    return wanted, unwanted


def _line(ticket: Ticket) -> Document:
    line: Document = {
        "owner_id": ticket.owner_id,
        "pool": ticket.pool,
        "state": ticket.state.value,
        "hold_reason": ticket.hold_reason,
        "seq": ticket.seq,
        "files": list(ticket.files),
    }
    if ticket.state in WAITING:
        line["deadline_at"] = ticket.deadline_at
    if ticket.due_at is not None:
        line["due_at"] = ticket.due_at
    if ticket.state in RUNNING and ticket.worker_id is not None and ticket.incarnation is not None:
        line["lease"] = worker_lease(ticket.worker_id, ticket.incarnation)
    if ticket.state is TicketState.QUEUED:
        line["queued"] = {"pool": ticket.pool, "priority": ticket.priority, **_place(ticket)}
    return line


def _place(ticket: Ticket) -> Document:
    return {"level_at": ticket.level_at, "seq": ticket.seq}


async def swap(
    db: Collections, ticket: Ticket, *, also: Document | None = None, without: Iterable[str] = (), anew: bool = False
) -> bool:
    """Write ``ticket`` if the stored one is settled and its version is one less.

    ``also`` is set and ``without`` unset in the same write, and then it need not be settled. A ``delivery`` among what
    is set must be the first. ``anew``: it is known that this publication is another than the stored one's.
    """
    wanted, unwanted = fields(ticket)
    without = set(without)
    before: Document = {"_id": ticket.id, "version": ticket.version - 1}
    if "unsettled" not in without:
        before["unsettled"] = {"$exists": False}
    if also and "delivery" in also:
        before["delivery"] = {"$exists": False}
    change: Document = {"$set": wanted | (also or {})}
    if unwanted | without:
        change["$unset"] = dict.fromkeys(unwanted | without, "")
    if ticket.state is not TicketState.QUEUED:
        return (await db.tickets.update_one(before, change)).matched_count == 1
    if not anew:
        # What was confirmed stays so while it is the same publication.
        same = await db.tickets.update_one({**before, "publish_no": ticket.publish_no}, change)
        if same.matched_count:
            return True
    change["$set"]["unconfirmed"] = {"priority": ticket.priority, **_place(ticket)}
    return (await db.tickets.update_one(before, change)).matched_count == 1


async def any_held(db: Collections, owner: UserId) -> bool:
    held = {"line.owner_id": owner, "line.state": TicketState.HELD.value}
    return await db.tickets.find_one(held, {"_id": 1}) is not None


async def standings(db: Collections, owner: UserId) -> list[Standing]:
    """What fairness needs to know of the owner's live tickets."""
    found = db.tickets.find({"line.owner_id": owner}, {"conversation_id": 1, "line": 1})
    return [_standing(document) for document in await found.to_list(None)]


def _standing(document: Document) -> Standing:
    line = document["line"]
    return Standing(
        id=document["_id"],
        conversation_id=document["conversation_id"],
        state=TicketState(line["state"]),
        hold_reason=HoldReason(line["hold_reason"]) if line["hold_reason"] else None,
        seq=line["seq"],
        files=tuple(line["files"]),
    )
