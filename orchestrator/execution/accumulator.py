"""Accumulator of a stream's deltas: it makes the whole answer of them."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO

import attrs

from orchestrator.dialects.answer import Usage
from orchestrator.dialects.judgement import settled
from orchestrator.dialects.neutral import (
    Delta,
    FinishReason,
    NeutralAnswer,
    StreamStart,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolUse,
    UsageDelta,
)

_UNTOLD = Usage()


@attrs.define(eq=False)
class _TextPart:
    said: StringIO = attrs.field(factory=StringIO)

    def part(self) -> Text:
        return Text(self.said.getvalue())


@attrs.define(eq=False)
class _ThinkingPart:
    said: StringIO = attrs.field(factory=StringIO)
    signature: str | None = None
    dialect: str = ""
    redacted: bool = False

    def part(self) -> Thinking:
        return Thinking(self.said.getvalue(), self.signature, self.dialect, self.redacted)


@attrs.define(eq=False)
class _ToolPart:
    id: str = ""
    name: str = ""
    arguments: StringIO = attrs.field(factory=StringIO)
    signature: str | None = None

    def part(self) -> ToolUse:
        return ToolUse(self.id, self.name, self.arguments.getvalue(), signature=self.signature)


@attrs.define(eq=False)
class Accumulator:
    """Collects deltas, of which ``size`` characters are held so far.

    Usage of several streams that were continued is added up.

    Parts stay in the order of their beginning. A signature ends the thoughts that it
    signs: what is thought after it is another part, since it vouches for nothing else.

    Attributes:
        id, model: Of the answer: as the first stream named them.
        writer: The model of the stream that is writing now, in its provider's words.
        finish_reason: Why the model stopped, once it has said so.
    """

    id: str = ""
    model: str = ""
    writer: str = ""
    finish_reason: str | None = None
    size: int = 0
    _parts: list[_TextPart | _ThinkingPart | _ToolPart] = attrs.field(factory=list)
    _tools: dict[int, _ToolPart] = attrs.field(factory=dict)
    _usage: Usage = _UNTOLD
    _earlier: Usage = _UNTOLD

    @property
    def text(self) -> str:
        """The words so far."""
        parts = (part for part in self._parts if isinstance(part, _TextPart))
        return "".join(part.said.getvalue() for part in parts)

    @property
    def tool_call(self) -> bool:
        """True once a part of a tool call was delivered."""
        return bool(self._tools)

    @property
    def usage(self) -> Usage:
        """The tokens so far, of all streams."""
        return _sum(self._earlier, self._usage)

    def next_stream(self, usage: Usage | None = None) -> None:
        """Another stream goes on from here.

        Args:
            usage: What the attempt cost that ends here, where more is known than was delivered.
        """
        self._earlier = _sum(self._earlier, self._usage if usage is None else usage)
        self._usage = _UNTOLD
        # The finish reason of the broken stream is none of the whole answer.
        self.finish_reason, self.writer = None, ""
        # Thoughts of two models are not one thought; words go on where they stopped.
        if self._parts and isinstance(self._parts[-1], _ThinkingPart):
            self._parts.append(_TextPart())

    def add(self, deltas: Iterable[Delta]) -> None:
        """Take in what was delivered."""
        for delta in deltas:
            if type(delta) is TextDelta:  # nearly all are
                self.size += len(delta.text)
                self._last_text().said.write(delta.text)
            else:
                self._add(delta)

    def reply(self) -> NeutralAnswer:
        """The whole answer."""
        made = (part.part() for part in self._parts)
        # An empty text stands between the thoughts of two models, or came of a chunk without a
        # word. Anthropic refuses it where it is sent back with the conversation.
        parts = tuple(part for part in made if not isinstance(part, Text) or part.text)
        return settled(NeutralAnswer(parts, self.finish_reason, self.usage, self.id, self.model))

    def _add(self, delta: Delta) -> None:
        match delta:
            case StreamStart():
                self.id, self.model = self.id or delta.id, self.model or delta.model
                self.writer = delta.model or self.writer
            case ThinkingDelta():
                self._add_thought(delta)
            case ToolCallDelta():
                self._add_tool(delta)
            case FinishReason():
                self.finish_reason = delta.finish_reason
            case UsageDelta():
                # The last count holds: Gemini and Anthropic count what has come so far, with each
                # chunk.
                self._usage = delta.usage
            case _:
                pass

    def _last_text(self) -> _TextPart:
        last = self._parts[-1] if self._parts else None
        if not isinstance(last, _TextPart):
            last = _TextPart()
            self._parts.append(last)
        return last

    def _add_thought(self, delta: ThinkingDelta) -> None:
        last = self._parts[-1] if self._parts else None
        # A redacted thought is one opaque piece, which means nothing together with another.
        alone = delta.redacted or delta.apart
        if not isinstance(last, _ThinkingPart) or last.signature is not None or alone:
            last = _ThinkingPart()
            self._parts.append(last)
        self.size += len(delta.text) + len(delta.signature or "")
        last.said.write(delta.text)
        # The signature comes with the last piece as a rule, and may come in a piece of its own.
        last.signature = delta.signature or last.signature
        last.dialect = delta.dialect or last.dialect
        last.redacted = delta.redacted

    def _add_tool(self, delta: ToolCallDelta) -> None:
        tool = self._tools.get(delta.index)
        if tool is None:
            tool = self._tools[delta.index] = _ToolPart()
            self._parts.append(tool)
        # Some servers repeat both in every piece, and some send them empty after the first.
        tool.id, tool.name = tool.id or delta.id, tool.name or delta.name
        tool.signature = tool.signature or delta.signature
        self.size += len(delta.arguments)
        tool.arguments.write(delta.arguments)


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(*(a + b for a, b in zip(attrs.astuple(one), attrs.astuple(other), strict=True)))
