"""Whole answers, as the many servers that speak this dialect write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.answer import Answer, ToolCall, Usage
from orchestrator.dialects.neutral import Reply, Text, Thinking, ToolUse
from orchestrator.dialects.openai_chat.messages_reader import signature_of, thoughts, tool_use
from orchestrator.dialects.openai_chat.messages_writer import written_call, written_thoughts
from orchestrator.dialects.openai_chat.names import NAME
from orchestrator.dialects.wire import count, mapping, mappings, string

_FINISH = {
    "model_length": "length",  # mistral: the context window is full
    "max_tokens": "length",  # gateways in front of Anthropic models
    "MAX_TOKENS": "length",  # gateways in front of Gemini models
    "function_call": "tool_calls",  # the form of before 2023-11
    "tool_use": "tool_calls",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "STOP": "stop",
}
"""Other names for the standard finish reasons."""


def finish_of(choice: Mapping[str, Any]) -> str | None:
    """Why the model stopped, in the standard's words where there is one."""
    finish = choice.get("finish_reason")
    return _FINISH.get(finish, finish) if isinstance(finish, str) and finish else None


def call_id(given: str, answer_id: str, index: int) -> str:
    """The id of a tool call; made up where the server sent none, since results name it.

    40 characters are what OpenAI takes.
    """
    return given or f"call_{index}_{answer_id}"[:40]


def read_answer(body: Mapping[str, Any]) -> Reply:
    """See :meth:`orchestrator.dialects.Dialect.read_answer`."""
    answer = answer_of(dict(body))
    if answer is None:
        usage = usage_of(body.get("usage"))
        return Reply((), None, usage, string(body.get("id")), string(body.get("model")))
    choice = _first(body.get("choices")) or {}
    message = mapping(choice.get("message"))
    signatures = [signature_of(call) for call in mappings(message.get("tool_calls"))]
    signatures += [None] * (len(answer.tool_calls) - len(signatures))
    uses = (
        ToolUse(
            call_id(call.id, answer.id, index),
            call.name,
            call.arguments,
            signature=signatures[index],
        )
        for index, call in enumerate(answer.tool_calls)
    )
    words = (Text(answer.text),) if answer.text else ()
    return Reply(
        (*thoughts(message), *words, *uses),
        answer.finish_reason,
        answer.usage,
        answer.id,
        answer.model,
    )


def write_answer(reply: Reply) -> dict[str, Any]:
    """See :meth:`orchestrator.dialects.Dialect.write_answer`.

    ``created`` is 0: a dialect knows no clock.
    """
    text = "".join(part.text for part in reply.parts if isinstance(part, Text))
    calls = [part for part in reply.parts if isinstance(part, ToolUse)]
    thought = (
        part if part.dialect == NAME else Thinking(part.text)
        for part in reply.parts
        if isinstance(part, Thinking)
    )
    message = {
        "role": "assistant",
        "content": text or (None if calls else ""),
        **written_thoughts(thought),
        **({"tool_calls": [written_call(call, signed=True) for call in calls]} if calls else {}),
    }
    choice = {"index": 0, "message": message, "logprobs": None}
    return {
        "id": reply.id,
        "object": "chat.completion",
        "created": 0,
        "model": reply.model,
        "choices": [{**choice, "finish_reason": reply.finish_reason}],
        "usage": written_usage(reply.usage),
    }


def written_usage(usage: Usage) -> dict[str, Any]:
    """The counts in this dialect's shape."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


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
    finish = finish_of(choice)
    text, calls = text_of(message), _tool_calls(message)
    if finish in ("content_filter", "error") and not (text or calls):
        return None
    return Answer(
        text=text,
        tool_calls=calls,
        finish_reason=finish,
        usage=usage_of(body.get("usage")),
        id=string(body.get("id")),
        model=string(body.get("model")),
        raw=body,
    )


def _first(choices: Any) -> dict[str, Any] | None:
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return None


def text_of(message: dict[str, Any]) -> str:
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
    use = tool_use(call)
    return ToolCall(use.id, use.name, use.arguments)


def usage_of(usage: Any) -> Usage:
    """The counts, wherever a server puts them; 0 where it says nothing."""
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
