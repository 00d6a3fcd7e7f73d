"""Ports on loopback."""

import random
import socket
from collections.abc import Collection

LOOPBACK = "127.0.0.1"

# Below 32768, where Linux takes ports for outgoing connections: somebody's client socket cannot take a port
# that was picked here between the look and the bind.
_FIRST, _LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a listener could bind `port` on loopback at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As every server does: a port whose old connections are in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(avoid: Collection[int] = ()) -> int:
    """A free port outside the ephemeral range and not in `avoid`. Raises OSError after 200 tries."""
    for _ in range(200):
        port = random.randint(_FIRST, _LAST)  # noqa: S311 - spreads parallel test runs, guards no secret
        if port not in avoid and is_free(port):
            return port
    raise OSError("no free port on loopback")


def answers(port: int, timeout_s: float = 0.2) -> bool:
    """Whether something accepts connections on `port`. Blocks for at most `timeout_s`."""
    try:
        socket.create_connection((LOOPBACK, port), timeout_s).close()
    except OSError:
        return False
    return True
