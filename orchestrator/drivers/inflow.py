"""One upstream stream, read without I/O: what has come, and whether it is whole."""

from __future__ import annotations

from typing import Any

from orchestrator.dialects import StreamReader
from orchestrator.dialects.neutral import (
    Broke,
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
        unreadable: How many events made no sense and were skipped.
    """

    def __init__(self, reader: StreamReader) -> None:
        self._reader = reader
        self._waiting: list[StreamEvent] = []
        self.content = False
        self.tool_call = False
        self.stopped: str | None = None
        self.ended = False
        self.broke: Any = None
        self.unreadable = 0

    @property
    def whole(self) -> bool:
        """True where nothing of the answer is missing: the model said why it stopped.

        A finish reason is enough, since some servers that speak chat completions never
        send the end mark. An end mark alone is not: relays write one after a stream that
        broke above them.
        """
        return self.broke is None and self.stopped is not None

    @property
    def over(self) -> bool:
        """True where nothing more of the answer can come."""
        return self.ended or self.broke is not None

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
            if self.broke is None:
                self._waiting.append(event)

    def _note(self, delta: Delta) -> None:
        match delta:
            case Stopped():
                self.stopped = delta.finish_reason
            case Ended():
                self.ended = True
            case Broke():
                self.broke = delta.body if delta.body is not None else ""
            case Unreadable():
                self.unreadable += 1
            case _:
                self.content = self.content or is_content(delta)
                self.tool_call = self.tool_call or isinstance(delta, ToolCallDelta)
