"""Connections of which nothing comes are ended; who has a request is not kept out by them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from letterboxd_scraper.server import connections
from letterboxd_scraper.server.connections import BoundedConnection

# Opens a connection to the server.
Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Say 204 to what has come in, or send much where that is asked for."""
    while (await receive()).get("more_body"):
        pass
    body = b"x" * 20_000_000 if scope["path"] == "/much" else b""
    await send({"type": "http.response.start", "status": 200 if body else 204, "headers": []})
    await send({"type": "http.response.body", "body": body})


def serve(talk: Callable[[Connect], Awaitable[None]]) -> None:
    """Let somebody talk to a server on a socket of this machine."""

    async def serving() -> None:
        state = ServerState()
        config = uvicorn.Config(answer, http=BoundedConnection, lifespan="off", log_config=None, ws="none")
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: BoundedConnection(config, state, {}), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await talk(lambda: asyncio.open_connection("127.0.0.1", port))
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()

    asyncio.run(serving())


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", REQUEST[:-2], b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a line", "half a head", "half a body"],
)
def test_half_a_request_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)

    async def talk(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(sent)
        await _end_of(reader)

    serve(talk)


def test_nor_is_one_whose_bytes_drip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)

    async def talk(connect: Connect) -> None:
        reader, writer = await connect()
        end = asyncio.ensure_future(_end_of(reader))
        while not end.done():
            writer.write(b"G")
            await asyncio.sleep(0.02)
        await end

    serve(talk)


def test_a_long_one_may_last_as_long_as_it_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 2.0)
    monkeypatch.setattr(connections, "REQUEST_BYTES", 1_000)

    async def talk(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6000\r\n\r\n")
        for _ in range(6):
            await asyncio.sleep(0.5)
            writer.write(b"x" * 1_000)
        assert await _head(reader) == b"HTTP/1.1 204 No Content"

    serve(talk)


def test_requests_that_are_whole_are_answered_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 2.0)

    async def talk(connect: Connect) -> None:
        reader, writer = await connect()
        for _ in range(3):
            writer.write(REQUEST)
            assert await _head(reader) == b"HTTP/1.1 204 No Content"
            await asyncio.sleep(0.8)  # together longer than one request may take

    serve(talk)


def test_an_answer_that_nobody_takes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.2)

    async def talk(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(REQUEST.replace(b"/ ", b"/much ", 1))
        await asyncio.sleep(1)
        await _end_of(reader)

    serve(talk)


def test_half_sent_requests_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 5)

    async def talk(connect: Connect) -> None:
        halves = [await connect() for _ in range(9)]
        for _, writer in halves:
            writer.write(b"GET")
        reader, writer = await connect()
        writer.write(REQUEST)
        assert await _head(reader) == b"HTTP/1.1 204 No Content"
        await asyncio.gather(*(_end_of(reader) for reader, _ in halves[:5]))  # who has waited longest

    serve(talk)


async def _head(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(30):
        return (await reader.readuntil(b"\r\n\r\n")).splitlines()[0]


async def _end_of(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(30):
        with suppress(ConnectionResetError):
            await reader.read()
