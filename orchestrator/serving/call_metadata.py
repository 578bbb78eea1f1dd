"""What the headers say of a call, in the body too, for clients that see no headers.

``x-orchestrator-metadata: enabled`` asks for it: an object ``orchestrator`` in a whole answer, in
an error, and in the last event of a stream before its end mark, when all of it is known. It is
put into the bytes as they are, whoever has written them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import msgspec

from orchestrator.dialects import dialect
from orchestrator.dialects.sse import ServerEvent, ServerSentEvents
from orchestrator.dialects.wire import parsed_object, string
from orchestrator.serving.body_streams import ByteStream, SyncBody
from orchestrator.serving.call_headers import PREFIX
from orchestrator.serving.respond import HttpReply

HEADER = f"{PREFIX}metadata"

FIELD = "orchestrator"
"""The name of the object."""

_NUMBERS = (f"{PREFIX}attempts", f"{PREFIX}overhead-ms")

Facts = Callable[[], Mapping[str, str]]
"""The headers that would be sent now."""


def wants_metadata(headers: Mapping[str, str]) -> bool:
    """Whether a client asks for it."""
    return HEADER in headers and headers[HEADER].strip().lower() == "enabled"


def with_metadata(reply: HttpReply, spoken: str, facts: Facts) -> HttpReply:
    """``reply``, with what its headers say of the call in its body; else as it is.

    Args:
        reply: An answer or an error, whole or streamed.
        spoken: The dialect that the client speaks.
        facts: What is known at the end of a stream, which began with less.
    """
    body = reply.body
    if isinstance(body, bytes):
        body = _extended(body, reply.headers)
    elif not isinstance(body, SyncBody):
        body = AnnotatedStream(body, spoken, lambda: {**reply.headers, **facts()})
    return HttpReply(reply.status, reply.headers, body)


class AnnotatedStream:
    """A stream whose last event before the end mark has the object too.

    An event is held back only where it may be the last one, and until the next is here.
    """

    def __init__(self, body: ByteStream, spoken: str, facts: Facts) -> None:
        self._body, self._facts = body, facts
        self._closing = dialect(spoken).serving.closing
        self._events = ServerSentEvents()
        self._held = b""
        self._after = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._body:
            if passed := b"".join(map(self._pass, self._events.feed(data))):
                yield passed
        rest = b"".join(event.raw for event in self._events.close())
        if last := self._release(is_last=True) + rest:
            yield last

    async def aclose(self) -> None:
        """See :class:`.ByteStream`."""
        await self._body.aclose()

    def _pass(self, event: ServerEvent) -> bytes:
        """What may go to the client now that ``event`` is here."""
        if not event.data:  # a comment, a ping
            if not self._held:
                return event.raw
            self._after += event.raw
            return b""
        said = parsed_object(event.data) or {}
        is_mark = bool({event.data.strip(), string(said.get("type"))} & self._closing.marks)
        released = self._release(is_last=is_mark)
        if said and self._closing.may_close(said):
            self._held = event.raw
            return released
        return released + event.raw

    def _release(self, *, is_last: bool) -> bytes:
        held, after = self._held, self._after
        self._held = self._after = b""
        return (_extended(held, self._facts()) if held and is_last else held) + after


def _extended(body: bytes, headers: Mapping[str, str]) -> bytes:
    """``body`` with the object at the end of its own; as it is where it has none."""
    before, end, after = body.rpartition(b"}")
    told = _told(headers)
    if not end or not told:
        return body
    comma = b"" if before.endswith(b"{") else b","
    field = msgspec.json.encode({FIELD: told})[1:-1]
    return b"".join((before, comma, field, end, after))


def _told(headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        name.removeprefix(PREFIX).replace("-", "_"): _value(name, value)
        for name, value in headers.items()
        if name.startswith(PREFIX)
    }


def _value(name: str, text: str) -> str | float:
    if name not in _NUMBERS:
        return text
    return int(text) if text.isdecimal() else float(text)
