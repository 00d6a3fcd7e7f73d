"""Where messages stand in their conversation's tree: decided before they are written, and settled by the writing.

``messages.place`` is unique: of two that were to stand in one place, the first to be written does. The other one
follows it, if nobody said where it belongs, or gets a branch of its own.
"""

from typing import NamedTuple

from msgspec.structs import replace

from tokenline.adapters.store_mongo.chat import MESSAGES, get_message
from tokenline.adapters.store_mongo.database import Collections, Document
from tokenline.adapters.store_mongo.documents import encode, insert_new
from tokenline.adapters.store_mongo.rows import TICKETS
from tokenline.adapters.store_mongo.search import searched_as
from tokenline.contracts.chat import Message
from tokenline.contracts.errors import BadRequest, NotFound
from tokenline.contracts.ids import ConversationId, MessageId
from tokenline.contracts.tickets import Ticket
from tokenline.core import tree
from tokenline.core.tree import Branch, Place, Position


class Asked(NamedTuple):
    """``follows``: where somebody else came first, it is asked after theirs."""

    place: Place
    follows: bool = False


def as_document(asked: Asked) -> Document:
    parent_id, branch, depth, fork = asked.place
    left = None if fork is None else [fork.id, fork.parent, fork.at]
    return {"parent_id": parent_id, "branch": branch, "depth": depth, "fork": left, "follows": asked.follows}


def of_document(document: Document) -> Asked:
    fork = document["fork"]
    left = None if fork is None else Branch(id=fork[0], parent=fork[1], at=fork[2])
    return Asked(Place(document["parent_id"], document["branch"], document["depth"], left), document["follows"])


async def place_question(
    db: Collections,
    conversation: Document | None,
    question: Message,
    *,
    after: MessageId | None,
    instead_of: MessageId | None,
) -> Asked:
    """``conversation``: its document, if there is one. Raises as the store's `accept`."""
    if instead_of is not None:
        former = await _of_conversation(db, question.conversation_id, instead_of)
        if former.role != "user":
            raise BadRequest("Only a question can be asked in another way.")
        return Asked(tree.forked(question.id, former.parent_id, former.branch_id, former.depth))
    leaf_id = None if conversation is None else conversation["leaf_id"]
    if after is None or after == leaf_id:
        tip = tree.start(question.conversation_id) if conversation is None else tip_of(conversation)
        return Asked(Place(leaf_id, tip.branch, tree.below(tip.depth, "user")), follows=after is None)
    above = await _of_conversation(db, question.conversation_id, after)
    if above.role == "user":
        parent_id, end = await end_below(db, above)
        answer = await get_message(db, parent_id)
        if answer is not None and answer.role == "assistant":
            end = Position(answer.branch_id, answer.depth)
        return Asked(await place_under(db, question, parent_id, end))
    return Asked(await place_under(db, question, above.id, Position(above.branch_id, above.depth)))


async def place_written(db: Collections, message: Message, ticket: Ticket) -> Asked:
    """Of what is written with a ticket: an answer under its question, what has a place where it is."""
    if message.branch_id:
        return Asked(Place(message.parent_id, message.branch_id, message.depth))
    if message.role != "assistant":
        return Asked(Place(None, message.conversation_id, tree.below(tree.TOP, message.role)), follows=True)
    return Asked(await _place_answer(db, message, ticket))


async def _place_answer(db: Collections, answer: Message, ticket: Ticket) -> Place:
    question = await get_message(db, ticket.question_id)
    if question is None:
        return tree.forked(answer.id, None, answer.conversation_id, tree.below(tree.TOP, "assistant"))
    if ticket.instead_of is not None and answer.id == ticket.answer_id:
        return alternative(ticket, question)
    return Place(question.id, question.branch_id, tree.below(question.depth, "assistant"))


def alternative(ticket: Ticket, question: Message) -> Place:
    """Of the answer that this ticket is to get instead of another."""
    return tree.forked(ticket.answer_id, question.id, question.branch_id, tree.below(question.depth, "assistant"))


async def end_below(db: Collections, last: Message) -> tuple[MessageId, Position]:
    """The end of a path whose last message this is: under a question stands its answer, though not written yet."""
    if last.role == "assistant":
        return last.id, Position(last.branch_id, last.depth)
    ticket = TICKETS.maybe(await db.tickets.find_one({"_id": last.ticket_id}))
    if ticket is not None:
        branch = last.branch_id if ticket.instead_of is None else ticket.answer_id
        return ticket.answer_id, Position(branch, last.depth + 1)
    key = tree.alternatives_key("assistant", last.id)
    answers = db.messages.find({"conversation_id": last.conversation_id, "stands_for": key}).sort("seq", -1)
    newest = [MESSAGES.of(document) for document in await answers.limit(1).to_list(None)]
    return (newest[0].id if newest else last.id), Position(last.branch_id, last.depth + 1)


async def put(db: Collections, message: Message, revision: int, asked: Asked | None) -> Place:
    """Write it to its place, or to what is left when another one stands there; known already, it stays where it is.

    May be done again, by several at once. Returns the place that it has. ``None``: it has none yet.
    """
    place = Place(message.parent_id, message.branch_id, message.depth) if asked is None else asked.place
    while True:
        if place.fork is not None:
            await add_branch(db, message.conversation_id, place.fork)
        document = {"_id": message.id, "conversation_id": message.conversation_id, "seq": message.seq}
        placed = replace(message, parent_id=place.parent_id, branch_id=place.branch, depth=place.depth)
        fields = {"revision": revision, "doc": encode(placed), **searched_as(placed)}
        if await insert_new(db.messages, document | fields | (in_place(placed) if asked else {})):
            return place
        known = await get_message(db, message.id)
        if known is not None or asked is None:
            await db.messages.update_one({"_id": message.id, "revision": {"$lt": revision}}, {"$set": fields})
            return place if known is None else Place(known.parent_id, known.branch_id, known.depth)
        place = await _beside(db, placed, follows=asked.follows)


def in_place(message: Message) -> Document:
    """What its document says of where it stands."""
    return {
        "parent_id": message.parent_id,
        "branch_id": message.branch_id,
        "depth": message.depth,
        "place": f"{message.branch_id} {message.depth}",
        "stands_for": tree.alternatives_key(message.role, message.parent_id),
    }


def tip_of(conversation: Document) -> Position:
    return Position(conversation["tip_branch"], conversation["tip_depth"])


async def add_branch(db: Collections, conversation_id: ConversationId, branch: Branch) -> None:
    record = {"_id": branch.id, "conversation_id": conversation_id, "parent": branch.parent, "at": branch.at}
    await insert_new(db.branches, record)


async def _beside(db: Collections, message: Message, *, follows: bool) -> Place:
    """Where the place of ``message`` is taken."""
    if follows:
        first = MESSAGES.maybe(await db.messages.find_one({"place": in_place(message)["place"]}))
        if first is None:
            # It was withdrawn at once.
            return Place(message.parent_id, message.branch_id, message.depth)
        answer_id, end = await end_below(db, first)
        return Place(answer_id, end.branch, tree.below(end.depth, message.role))
    return tree.forked(message.id, message.parent_id, message.branch_id, message.depth)


async def place_under(db: Collections, message: Message, parent_id: MessageId | None, above: Position) -> Place:
    """In the branch if there is room in it, or else in one of its own."""
    depth = tree.below(above.depth, message.role)
    # An answer may come after what was asked below it, and writing it shows whether there is room.
    if message.role != "assistant":
        deeper = {"branch_id": above.branch, "depth": {"$gt": above.depth}}
        if await db.messages.find_one(deeper, {"_id": 1}) is not None:
            return tree.forked(message.id, parent_id, above.branch, depth)
    return Place(parent_id, above.branch, depth)


async def _of_conversation(db: Collections, conversation_id: ConversationId, message_id: MessageId) -> Message:
    message = await get_message(db, message_id)
    if message is None or message.conversation_id != conversation_id:
        raise NotFound
    return message
