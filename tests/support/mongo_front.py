"""Gives FerretDB 1 what MongoDB has and the store rests on: that one document is changed by one command at a time.

FerretDB 1 finds, decides and writes in separate steps: of 20 times that 50 tasks compared and set one version at once,
12 had two winners, and 100 increments gave 57 numbers. Behind this front one command runs at a time.

Usage: python -m tests.support.mongo_front HOST PORT. Prints its own address; ends with its standard input.
"""

import asyncio
import contextlib
import os
import sys

_LENGTH_BYTES = 4


async def serve(host: str, port: int) -> None:
    turn = asyncio.Lock()

    async def carry(asker: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(answers):
            server, requests = await asyncio.open_connection(host, port)
            with contextlib.closing(requests):
                while True:
                    request = await _message(asker)
                    async with turn:
                        requests.write(request)
                        answer = await _message(server)
                    # The mark by which the store would warn of what this front has mended.
                    answers.write(answer.replace(b"ferretdbVersion", b"ferretdbMended."))
                    await answers.drain()

    front = await asyncio.start_server(carry, "127.0.0.1", 0)
    print(f"mongodb://127.0.0.1:{front.sockets[0].getsockname()[1]}/", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)  # clients may still be connected, and there is nothing to save


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One message of MongoDB's wire protocol, which begins with its own length."""
    length = await reader.readexactly(_LENGTH_BYTES)
    return length + await reader.readexactly(int.from_bytes(length, "little") - _LENGTH_BYTES)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
