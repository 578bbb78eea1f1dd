"""Whole answers, both ways: https://ai.google.dev/api/generate-content (2026-11-21)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.answer import Usage
from orchestrator.dialects.finish_reasons import finish_reason
from orchestrator.dialects.gemini.parts import (
    CallIds,
    read_call,
    read_words,
    signature_of,
    signed,
    write_call,
    write_thought,
)
from orchestrator.dialects.gemini.vocabulary import field, finish_written
from orchestrator.dialects.judgement import settled
from orchestrator.dialects.neutral import UNTITLED, Heading, NeutralAnswer, Text, Thinking, ToolUse
from orchestrator.dialects.wire import count, mapping, mappings, parsed_object, string

AnswerPart = Text | Thinking | ToolUse


def candidate_of(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first candidate, which is the only one that is read; ``None`` where there is none."""
    for candidate in mappings(body.get("candidates")):
        # The index is left out where it is 0.
        if candidate.get("index") in (None, 0):
            return candidate
    return None


def blocked(body: Mapping[str, Any]) -> bool:
    """True where the prompt was refused."""
    return bool(mapping(body.get("promptFeedback")).get("blockReason"))


def read_parts(candidate: Mapping[str, Any], ids: CallIds) -> list[AnswerPart]:
    """What a candidate says; pictures and code that was run are not said outside."""
    return [
        found
        for part in mappings(mapping(candidate.get("content")).get("parts"))
        for found in _read(part, ids)
    ]


def _read(part: dict[str, Any], ids: CallIds) -> list[AnswerPart]:
    signature = signature_of(part)
    call = field(part, "functionCall")
    if isinstance(call, dict):
        return [read_call(call, ids, signature)]
    return list(read_words(part, signature))


def read_answer(body: Mapping[str, Any]) -> NeutralAnswer:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    candidate = candidate_of(body) or {}
    ids = CallIds(string(field(body, "responseId")))
    return settled(
        NeutralAnswer(
            tuple(read_parts(candidate, ids)),
            finish_reason(field(candidate, "finishReason")),
            read_usage(field(body, "usageMetadata")),
            ids.answer,
            string(field(body, "modelVersion")),
        )
    )


def read_whole(body: Mapping[str, Any]) -> NeutralAnswer | None:
    """The same; ``None`` where there is no candidate, as where the prompt was refused."""
    return None if candidate_of(body) is None else read_answer(body)


def read_usage(usage: Any) -> Usage:
    """``usageMetadata``: thoughts are counted beside the candidates, tools beside the prompt."""
    prompt = count(usage, "promptTokenCount") + count(usage, "toolUsePromptTokenCount")
    thoughts = count(usage, "thoughtsTokenCount")
    completion = count(usage, "candidatesTokenCount") + thoughts
    return Usage(
        prompt,
        completion,
        count(usage, "totalTokenCount") or prompt + completion,
        count(usage, "cachedContentTokenCount"),
        thoughts,
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """The same, written; counts of what did not happen are left out."""
    written = {
        "promptTokenCount": usage.prompt_tokens,
        "candidatesTokenCount": max(0, usage.completion_tokens - usage.reasoning_tokens),
        "totalTokenCount": usage.total_tokens or usage.prompt_tokens + usage.completion_tokens,
    }
    if usage.cached_tokens:
        written["cachedContentTokenCount"] = usage.cached_tokens
    if usage.reasoning_tokens:
        written["thoughtsTokenCount"] = usage.reasoning_tokens
    return written


def write_answer(reply: NeutralAnswer, heading: Heading = UNTITLED) -> dict[str, Any]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    torn = False
    parts: list[dict[str, Any]] = []
    for part in reply.parts:
        # A call holds an object here, so one whose text is none cannot be written.
        torn = torn or (isinstance(part, ToolUse) and parsed_object(part.arguments or "{}") is None)
        parts += _write(part, parts)
    return envelope(
        signed(parts),
        finish=None
        if reply.finish_reason is None
        else written_finish(reply.finish_reason, torn=torn),
        usage=reply.usage,
        answer=reply.id or heading.id,
        model=reply.model or heading.model,
    )


def complete_answer(body: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
    """See :class:`orchestrator.dialects.record.Dialect`: nothing is demanded here."""
    added = {"modelVersion": heading.model, "responseId": heading.id}
    return {**body, **{name: added[name] for name in added if not field(body, name)}}


def _write(part: AnswerPart, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    match part:
        case Text(text=text):
            return [{"text": text}] if text else []
        case ToolUse():
            return [] if parsed_object(part.arguments or "{}") is None else [write_call(part)]
        case Thinking():
            return write_thought(part, before, shown=True)


def written_finish(word: str, *, torn: bool) -> str:
    """The finish reason; a call that was left out because it is torn is a failure here."""
    if torn and word in ("stop", "tool_calls"):
        return "MALFORMED_FUNCTION_CALL"
    return finish_written(word)


def envelope(
    parts: list[dict[str, Any]],
    *,
    finish: str | None = None,
    usage: Usage | None = None,
    answer: str = "",
    model: str = "",
) -> dict[str, Any]:
    """A ``GenerateContentResponse`` with one candidate."""
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}}
    if finish is not None:
        candidate["finishReason"] = finish
    body: dict[str, Any] = {"candidates": [{**candidate, "index": 0}]}
    if usage is not None:
        body["usageMetadata"] = write_usage(usage)
    named = {"modelVersion": model, "responseId": answer}
    return body | {name: value for name, value in named.items() if value}
