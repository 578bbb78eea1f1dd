"""Requests read from a socket: HTTP/1.1, of bounded size."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import attrs

MAX_HEAD = 64 * 1024
MAX_BODY = 32 * 1024 * 1024


class MalformedRequest(Exception):
    """Bytes that are no request, or too many. Holds the status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@attrs.frozen
class WireRequest:
    """One request as read; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str] = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)

    @property
    def credential(self) -> str | None:
        """The bearer token or API key, wherever the dialects put it."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token.strip()
        return self.headers.get("x-api-key") or self.headers.get("x-goog-api-key")

    @property
    def body(self) -> Any:
        """The decoded JSON, or the text where it is not JSON, or ``None``."""
        if not self.content:
            return None
        try:
            return json.loads(self.content)
        except ValueError:
            return self.content.decode("utf-8", "replace")


async def read_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> WireRequest | None:
    """The next request, ``None`` where the client has ended the connection.

    Raises:
        MalformedRequest: What came is not a request, or is too large.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise MalformedRequest(431, f"the head is longer than {MAX_HEAD} bytes") from None
    line, *fields = head.decode("latin-1").split("\r\n")[:-2]
    method, path = _request_line(line)
    headers = {name.strip().lower(): value.strip() for name, _, value in map(_field, fields)}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return WireRequest(method, path, headers, await _read_body(reader, headers))


def _request_line(line: str) -> tuple[str, str]:
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise MalformedRequest(400, "the first line is not that of an HTTP/1.1 request")
    return parts[0], parts[1]


def _field(text: str) -> tuple[str, str, str]:
    return text.partition(":")


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _read_chunks(reader)
    length = _size(headers.get("content-length", "0"), 10)
    _within_bounds(length)
    return await reader.readexactly(length)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    content = bytearray()
    while size := _size((await _line(reader)).decode("latin-1").split(";")[0], 16):
        _within_bounds(len(content) + size)
        content += await reader.readexactly(size)
        await reader.readexactly(2)
    while await _line(reader) != b"\r\n":
        pass  # trailers say nothing that a script asks about
    return bytes(content)


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n")
    except asyncio.LimitOverrunError:
        raise MalformedRequest(400, f"a chunk's line is longer than {MAX_HEAD} bytes") from None


def _size(text: str, base: int) -> int:
    try:
        size = int(text.strip(), base)
    except ValueError:
        size = -1
    if size < 0:
        raise MalformedRequest(400, "a length is not a number")
    return size


def _within_bounds(size: int) -> None:
    if size > MAX_BODY:
        raise MalformedRequest(413, f"the body is longer than {MAX_BODY} bytes")
