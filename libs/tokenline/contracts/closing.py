"""Close codes of the sockets: why a gateway hangs up, and what a client does about it.

44xx is the HTTP status that would have been said; an ``error`` frame with the reason comes first where the client still
reads.
"""

from tokenline.contracts.base import Shape


class CloseCode(Shape):
    code: int
    why: str
    remedy: str = ""
    """What to do; empty: nothing helps."""


TOO_BIG = CloseCode(code=1009, why="a message above 256 KiB", remedy="send less")
STOPPING = CloseCode(code=1012, why="the gateway is stopping", remedy="reconnect at once and resume")
WRONG_FRAME = CloseCode(
    code=4400,
    why="the conversation in the path is not the user's, or the first frame is no frame",
    remedy="do not repeat",
)
SIGNED_OUT = CloseCode(
    code=4401,
    why="nobody signed in within 10 s, or the sign-in is over",
    remedy="get a fresh token, reconnect, resume",
)
NOT_ALLOWED = CloseCode(code=4403, why="not an administrator (dashboard socket only)")
TOO_SLOW = CloseCode(
    code=4408,
    why="1,000 notices were waiting for the client",
    remedy="reconnect and resume",
)
TOO_MANY = CloseCode(code=4429, why="more than 50 frames a second", remedy="slow down")

CLOSE_CODES = (TOO_BIG, STOPPING, WRONG_FRAME, SIGNED_OUT, NOT_ALLOWED, TOO_SLOW, TOO_MANY)
