"""The Python client: ask, wait in line, stream, stop, resume, upload. ``docs/client.md`` shows it in use.

======================  ==============================================================================================
`async_client`          `AsyncTokenline`; `sync_client`: `Tokenline`, the same over a background thread
`chat` `watch`          a connection for asking; one that tells all of a conversation
`stream`                one answer as an iterator of events
`follow` `book`         what frames mean for one ticket; what is owed to callers and gateway. Pure
`reconnect`             which gateway next, when, and when to give up. Pure
`link`                  the socket, and the loop that makes it again
`http` `credentials`    REST calls; who is asking
`terminal`              ``tokenline chat``, ``tokenline status``
======================  ==============================================================================================

It stands beside the floors: of the rest it knows the contracts and the pure core.
"""

from tokenline.client.async_client import AsyncTokenline
from tokenline.client.chat import Chat
from tokenline.client.errors import Unreachable
from tokenline.client.follow import Event
from tokenline.client.models import AgentInfo, Answer, Page, PoolStatus, TicketView, UploadProgress
from tokenline.client.stream import AnswerStream
from tokenline.client.sync_client import Tokenline
from tokenline.client.watch import Watch
from tokenline.contracts.errors import Fatal, Rejected, Retryable, TokenlineError
from tokenline.contracts.feedback import Feedback, FeedbackReason, Rating
from tokenline.contracts.frames import (
    Accepted,
    Cancelled,
    Complete,
    Edited,
    Held,
    Position,
    Processing,
    Queued,
    Restarted,
    Snapshot,
    Text,
    ToolCallFrame,
)

__all__ = [
    "Accepted",
    "AgentInfo",
    "Answer",
    "AnswerStream",
    "AsyncTokenline",
    "Cancelled",
    "Chat",
    "Complete",
    "Edited",
    "Event",
    "Fatal",
    "Feedback",
    "FeedbackReason",
    "Held",
    "Page",
    "PoolStatus",
    "Position",
    "Processing",
    "Queued",
    "Rating",
    "Rejected",
    "Restarted",
    "Retryable",
    "Snapshot",
    "Text",
    "TicketView",
    "Tokenline",
    "TokenlineError",
    "ToolCallFrame",
    "Unreachable",
    "UploadProgress",
    "Watch",
]
