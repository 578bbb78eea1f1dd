"""One judgement of an answer, for every dialect, whole and streamed.

In this order: a failure that the provider reports in the answer; a finish reason that says
*failed* or *refused*; a tool call that is announced and missing, or has no name; and an answer
with nothing in it. Whoever holds an answer asks here, so that its form changes nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from orchestrator.dialects.answer import Answer, Fault, ToolCall
from orchestrator.dialects.failures import reported
from orchestrator.dialects.finish_reasons import (
    CONTENT_FILTER,
    LENGTH,
    STOP,
    TOOL_CALLS,
    finish_reason,
    is_failed,
)
from orchestrator.dialects.neutral import NeutralAnswer, Text, Thinking, ToolUse
from orchestrator.dialects.wire import arguments, call_id, decoded


class Flaw(enum.StrEnum):
    """What an answer lacks where the provider reports no failure; a stable name."""

    MISSING_CALL = "missing-call"
    NAMELESS_CALL = "nameless-call"
    EMPTY = "no-output"
    VECTOR_COUNT = "vector-count"
    VECTOR_ORDER = "vector-order"
    VECTOR_SIZE = "vector-size"


@attrs.frozen
class Flawed:
    """What came in place of an answer, sound by its own account.

    Attributes:
        status: The HTTP status.
        flaw: What it lacks.
        answer: What came: where it is empty and nobody else can be asked, it is the answer.
    """

    status: int
    flaw: Flaw
    answer: Answer


Read = Callable[[Mapping[str, Any]], NeutralAnswer | None]
"""Reads a whole answer of a dialect; ``None`` where it is none."""


ReadPlain = Callable[[dict[str, Any]], Answer | None]
"""The answer in a body where :func:`judge` would find nothing against it, read straight; ``None``
where that is not certain."""


def decode(
    status: int, headers: Mapping[str, str], body: bytes, read: Read, plain: ReadPlain
) -> Answer | Fault | Flawed:
    """What the bytes of a whole answer mean. Never raises."""
    content = decoded(body)
    if 200 <= status < 300 and isinstance(content, dict):
        if (answer := plain(content)) is not None:
            return answer
        reply = None if reported(content) else read(content)
        if reply is not None:
            return judge(answer_of(reply, content), status, headers)
    return Fault(status, dict(headers.items()), content)


def judge(
    answer: Answer, status: int, headers: Mapping[str, str], where: str = "response"
) -> Answer | Fault | Flawed:
    """What an answer is that has come to its end; see the head of this module.

    Args:
        answer: What came, put together.
        status: The HTTP status.
        headers: The headers of the HTTP answer.
        where: ``response``, or ``sse`` for what a stream delivered.
    """
    # What a filter cut off after some words is an answer with that finish reason.
    said = bool(answer.text or answer.tool_calls)
    failure = failed_finish(answer.finish_reason, said=said)
    if failure is not None:
        return Fault(status, dict(headers.items()), failure, where)
    flaw = _flaw(answer, said=said)
    return answer if flaw is None else Flawed(status, flaw, answer)


def failed_finish(word: str | None, *, said: bool) -> dict[str, str] | None:
    """The failure that a finish reason reports, for classification; ``None`` for a sound end.

    The word is all that is handed on: what a model wrote is never evidence.

    Args:
        word: The finish reason, in neutral words.
        said: Whether there is text or a tool call. What a filter cut off is an answer.
    """
    if word is None or not (is_failed(word) or (word == CONTENT_FILTER and not said)):
        return None
    told = {"finish_reason": word, "message": f"finish reason: {word}"}
    return told if word == CONTENT_FILTER else {**told, "status": "failed"}


def _flaw(answer: Answer, *, said: bool) -> Flaw | None:
    if any(not call.name for call in answer.tool_calls):
        return Flaw.NAMELESS_CALL
    if answer.finish_reason == TOOL_CALLS and not answer.tool_calls:
        return Flaw.MISSING_CALL
    # A limit may leave no room for a word, and thoughts alone are an answer that was paid for;
    # but an end that nobody knows, without a word, is taken for none.
    thought = answer.usage.completion_tokens > 0 and answer.finish_reason in (None, STOP)
    return None if said or thought or answer.finish_reason == LENGTH else Flaw.EMPTY


def settled(reply: NeutralAnswer) -> NeutralAnswer:
    """``reply`` as SDKs expect it, whatever its vendor left out.

    Each tool call has an id of its own and arguments, ``{}`` where none came; but where the
    model stopped at its limit, they may be what is missing. The parts decide between ``stop``
    and ``tool_calls``.
    """
    parts = tuple(_settled_parts(reply))
    calls = any(isinstance(part, ToolUse) for part in parts)
    return attrs.evolve(
        reply, parts=parts, finish_reason=finish_reason(reply.finish_reason, calls=calls)
    )


def _settled_parts(reply: NeutralAnswer) -> Iterator[Text | Thinking | ToolUse]:
    seen: set[str] = set()
    fill = reply.finish_reason != LENGTH
    for part in reply.parts:
        if not isinstance(part, ToolUse):
            yield part
            continue
        # Numbered as a stream numbers its calls.
        given, index = part.id, len(seen)
        if not given or given in seen:
            given = call_id(reply.id, index, part.name + part.arguments)
        seen.add(given)
        said = arguments(part.arguments) or ("{}" if fill else "")
        yield attrs.evolve(part, id=given, arguments=said)


def answer_of(reply: NeutralAnswer, raw: dict[str, Any]) -> Answer:
    """``reply`` as the caller gets it; ``raw`` is the body that says the same."""
    uses = (part for part in reply.parts if isinstance(part, ToolUse))
    return Answer(
        text="".join(part.text for part in reply.parts if isinstance(part, Text)),
        tool_calls=tuple(ToolCall(use.id, use.name, use.arguments) for use in uses),
        finish_reason=reply.finish_reason,
        usage=reply.usage,
        id=reply.id,
        model=reply.model,
        raw=raw,
    )
