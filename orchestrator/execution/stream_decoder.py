"""Decoder of one upstream stream, without I/O: what has come, and whether it is whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from orchestrator.dialects import StreamReader, Usage
from orchestrator.dialects.finish_reasons import standard
from orchestrator.dialects.judgement import failed_finish
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    StreamError,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Unreadable,
    UsageDelta,
    is_content,
)
from orchestrator.dialects.wire import decoded
from orchestrator.execution.stop_cutter import StopCutter


class StreamDecoder:
    """Fed with the bytes of one streamed answer, it says what they amount to.

    Args:
        reader: Reads the dialect.
        stops: Stop sequences that the provider was not told. Once the text ends here the
            stream is whole; of what came with that piece only the usage is read.
        ends_by_mark: True where the provider never sends a finish reason: the end mark is
            the end.

    Attributes:
        content: True once something of the answer has come.
        tool_call: True once a part of a tool call has come.
        stopped: The finish reason, once it has come.
        ended: True once the dialect's end mark has come.
        alive: True once the provider said that it is at work, with nothing of the answer.
        error: What the provider reported as a failure inside the stream, or as its end.
        failed_end: True where that is the finish reason.
        is_corrupt: True where an event of the answer itself came with a part missing.
        unreadable: How many events made no sense and were skipped.
        usage: Tokens as the provider counted them last; ``None`` where it has not told.
    """

    def __init__(
        self, reader: StreamReader, stops: Sequence[str] = (), *, ends_by_mark: bool = False
    ) -> None:
        self._reader = reader
        self._cutter = StopCutter(stops)
        self._ends_by_mark = ends_by_mark
        self._waiting: list[StreamEvent] = []
        self.content = False
        self.tool_call = False
        self.stopped: str | None = None
        self.ended = False
        self.alive = False
        self.error: Any = None
        self.failed_end = False
        self.is_corrupt = False
        self.unreadable = 0
        self.usage: Usage | None = None
        self._begins: set[str] = set()
        self._beginning: bytes | tuple[()] = ()  # how no event begins
        self._remarks: list[Any] = []
        self._garbled = False

    @property
    def is_complete(self) -> bool:
        """True where nothing of the answer is missing: the model said why it stopped.

        A finish reason is enough, since some servers that speak chat completions never
        send the end mark. An end mark alone is not, unless that is how this provider ends:
        relays write one after a stream that broke above them.
        """
        return self.error is None and not self.is_corrupt and self.stopped is not None

    @property
    def has_ended(self) -> bool:
        """True where nothing more of the answer can come."""
        return self.ended or self.is_corrupt or self.error is not None

    @property
    def remark(self) -> Any:
        """Words of the server's own in place of an answer; ``None`` where there are none.

        An event that is no JSON, or a message and nothing else. Where an event of the answer
        was torn, the pieces are a model's words, and so may be those of a server that sends
        more than a few.
        """
        alone = not (self.content or self._garbled) and len(self._remarks) <= MOST_REMARKS
        return self._remarks[-1] if self._remarks and alone else None

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
        cuts, may_have_ended = self._cutter.cuts, True
        for event in events:
            # Whatever follows the end is none of the answer: some servers send a second end mark.
            if may_have_ended and self.has_ended:
                return
            deltas = event.deltas
            if len(deltas) == 1 and type(deltas[0]) is TextDelta and deltas[0].text and not cuts:
                # Nearly all are words alone, which change nothing else.
                self.content, may_have_ended = True, False
                self._remember(event.raw)
                self._waiting.append(event)
            else:
                self._take_any(event)
                may_have_ended = True
        self.ended = self.ended or self._cutter.has_cut

    def _take_any(self, event: StreamEvent) -> None:
        # A comment or a ping: the provider is at work, and its first token may take longer.
        self.alive = self.alive or not event.deltas
        before, passed = self.stopped, self._passed(event)
        for delta in passed.deltas:
            self._note(delta)
        if event.deltas:
            self._remember(event.raw)
        if self.error is not None or self.is_corrupt:
            # What came along with the failure was said all the same.
            said = tuple(delta for delta in passed.deltas if is_content(delta))
            self._waiting += [StreamEvent(passed.raw, said)] if said else []
        elif self.ended and self.stopped is not before:
            self._waiting.append(_stopped(passed, self.stopped))
        else:
            self._waiting.append(passed)

    def _remember(self, raw: bytes) -> None:
        """Remember how the data of an event begins, as others of its kind will."""
        # As a rule it begins like the one before it, and there is nothing to find out.
        if len(self._begins) < KINDS and not raw.startswith(self._beginning):
            at = raw.find(b"{")
            begin = raw[at : at + ALIKE] if at >= 0 else b""
            self._begins.add(begin.decode("utf-8", "replace"))
            self._beginning = raw[: at + ALIKE] if len(begin) == ALIKE else ()

    def _passed(self, event: StreamEvent) -> StreamEvent:
        """``event`` as the caller may see it; the bytes are no longer the provider's own."""
        if not self._cutter.cuts:
            return event
        deltas = (one for delta in event.deltas for one in self._cutter.pass_on(delta))
        return StreamEvent(b"", tuple(deltas))

    def _note(self, delta: Delta) -> None:
        match delta:
            case TextDelta() | ThinkingDelta() | ToolCallDelta():
                self.content = self.content or is_content(delta)
                self.tool_call = self.tool_call or isinstance(delta, ToolCallDelta)
            case FinishReason():
                # Some finish reasons are failures ("error"); that of a filter is none once words
                # have come.
                self.stopped = delta.finish_reason
                self.error = failed_finish(self.stopped, said=True)
                self.failed_end = self.error is not None
            case EndMark():
                self.ended = True
                if self.stopped is None and self._ends_by_mark:
                    self.stopped = standard(None, calls=self.tool_call)
            case UsageDelta():
                self.usage = delta.usage
            case StreamError():
                self.error = delta.body if delta.body is not None else ""
            case Unreadable():
                self._skip(delta.data)

    def _skip(self, data: str) -> None:
        """Count an event that says nothing of the answer, and keep what else it says."""
        self.unreadable += 1
        said = decoded(data.encode(errors="replace"))
        # A piece of the answer that was skipped would leave a hole in the text, until the model
        # has said why it stopped. Anything else was put in by somebody between.
        alike = data.lstrip()[:ALIKE] in self._begins
        if self.stopped is None:
            self.is_corrupt = (
                self.is_corrupt or alike or (isinstance(said, str) and _is_piece(said))
            )
        # Half an event is a model's own words: they must not be shown as a server's remark.
        self._garbled = self._garbled or not _is_remark(said)
        if len(self._remarks) <= MOST_REMARKS:
            self._remarks.append(said)


def _stopped(event: StreamEvent, finish: str | None) -> StreamEvent:
    """``event`` that is the end, with the finish reason, which it may not say itself."""
    if finish is None or any(isinstance(delta, FinishReason) for delta in event.deltas):
        return event
    *before, ended = event.deltas
    return StreamEvent(event.raw, (*before, FinishReason(finish), ended))


def _is_piece(data: str) -> bool:
    """True for an event of an answer that lost a part: its end, or its beginning."""
    cut = _CUT_OBJECT.match(data)
    if cut is None:
        return _FIELD_OF_PIECE.search(data) is not None
    name, is_whole = cut["name"] or "", bool(cut["end"])
    return name in _FIRST_FIELDS if is_whole else any(f.startswith(name) for f in _FIRST_FIELDS)


_CUT_OBJECT = re.compile(r'\s*\{\s*(?:"(?P<name>[^"]*)(?P<end>"?)|$)')
_FIRST_FIELDS = (
    *("id", "object", "created", "model", "choices", "usage", "provider", "system_fingerprint"),
    *("type", "index", "delta", "content_block"),
    *("candidates", "usageMetadata", "modelVersion", "responseId"),
    *("response", "item", "item_id", "output_index", "content_index", "sequence_number"),
)
"""What the events of the four dialects begin with, in whatever order a server writes them."""
_FIELD_OF_PIECE = re.compile(
    r'"(?:delta|content|choices|text|parts|candidates|finish_reason|finishReason|partial_json'
    r'|arguments|tool_calls|reasoning_content|thinking|output_index|item_id)"\s*:'
)
"""What stands in the pieces of the four dialects, and in no words of a server."""


def _is_remark(said: Any) -> bool:
    """True for words, and for an object: what begins like JSON and is none is half an event."""
    return isinstance(said, dict) or (isinstance(said, str) and said.lstrip()[:1] not in "{[")


MOST_REMARKS = 3
"""Events that may be the words of a server; a model that is sent as plain text says more."""

ALIKE = 9
"""Characters that a stream's events share at the start: ``{"type":"`` or ``{"id":"ch``."""

KINDS = 32
"""Beginnings that are remembered: more than any dialect has kinds of events."""
