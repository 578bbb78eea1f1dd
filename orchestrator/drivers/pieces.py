"""Whole answers cut in pieces for callers who stream, and pieces made whole for others."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestrator.dialects import Answer, Fault, Usage, dialect
from orchestrator.dialects.answer import ToolCall
from orchestrator.dialects.neutral import (
    Began,
    Counted,
    Delta,
    Ended,
    Reply,
    Stopped,
    StreamEvent,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolUse,
)
from orchestrator.dialects.wire import decoded
from orchestrator.drivers.assembly import Assembly
from orchestrator.drivers.inflow import Inflow
from orchestrator.drivers.outcome import Interrupted

LINE = 80
"""Characters of one piece: about a line, so that a caller who prints sees it grow."""


@attrs.define
class Whole:
    """An answer that is all there, to be delivered as if it were being streamed."""

    events: tuple[StreamEvent, ...]
    content: bool
    broke: None = None
    over: bool = True
    whole: bool = True
    torn: bool = False
    unreadable: int = 0
    usage: Usage | None = None

    def take(self) -> tuple[StreamEvent, ...]:
        """The events that came since the last time."""
        events, self.events = self.events, ()
        return events


def cut(answer: Answer, spoken: str) -> Whole:
    """``answer``, which came in one piece in the dialect ``spoken``, as a stream."""
    reply = dialect(spoken).read_answer(answer.raw)
    finish = answer.finish_reason or ("tool_calls" if answer.tool_calls else "stop")
    reply = attrs.evolve(reply, finish_reason=finish)
    return Whole(tuple(_pieces(reply)), content=bool(reply.parts), usage=answer.usage)


def answer_of(reply: Reply) -> Answer:
    """``reply`` as an answer that is written as a chat completion."""
    uses = tuple(
        ToolCall(part.id, part.name, part.arguments)
        for part in reply.parts
        if isinstance(part, ToolUse)
    )
    return Answer(
        text="".join(part.text for part in reply.parts if isinstance(part, Text)),
        tool_calls=uses,
        finish_reason=reply.finish_reason,
        usage=reply.usage,
        id=reply.id,
        model=reply.model,
        raw=dialect("openai-chat").write_answer(reply),
    )


def usage_in(body: bytes, spoken: str) -> Usage | None:
    """The tokens that the body of a failed attempt tells of, whole or cut, stream or not."""
    if b"usage" not in body:
        return None
    value = decoded(body)
    if isinstance(value, dict):
        return dialect(spoken).read_answer(value).usage
    inflow = Inflow(dialect(spoken).stream_reader())
    inflow.feed(body)
    return inflow.usage


def joined(body: bytes, spoken: str, headers: dict[str, str]) -> Answer | Fault | Interrupted:
    """The answer that a whole stream amounts to, for a caller who does not stream."""
    inflow, assembly = Inflow(dialect(spoken).stream_reader()), Assembly()
    inflow.feed(body)
    inflow.close()
    if inflow.broke is not None:
        return Fault(200, headers, inflow.broke, "sse")
    if not inflow.whole:
        return Interrupted("the stream ended without its end")
    for event in inflow.take():
        assembly.add(event.deltas)
    return answer_of(assembly.reply())


def _pieces(reply: Reply) -> Iterator[StreamEvent]:
    deltas: list[Delta] = [Began(reply.id, reply.model)]
    index = 0
    for part in reply.parts:
        match part:
            case Text():
                starts = range(0, len(part.text), LINE)
                deltas += [TextDelta(part.text[at : at + LINE]) for at in starts]
            case Thinking():
                deltas.append(ThinkingDelta(part.text, part.signature, part.redacted, part.dialect))
            case ToolUse():
                deltas.append(
                    ToolCallDelta(index, part.id, part.name, part.arguments, part.signature)
                )
                index += 1
    deltas += [Stopped(reply.finish_reason or "stop"), Counted(reply.usage), Ended()]
    return (StreamEvent(b"", (delta,)) for delta in deltas)
