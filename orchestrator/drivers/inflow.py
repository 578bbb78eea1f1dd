"""One upstream stream, read without I/O: what has come, and whether it is whole."""

from __future__ import annotations

from typing import Any

from orchestrator.dialects import StreamReader, Usage
from orchestrator.dialects.neutral import (
    Broke,
    Counted,
    Delta,
    Ended,
    Stopped,
    StreamEvent,
    ToolCallDelta,
    Unreadable,
    is_content,
)


class Inflow:
    """Fed with the bytes of one streamed answer, it says what they amount to.

    Attributes:
        content: True once something of the answer has come.
        tool_call: True once a part of a tool call has come.
        stopped: The finish reason, once it has come.
        ended: True once the dialect's end mark has come.
        broke: What the provider reported as an error inside the stream.
        torn: True where an event of the answer itself came with a part missing.
        unreadable: How many events made no sense and were skipped.
        usage: Tokens as the provider counted them last; ``None`` where it has not told.
    """

    def __init__(self, reader: StreamReader) -> None:
        self._reader = reader
        self._waiting: list[StreamEvent] = []
        self.content = False
        self.tool_call = False
        self.stopped: str | None = None
        self.ended = False
        self.broke: Any = None
        self.torn = False
        self.unreadable = 0
        self.usage: Usage | None = None
        self._begins: set[str] = set()

    @property
    def whole(self) -> bool:
        """True where nothing of the answer is missing: the model said why it stopped.

        A finish reason is enough, since some servers that speak chat completions never
        send the end mark. An end mark alone is not: relays write one after a stream that
        broke above them.
        """
        return self.broke is None and not self.torn and self.stopped is not None

    @property
    def over(self) -> bool:
        """True where nothing more of the answer can come."""
        return self.ended or self.torn or self.broke is not None

    def feed(self, data: bytes) -> None:
        """Take in bytes as they came, cut anywhere."""
        self._take(self._reader.feed(data))

    def close(self) -> None:
        """The connection ended."""
        self._take(self._reader.close())

    def take(self) -> tuple[StreamEvent, ...]:
        """The events that came since the last time."""
        events, self._waiting = tuple(self._waiting), []
        return events

    def _take(self, events: list[StreamEvent]) -> None:
        for event in events:
            if self.over:
                return
            for delta in event.deltas:
                self._note(delta)
            if len(self._begins) < KINDS and event.deltas:
                self._begins.add(_data(event.raw))
            if self.broke is None and not self.torn:
                self._waiting.append(event)

    def _note(self, delta: Delta) -> None:
        match delta:
            case Stopped():
                self.stopped = delta.finish_reason
            case Ended():
                self.ended = True
            case Counted():
                self.usage = delta.usage
            case Broke():
                self.broke = delta.body if delta.body is not None else ""
            case Unreadable():
                self.unreadable += 1
                # One that begins like the answer's own events was one of them: skipped, it
                # would leave a hole in the text. Any other was put in by somebody between.
                self.torn = self.torn or delta.data.lstrip()[:ALIKE] in self._begins
            case _:
                self.content = self.content or is_content(delta)
                self.tool_call = self.tool_call or isinstance(delta, ToolCallDelta)


ALIKE = 9
"""Characters that a stream's events share at the start: ``{"type":"`` or ``{"id":"ch``."""

KINDS = 32
"""Beginnings that are remembered: more than any dialect has kinds of events."""


def _data(raw: bytes) -> str:
    """The beginning of an event's data."""
    at = raw.find(b"{")
    return raw[at : at + ALIKE].decode("utf-8", "replace") if at >= 0 else ""
