"""Whole answers, as the many servers that speak this dialect write them."""

from __future__ import annotations

from typing import Any

import msgspec

from orchestrator.dialects.answer import Answer, ToolCall, Usage
from orchestrator.dialects.wire import count, string

_FINISH = {
    "model_length": "length",  # mistral: the context window is full
    "max_tokens": "length",  # gateways in front of Anthropic models
    "MAX_TOKENS": "length",  # gateways in front of Gemini models
}
"""Other names for the standard finish reasons."""


def answer_of(body: dict[str, Any]) -> Answer | None:
    """The answer in ``body``; ``None`` where there is none, or an error beside it."""
    choice = _first(body.get("choices"))
    if choice is None or body.get("error") or choice.get("error"):
        return None
    message = choice.get("message")
    if not isinstance(message, dict):
        # Old servers answer with the text of a plain completion.
        message = {"content": choice.get("text")}
        if not isinstance(message["content"], str):
            return None
    finish = choice.get("finish_reason")
    text, calls = _text(message), _tool_calls(message)
    if finish in ("content_filter", "error") and not (text or calls):
        return None
    return Answer(
        text=text,
        tool_calls=calls,
        finish_reason=_FINISH.get(finish, finish) if isinstance(finish, str) else None,
        usage=_usage(body.get("usage")),
        id=string(body.get("id")),
        model=string(body.get("model")),
        raw=body,
    )


def _first(choices: Any) -> dict[str, Any] | None:
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return None


def _text(message: dict[str, Any]) -> str:
    """The text; a refusal is what the model said too. Mistral answers in parts."""
    content = message.get("content")
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    return string(content) or string(message.get("refusal"))


def _tool_calls(message: dict[str, Any]) -> tuple[ToolCall, ...]:
    """The tool calls, also in the form of before 2023-11 (``function_call``)."""
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        return tuple(_tool_call(call) for call in calls if isinstance(call, dict))
    function = message.get("function_call")
    return (_tool_call({"function": function}),) if isinstance(function, dict) else ()


def _tool_call(call: dict[str, Any]) -> ToolCall:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict | list):
        # Some local servers send the object itself in place of its text.
        arguments = msgspec.json.encode(arguments).decode()
    return ToolCall(string(call.get("id")), string(function.get("name")), string(arguments))


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    prompt, completion = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    # DeepSeek names its cache beside the sum: https://api-docs.deepseek.com/guides/kv_cache
    cached = count(usage.get("prompt_tokens_details"), "cached_tokens")
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=count(usage, "total_tokens") or prompt + completion,
        cached_tokens=cached or count(usage, "prompt_cache_hit_tokens"),
        reasoning_tokens=count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )
