"""The transport of model calls against servers of a few lines, which say exactly what a test wants."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from tests.support.receiver import TLS
from tokenline.adapters.model_openai import OpenAIModel
from tokenline.adapters.model_openai.connection import HEAD_BYTES, UNREAD_BYTES, Connection
from tokenline.adapters.model_openai.transport import Body, DirectTransport
from tokenline.contracts.errors import AnswerIncomplete
from tokenline.core.ports.model import ChatTurn, ModelEnd, ModelRequest, ModelText

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
WHOLE = CHUNKED + b"5\r\nhello\r\n4;x=y\r\n you\r\n0\r\ntrailer: x\r\n\r\n"


class Server:
    """Reads requests one after the other; answers each with what ``say`` writes."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.gone = asyncio.Event()
        self.port = 0
        self._say: Serve

    async def start(self, say: Serve, tls: ssl.SSLContext | None = None) -> "Server":
        self._say = say
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
                self.requests.append(head + await reader.readexactly(size))
                await self._say(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self.gone.set()
            writer.close()

    def close(self) -> None:
        self._server.close()


@pytest.fixture
async def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture
def transport():
    return DirectTransport(idle_s=30)


@pytest.fixture
async def client(transport):
    async with httpx2.AsyncClient(transport=transport, timeout=10) as made:
        yield made


def saying(*pieces: bytes, close: bool = False) -> Serve:
    async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if close:
            writer.close()

    return say


async def ask(client: httpx2.AsyncClient, server: Server) -> bytes:
    response = await client.post(f"http://127.0.0.1:{server.port}/v1?a=b", content=b"question")
    return response.content


@pytest.mark.parametrize(
    "answer",
    [
        [WHOLE],
        [WHOLE[i : i + 1] for i in range(len(WHOLE))],
        [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n", WHOLE],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello", b" you"],
    ],
    ids=["at-once", "byte-by-byte", "after-1xx", "content-length"],
)
async def test_a_body_is_whole_however_it_comes_and_the_connection_serves_the_next(client, server, answer):
    await server.start(saying(*answer))
    assert [await ask(client, server), await ask(client, server)] == [b"hello you"] * 2
    assert server.connections == 1
    head, _, body = server.requests[1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1?a=b HTTP/1.1\r\n")
    assert f"\r\nHost: 127.0.0.1:{server.port}\r\n".lower() in head.decode().lower()
    assert body == b"question"


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\n\r\nhello", b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello"],
    ids=["to-the-end", "close"],
)
async def test_a_connection_that_ends_with_its_response_is_not_used_again(client, server, answer):
    await server.start(saying(answer, close=True))
    assert [await ask(client, server), await ask(client, server)] == [b"hello"] * 2
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        CHUNKED + b"5\r\nhel",
        CHUNKED + b"5\r\nhello\r\n",
        CHUNKED + b"no-size\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ],
    ids=["nothing", "amid-chunk", "between-chunks", "no-chunk", "too-short", "no-http", "upgrade"],
)
async def test_half_a_response_is_an_error(client, server, answer):
    await server.start(saying(answer, close=True))
    with pytest.raises(httpx2.TransportError):
        await ask(client, server)


async def test_a_head_without_end_is_an_error(client, server):
    await server.start(saying(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * HEAD_BYTES))
    with pytest.raises(httpx2.RemoteProtocolError):
        async with asyncio.timeout(10):
            await ask(client, server)


async def test_trailers_without_end_are_an_error(client, server):
    await server.start(saying(CHUNKED + b"5\r\nhello\r\n0\r\n", b"x: ", b"y" * 8 * HEAD_BYTES))
    with pytest.raises(httpx2.RemoteProtocolError):
        async with asyncio.timeout(10):
            await ask(client, server)


async def test_what_was_read_before_a_cut_is_delivered(client, server):
    await server.start(saying(CHUNKED + b"5\r\nhello\r\n", close=True))
    async with client.stream("POST", f"http://127.0.0.1:{server.port}/") as response:
        body = response.aiter_raw()
        assert await anext(body) == b"hello"
        with pytest.raises(httpx2.RemoteProtocolError):
            await anext(body)


@pytest.mark.parametrize("extra", [b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b"noise"])
async def test_what_nobody_asked_for_is_nobodys_answer(client, server, extra):
    """A second response behind the first would be taken for that of the next question, of somebody else."""
    await server.start(saying(WHOLE + extra))
    assert await ask(client, server) == b"hello you"
    async with asyncio.timeout(10):
        await server.gone.wait()
    assert await ask(client, server) == b"hello you"
    assert server.connections == 2


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used(client, transport, server):
    async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE)
        await writer.drain()
        asyncio.get_running_loop().call_soon(writer.close)

    await server.start(say)
    for _ in range(3):
        assert await ask(client, server) == b"hello you"
        async with asyncio.timeout(10):
            while any(transport._idle.values()):  # noqa: ASYNC110 - the transport tells nobody
                await asyncio.sleep(0)
    assert server.connections == 3


async def test_a_connection_that_was_lost_before_it_is_asked_says_so_at_once():
    """With TLS, the peer's end may come with the last of its handshake."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    listening = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    async with asyncio.timeout(5):
        while connection.reusable:  # noqa: ASYNC110 - the transport tells nobody
            await asyncio.sleep(0.01)
        with pytest.raises(httpx2.RemoteProtocolError):
            await connection.ask(b"GET / HTTP/1.1\r\n\r\n")
    listening.close()


async def test_idle_connections_are_closed_in_time(server):
    await server.start(saying(WHOLE))
    async with httpx2.AsyncClient(transport=DirectTransport(idle_s=0.05)) as client:
        await ask(client, server)
        async with asyncio.timeout(10):
            await server.gone.wait()


async def test_leaving_a_body_hangs_up(client, server):
    await server.start(saying(CHUNKED + b"5\r\nhello\r\n"))
    async with client.stream("POST", f"http://127.0.0.1:{server.port}/"):
        pass
    async with asyncio.timeout(10):
        await server.gone.wait()


async def test_who_does_not_read_is_not_filled_with_megabytes(client, server):
    """Every buffer is bounded: what a reader leaves stays in the socket, and comes when it reads on."""
    size = 64 * 1024 * 1024
    sent = 0

    async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        piece = b"x" * (1 << 20)
        for _turn in range(size >> 20):
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    await server.start(say)
    async with client.stream("POST", f"http://127.0.0.1:{server.port}/") as response:
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.1)
        assert sent < size / 2
        body = response.extensions["body"]
        assert isinstance(body, Body)
        received = len(await body.read())
        assert received < 4 * UNREAD_BYTES
        while data := await body.read():
            received += len(data)
    assert received == size


@pytest.mark.parametrize("header", ["x\r\ny: z", "x\ny"])
async def test_a_header_cannot_begin_another_one(client, server, header):
    await server.start(saying(WHOLE))
    with pytest.raises(httpx2.LocalProtocolError):
        await client.post(f"http://127.0.0.1:{server.port}/", headers={"x": header})
    assert server.requests == []


async def test_nobody_there_is_a_failed_connection(client, unused_tcp_port):
    with pytest.raises(httpx2.ConnectError):
        await client.post(f"http://127.0.0.1:{unused_tcp_port}/")


# ── through the openai client ────────────────────────────────────────────────────────────────────────────────────────


async def answer_of(base_url: str) -> tuple[str, ModelEnd]:
    model, text = OpenAIModel(base_url, "sk-secret"), ""
    request = ModelRequest(model="m", turns=(ChatTurn(role="user", content="?"),))
    try:
        async with model.stream(request) as events:
            async for event in events:
                if isinstance(event, ModelText):
                    text += event.text
                elif isinstance(event, ModelEnd):
                    return text, event
    finally:
        await model.close()
    raise AssertionError("no end")


async def test_a_compressed_answer_is_read(server):
    body = gzip.compress(EVENT + b"data: [DONE]\n\n")
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body)
    await server.start(saying(head, body[:20], body[20:]))
    text, end = await answer_of(f"http://127.0.0.1:{server.port}/v1")
    assert (text, end.finish_reason) == ("Hi", "stop")


async def test_tls_checks_the_name(server, monkeypatch):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "hooks.pem", TLS / "hooks.key")
    body = EVENT + b"data: [DONE]\n\n"
    await server.start(saying(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body), body), tls=context)
    address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address])
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "hooks.pem"))
    text, _ = await answer_of(f"https://hooks.example:{server.port}/v1")
    assert text == "Hi"
    async with httpx2.AsyncClient(transport=DirectTransport(idle_s=1)) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.post(f"https://other.example:{server.port}/")


async def test_a_proxy_of_the_environment_is_used(server, monkeypatch):
    body = EVENT + b"data: [DONE]\n\n"
    await server.start(saying(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body), body))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
    text, _ = await answer_of("http://model.example/v1")
    assert text == "Hi"
    assert server.requests[0].startswith(b"POST http://model.example/v1/chat/completions HTTP/1.1\r\n")


async def _asked(server: Server, model: OpenAIModel) -> str:
    async with model.stream(ModelRequest(model="m", turns=(ChatTurn(role="user", content="?"),))) as events:
        return "".join([event.text async for event in events if isinstance(event, ModelText)])


async def test_each_request_is_addressed_and_signed(server):
    await server.start(saying(CHUNKED + b"%x\r\n" % len(EVENT) + EVENT + b"\r\n0\r\n\r\n"))
    model = OpenAIModel(f"http://127.0.0.1:{server.port}/somewhere/v1", "sk-secret")
    assert [await _asked(server, model) for _ in range(2)] == ["Hi", "Hi"]
    await model.close()
    for request in server.requests:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        assert lines[0] == b"post /somewhere/v1/chat/completions http/1.1"
        assert b"host: 127.0.0.1:%d" % server.port in lines
        assert b"authorization: bearer sk-secret" in lines
        assert b"content-type: application/json" in lines
        assert lines.count(b"content-length: %d" % len(body)) == 1
    assert server.connections == 1


async def test_a_refusal_that_is_broken_off_leaves_no_connection(server):
    async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 9\r\n\r\nno")
        await writer.drain()

    await server.start(half)
    model = OpenAIModel(f"http://127.0.0.1:{server.port}/v1", "sk-secret", first_token_s=0.2)
    with pytest.raises(AnswerIncomplete):
        await _asked(server, model)
    async with asyncio.timeout(10):
        await server.gone.wait()
    await model.close()
