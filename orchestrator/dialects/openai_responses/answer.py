"""Whole answers: the ``response`` object, in and out.

The fields are those that the reference and the Open Responses specification demand
(https://github.com/openresponses/openresponses, version 2026-04-24); the defaults are those
that https://platform.openai.com/docs/api-reference/responses/create names (2026-11-29).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.dialects.answer import Usage
from orchestrator.dialects.completion import completed, made_at
from orchestrator.dialects.finish_reasons import (
    CONTENT_FILTER,
    LENGTH,
    finish_reason,
    is_failed,
)
from orchestrator.dialects.judgement import settled
from orchestrator.dialects.neutral import UNTITLED, Heading, NeutralAnswer, Text, Thinking, ToolUse
from orchestrator.dialects.openai_responses import items
from orchestrator.dialects.wire import count, mapping, mappings, string

_ASKED: Mapping[str, Any] = {
    "background": False,
    "frequency_penalty": 0.0,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": None,
    "safety_identifier": None,
    "service_tier": "default",
    "store": False,
    "temperature": 1.0,
    "text": {},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
}
"""Fields of the request that the response repeats."""

_TOOL = {"description": None, "parameters": None, "strict": None}
_TEXT = {"format": {"type": "text"}}
_REASONING = {"effort": None, "summary": None}


def skeleton(identity: str, model: str, heading: Heading) -> dict[str, Any]:
    """A response that has only begun.

    Args:
        identity: The answer's id; empty where its provider named none.
        model: The model's name; the same.
        heading: What stands there then, and what was asked.
    """
    return {
        "id": identity or f"resp_{heading.id}",
        "object": "response",
        "created_at": heading.created,
        "completed_at": None,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": model or heading.model,
        "output": [],
        "usage": None,
        **_repeated(heading.asked),
    }


def _repeated(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked, each field in the form in which a response has it."""
    said = {name: asked[name] for name in _ASKED if asked.get(name) is not None}
    told = {**_ASKED, **said}
    told["text"] = {**_TEXT, **mapping(told["text"])}
    if isinstance(told["reasoning"], Mapping):
        told["reasoning"] = {**_REASONING, **told["reasoning"]}
    if isinstance(told["tools"], list | tuple):
        told["tools"] = [_tool(tool) for tool in told["tools"]]
    # Nothing is stored here, and no tier is known, whatever was asked.
    return {**told, "store": False, "service_tier": "default"}


def _tool(tool: Any) -> Any:
    function = isinstance(tool, Mapping) and tool.get("type") == "function"
    return {**_TOOL, **tool} if function else tool


_UNFINISHED = ("queued", "in_progress")
"""The statuses of a response that is not over; some servers send none at all."""


# In.


def read_answer(body: Mapping[str, Any]) -> NeutralAnswer:
    """The answer in the neutral form; output of built-in tools has none and is left out."""
    parts: list[Text | Thinking | ToolUse] = []
    for item in mappings(body.get("output")):
        parts.extend(items.output_parts(item))
    return settled(
        NeutralAnswer(
            parts=tuple(parts),
            finish_reason=finish_of(body),
            usage=usage_of(body.get("usage")),
            id=string(body.get("id")),
            model=string(body.get("model")),
        )
    )


def read_whole(body: Mapping[str, Any]) -> NeutralAnswer | None:
    """The same; ``None`` where there is no answer in ``body``, or it is not over."""
    status = body.get("status")
    over = status is None or (isinstance(status, str) and status not in _UNFINISHED)
    return read_answer(body) if over and isinstance(body.get("output"), list) else None


def finish_of(body: Mapping[str, Any]) -> str | None:
    """Why the model stopped, in neutral words; calls are not told of in this dialect."""
    status = body.get("status")
    if status != "incomplete":
        return finish_reason("completed" if status is None else status)
    reason = finish_reason(mapping(body.get("incomplete_details")).get("reason"))
    # Every other reason, known or not, means that more would have come.
    return reason if reason == CONTENT_FILTER or is_failed(reason) else LENGTH


def usage_of(usage: Any) -> Usage:
    """The tokens counted in ``usage``."""
    prompt, completion = count(usage, "input_tokens"), count(usage, "output_tokens")
    details = mapping(usage)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=count(usage, "total_tokens") or prompt + completion,
        cached_tokens=count(details.get("input_tokens_details"), "cached_tokens"),
        reasoning_tokens=count(details.get("output_tokens_details"), "reasoning_tokens"),
    )


# Out.


def write_answer(reply: NeutralAnswer, heading: Heading = UNTITLED) -> dict[str, Any]:
    """The whole answer as a ``response`` object."""
    output: list[dict[str, Any]] = []
    for part in reply.parts:
        items.append_output(output, part, heading.id)
    made = skeleton(reply.id, reply.model, heading)
    return {**made, **ending(reply.finish_reason), "output": output, "usage": usage(reply.usage)}


def complete_answer(body: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    reply = read_answer(body)
    uses = (part for part in reply.parts if isinstance(part, ToolUse))
    counted = mapping(body.get("usage"))
    usual = {**skeleton(reply.id, reply.model, heading), "status": "completed"}
    # What a request may say in several kinds is the provider's word, whatever kind was asked.
    whole = {**usual, **{name: value for name, value in body.items() if value not in (None, "")}}
    return {
        **whole,
        "id": usual["id"],
        "object": "response",
        "created_at": made_at(body.get("created_at"), heading.created),
        "text": completed(mapping(whole["text"]), _TEXT),
        "reasoning": _completed_reasoning(whole["reasoning"]),
        "tools": [_tool(tool) for tool in mappings(whole["tools"])],
        "output": [
            items.completed_item(item, use, items.Place(heading.id, index))
            for index, (item, use) in enumerate(_with_uses(body, uses))
        ],
        "usage": _completed_usage(counted, reply.usage) if counted else None,
    }


def _completed_reasoning(said: Any) -> Any:
    return {**_REASONING, **said} if isinstance(said, Mapping) else None


def _completed_usage(counted: Mapping[str, Any], read: Usage) -> dict[str, Any]:
    asked, said = mapping(counted.get("input_tokens_details")), counted.get("output_tokens_details")
    return {
        **completed(counted, usage(read)),
        "input_tokens_details": completed(asked, {"cached_tokens": read.cached_tokens}),
        "output_tokens_details": completed(
            mapping(said), {"reasoning_tokens": read.reasoning_tokens}
        ),
    }


def _with_uses(
    body: Mapping[str, Any], uses: Iterator[ToolUse]
) -> Iterator[tuple[dict[str, Any], ToolUse | None]]:
    """Each item of the output, a function call with what it says."""
    for item in mappings(body.get("output")):
        yield item, next(uses, None) if item.get("type") == "function_call" else None


def ending(finish_reason: str | None) -> dict[str, Any]:
    """The fields that say how a response ended."""
    if finish_reason == "length":
        return {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    if finish_reason == "content_filter":
        return {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
    return {"status": "completed"}


def usage(usage: Usage) -> dict[str, Any]:
    """The tokens in this dialect's words; ``cache_write_tokens`` is demanded since 2026."""
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }
