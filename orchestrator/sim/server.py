"""The server: connections in, scripted bytes out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import Callable
from typing import cast

from orchestrator.sim.book import Book
from orchestrator.sim.received import Received
from orchestrator.sim.rendering import Rendered, render
from orchestrator.sim.reply import Cut, Ending, Reply
from orchestrator.sim.script import ScriptError
from orchestrator.sim.wire import MAX_HEAD, MalformedRequest, WireRequest, read_request

# Answers a request to the control channel: its status and its JSON.
Control = Callable[[WireRequest], tuple[int, object]]

CONTROL_PATH = "/_sim/"
_BACKLOG = 1024  # five hundred clients may connect at once
_TURNS = 4
"""Of the loop, from accepting a connection to the task that serves it (asyncio, Python 3.11)."""


class Server:
    """Serves a book on 127.0.0.1. Use it within one event loop."""

    def __init__(self, book: Book, control: Control | None = None) -> None:
        self._book = book
        self._control = control
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._open)

    async def start(self, port: int = 0, context: ssl.SSLContext | None = None) -> int:
        """Listen, and return the port; 0 takes a free one."""
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", port, backlog=_BACKLOG, limit=MAX_HEAD, ssl=context
        )
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Close every socket, whatever is under way."""
        if self._server is not None:
            await self._accept_no_more(self._server)
        tasks = dict(self._open)
        for task, writer in tasks.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # An aborted transport closes its socket on the loop's next turn.
        await asyncio.sleep(0)

    async def _accept_no_more(self, server: asyncio.Server) -> None:
        # Closed at once, asyncio would leave open whom it has accepted and not yet served.
        with contextlib.suppress(NotImplementedError):  # Windows
            for listening in server.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._open[task] = writer
        try:
            while await self._serve_one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()  # the client went away, or the server is stopped
        finally:
            del self._open[task]
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; True where the connection goes on."""
        try:
            request = await read_request(reader, writer)
        except MalformedRequest as bad:
            await _send_json(writer, bad.status, {"error": {"message": bad.message}})
            return False
        if request is None:
            return False
        if self._control is not None and request.path.startswith(CONTROL_PATH):
            await _send_json(writer, *self._control(request))
            return _keeps(request)
        return await self._play(request, reader, writer) and _keeps(request)

    async def _play(
        self, request: WireRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        name, _, path = request.path.removeprefix("/").partition("/")
        try:
            received, reply = self._book.answer(name, f"/{path}", request)
        except ScriptError as unknown:
            await _send_json(writer, 404, {"error": {"message": str(unknown)}})
            return True
        return await _send_reply(reply, received, reader, writer)


def _keeps(request: WireRequest) -> bool:
    return request.headers.get("connection", "").lower() != "close"


async def _send_reply(
    reply: Reply,
    received: Received,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> bool:
    await asyncio.sleep(reply.delay)
    if reply.malformed is not None:
        writer.write(reply.malformed)
        await writer.drain()
        return False
    if reply.cut is not None and reply.cut.after is None:
        return await _end(reply.cut, reader, writer)
    rendered = render(reply, received)
    writer.write(rendered.head)
    await _send_body(rendered, reply, writer)
    if reply.cut is not None:
        return await _end(reply.cut, reader, writer)
    if rendered.chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    return not rendered.closes


async def _send_body(rendered: Rendered, reply: Reply, writer: asyncio.StreamWriter) -> None:
    left = None if reply.cut is None else reply.cut.after
    for index, whole in enumerate(rendered.pieces):
        if index and reply.pace:
            await asyncio.sleep(reply.pace)
        piece = whole if left is None else whole[:left]
        if piece:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if rendered.chunked else piece)
        await writer.drain()
        if left is not None:
            left -= len(piece)
            if left <= 0:
                return


async def _end(cut: Cut, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Do to the connection what ``cut`` says. Never goes on."""
    if cut.ending is Ending.HANG:
        await writer.drain()
        while await reader.read(MAX_HEAD):
            pass
    if cut.ending is Ending.RESET:
        # A linger time of zero makes closing send RST in place of FIN.
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    return False


async def _send_json(writer: asyncio.StreamWriter, status: int, value: object) -> None:
    content = json.dumps(value).encode()
    head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    await writer.drain()
