"""What you think of answers, over REST."""

from collections.abc import Sequence

from tokenline.client.credentials import Credentials
from tokenline.client.http import Http
from tokenline.contracts.feedback import Feedback, FeedbackReason, Rating
from tokenline.contracts.ids import MessageId

PATH = "/api/v1/chat/messages/{message_id}/feedback"


class Answers:
    """``message_id`` is that of an answer. Each raises `NotFound` for one that is not the caller's."""

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._http = http
        self._credentials = credentials

    async def rate(
        self,
        message_id: MessageId,
        rating: Rating,
        *,
        reasons: Sequence[FeedbackReason] = (),
        comment: str | None = None,
    ) -> Feedback:
        """In place of what was said of it before. Raises `BadRequest` for a question."""
        body = {"rating": rating, "reasons": list(reasons), "comment": comment}
        path = PATH.format(message_id=message_id)
        return await self._http.call("PUT", path, Feedback, self._credentials, again=True, json=body)

    async def unrate(self, message_id: MessageId) -> None:
        """Nothing happens when it is not rated."""
        path = PATH.format(message_id=message_id)
        await self._http.call("DELETE", path, type(None), self._credentials, again=True)
