"""Holds idle sockets, in a process of its own, so that its descriptors and memory are nobody else's.

``python -m tests.bench.streaming.holder PORT PATH COUNT``, a key per line on standard input, empty where none is
needed. Says ``open SECONDS`` when all are, answers pings, ends with its standard input.
"""

import select
import socket
import sys
import time

from tests.bench.streaming.sockets import open_socket, pongs, receive


def main() -> None:
    port, path, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    keys = [sys.stdin.readline().strip() for _ in range(count)]
    started = time.monotonic()
    held: dict[int, socket.socket] = {}
    with select.epoll() as poll:
        poll.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
        for key in keys:
            # Opening takes longer than a server waits for its pongs.
            _answer(poll, held, 0)
            opened = open_socket(port, path, **({"Authorization": f"Bearer {key}"} if key else {}))
            receive(opened)
            held[opened.fileno()] = opened
            poll.register(opened, select.EPOLLIN)
        print(f"open {time.monotonic() - started:.3f}", flush=True)
        while _answer(poll, held, None):
            pass


def _answer(poll: select.epoll, held: dict[int, socket.socket], timeout_s: float | None) -> bool:
    """False when standard input has ended."""
    for number, _ in poll.poll(timeout_s):
        if number not in held:
            return False
        data = held[number].recv(1 << 16)
        if not data:
            sys.exit("the server closed a socket")
        if answer := pongs(data):
            held[number].send(answer)
    return True


if __name__ == "__main__":
    main()
