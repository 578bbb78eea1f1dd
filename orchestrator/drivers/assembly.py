"""A whole answer put together from what a stream delivered."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from orchestrator.dialects.answer import Usage
from orchestrator.dialects.neutral import (
    Began,
    Counted,
    Delta,
    Reply,
    Stopped,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolUse,
)


@attrs.define
class _Tool:
    id: str = ""
    name: str = ""
    arguments: list[str] = attrs.field(factory=list)


@attrs.define
class Assembly:
    """Collects deltas. Usage of several streams that were continued is added up."""

    id: str = ""
    model: str = ""
    finish_reason: str | None = None
    _text: list[str] = attrs.field(factory=list)
    _thinking: list[str] = attrs.field(factory=list)
    _signature: str | None = None
    _tools: dict[int, _Tool] = attrs.field(factory=dict)
    _usage: Usage = attrs.field(factory=Usage)
    _earlier: Usage = attrs.field(factory=Usage)

    @property
    def text(self) -> str:
        """The words so far."""
        return "".join(self._text)

    @property
    def usage(self) -> Usage:
        """The tokens so far, of all streams."""
        return _sum(self._earlier, self._usage)

    def next_stream(self) -> None:
        """Another stream goes on from here."""
        self._earlier, self._usage = self.usage, Usage()
        self.finish_reason = None

    def add(self, deltas: Iterable[Delta]) -> None:
        """Take in what was delivered."""
        for delta in deltas:
            self._add(delta)

    def reply(self) -> Reply:
        """The whole answer."""
        parts: list[Text | Thinking | ToolUse] = []
        if self._thinking or self._signature:
            parts.append(Thinking("".join(self._thinking), self._signature))
        if self._text:
            parts.append(Text(self.text))
        parts += [
            ToolUse(tool.id, tool.name, "".join(tool.arguments))
            for _, tool in sorted(self._tools.items())
        ]
        return Reply(tuple(parts), self.finish_reason, self.usage, self.id, self.model)

    def _add(self, delta: Delta) -> None:
        match delta:
            case Began():
                self.id, self.model = self.id or delta.id, self.model or delta.model
            case TextDelta():
                self._text.append(delta.text)
            case ThinkingDelta():
                self._thinking.append(delta.text)
                self._signature = delta.signature or self._signature
            case ToolCallDelta():
                self._add_tool(delta)
            case Stopped():
                self.finish_reason = delta.finish_reason
            case Counted():
                self._usage = delta.usage
            case _:
                pass

    def _add_tool(self, delta: ToolCallDelta) -> None:
        tool = self._tools.setdefault(delta.index, _Tool())
        tool.id, tool.name = tool.id or delta.id, tool.name or delta.name
        tool.arguments.append(delta.arguments)


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(*(a + b for a, b in zip(attrs.astuple(one), attrs.astuple(other), strict=True)))
