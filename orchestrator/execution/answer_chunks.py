"""Chunks of whole answers for callers who stream, and whole answers of chunks for others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from orchestrator.dialects import DEFAULT_DIALECT, Answer, Fault, Usage, dialect
from orchestrator.dialects.finish_reasons import standard
from orchestrator.dialects.judgement import answer_of
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    NeutralAnswer,
    StreamEvent,
    StreamStart,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolUse,
    UsageDelta,
)
from orchestrator.dialects.wire import decoded
from orchestrator.execution.failure import HINT_MARK, Interrupted
from orchestrator.execution.stream_decoder import StreamDecoder

LINE = 80
"""Characters of one piece: about a line, so that a caller who prints sees it grow."""


@attrs.define
class WholeAnswer:
    """An answer that is all there, to be delivered as if it were being streamed."""

    events: tuple[StreamEvent, ...]
    content: bool
    error: None = None
    failed_end: bool = False
    has_ended: bool = True
    is_complete: bool = True
    is_corrupt: bool = False
    unreadable: int = 0
    usage: Usage | None = None

    def take(self) -> tuple[StreamEvent, ...]:
        """The events that came since the last time."""
        events, self.events = self.events, ()
        return events


def split_answer(answer: Answer, spoken: str) -> WholeAnswer:
    """``answer``, which came in one piece in the dialect ``spoken``, as a stream."""
    reply = dialect(spoken).read_answer(answer.raw)
    return WholeAnswer(tuple(_chunks(reply)), content=bool(reply.parts), usage=answer.usage)


def to_completion(reply: NeutralAnswer) -> Answer:
    """``reply`` as an answer that is written as a chat completion."""
    return answer_of(reply, dialect(DEFAULT_DIALECT).write_answer(reply))


def read_usage(body: bytes, spoken: str) -> Usage | None:
    """The tokens that the body of a failed attempt tells of, whole or cut, stream or not."""
    # Most failures tell of no tokens: that is seen without parsing what may be 64 MiB.
    if b"usage" not in body:
        return None
    value = decoded(body)
    if isinstance(value, dict):
        return dialect(spoken).read_answer(value).usage
    decoder = StreamDecoder(dialect(spoken).stream_reader())
    decoder.feed(body)
    return decoder.usage


def classify_break(
    source: StreamDecoder | WholeAnswer, headers: Mapping[str, str]
) -> Fault | Interrupted:
    """Why a stream that is over is not whole."""
    # A status of 200, since that is what the head said: what failed is told by the body alone.
    if source.error is not None:
        return Fault(200, dict(headers.items()), source.error, "sse")
    if source.is_corrupt:
        return Interrupted("an event of the answer came with a part missing")
    remark = source.remark if isinstance(source, StreamDecoder) else None
    said = None if remark is None else Fault(200, dict(headers.items()), remark, "sse")
    # Relays write the end mark after a stream that broke above them; see StreamDecoder.is_complete.
    if isinstance(source, StreamDecoder) and source.ended:
        return Interrupted("the end mark came without a finish reason", HINT_MARK, said)
    return Interrupted("the stream ended without its end", remark=said)


def _chunks(reply: NeutralAnswer) -> Iterator[StreamEvent]:
    deltas: list[Delta] = [StreamStart(reply.id, reply.model)]
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
    deltas += [
        # A caller who streams waits for a finish reason; an answer in one piece may do without.
        FinishReason(reply.finish_reason or standard(None, calls=index > 0)),
        UsageDelta(reply.usage),
        EndMark(),
    ]
    return (StreamEvent(b"", (delta,)) for delta in deltas)
