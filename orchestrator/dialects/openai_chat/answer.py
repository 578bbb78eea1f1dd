"""Whole answers, as the many servers that speak this dialect write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.answer import Answer, Usage
from orchestrator.dialects.completion import FARTHEST, completed, made_at, without_nulls
from orchestrator.dialects.finish_reasons import STANDARD, STOP, finish_reason, standard
from orchestrator.dialects.judgement import settled
from orchestrator.dialects.neutral import UNTITLED, Heading, NeutralAnswer, Text, Thinking, ToolUse
from orchestrator.dialects.openai_chat.messages import (
    thoughts,
    tool_use,
    written_call,
    written_thoughts,
)
from orchestrator.dialects.openai_chat.vocabulary import NAME
from orchestrator.dialects.wire import count, mappings, string


def read_answer(body: Mapping[str, Any]) -> NeutralAnswer:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    choice = _first(body.get("choices")) or {}
    message = _message(choice) or {}
    text = text_of(message)
    return settled(
        NeutralAnswer(
            (*thoughts(message), *((Text(text),) if text else ()), *_tool_uses(message)),
            finish_reason(choice.get("finish_reason")),
            usage_of(body.get("usage")),
            string(body.get("id")),
            string(body.get("model")),
        )
    )


_PLAIN = frozenset(
    {
        *("id", "object", "created", "model", "choices", "usage"),
        *("system_fingerprint", "service_tier"),
    }
)
_PLAIN_CHOICE = frozenset({"index", "message", "finish_reason", "logprobs"})
_PLAIN_MESSAGE = frozenset({"role", "content", "refusal", "annotations"})


def read_plain(body: dict[str, Any]) -> Answer | None:
    """See :class:`orchestrator.dialects.record.Dialect`: a text, and that it stopped."""
    if not _PLAIN.issuperset(body) or (choice := _first(body.get("choices"))) is None:
        return None
    message = choice.get("message")
    if choice.get("finish_reason") != STOP or not _PLAIN_CHOICE.issuperset(choice):
        return None
    if not isinstance(message, dict) or not _PLAIN_MESSAGE.issuperset(message):
        return None
    text = message.get("content")
    if not text or not isinstance(text, str):
        return None
    said = string(body.get("id")), string(body.get("model"))
    return Answer(text, (), STOP, usage_of(body.get("usage")), *said, body)


def read_whole(body: Mapping[str, Any]) -> NeutralAnswer | None:
    """The same; ``None`` where there is no answer in ``body``, or an error in its place."""
    choice = _first(body.get("choices"))
    if choice is None or choice.get("error") or _message(choice) is None:
        return None
    return read_answer(body)


def write_answer(reply: NeutralAnswer, heading: Heading = UNTITLED) -> dict[str, Any]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    text = "".join(part.text for part in reply.parts if isinstance(part, Text))
    calls = [part for part in reply.parts if isinstance(part, ToolUse)]
    thought = (
        part if part.dialect == NAME else Thinking(part.text)
        for part in reply.parts
        if isinstance(part, Thinking)
    )
    message = {
        "role": "assistant",
        # The standard has null beside calls alone.
        "content": text or (None if calls else ""),
        "refusal": None,
        **written_thoughts(thought),
        **({"tool_calls": [written_call(call, signed=True) for call in calls]} if calls else {}),
    }
    finish = standard(reply.finish_reason, calls=bool(calls))
    return {
        "id": reply.id or f"chatcmpl-{heading.id}",
        "object": "chat.completion",
        "created": heading.created,
        "model": reply.model or heading.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": written_usage(reply.usage),
    }


def complete_answer(body: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    return _usual(body) if is_usual(body) else with_what_lacks(body, heading)


def with_what_lacks(body: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
    """An answer of which something may be missing, or stand where clients do not look."""
    reply = read_answer(body)
    choices = mappings(body.get("choices")) or [{}]
    counted = body.get("usage")
    whole = {
        **body,
        "id": reply.id or f"chatcmpl-{heading.id}",
        "object": "chat.completion",
        "created": made_at(body.get("created"), heading.created),
        "model": reply.model or heading.model,
        "choices": [
            _completed_choice(choice, index, reply if not index else _read_other(body, choice))
            for index, choice in enumerate(choices)
        ],
        "usage": {
            **(without_nulls(counted) if isinstance(counted, dict) else {}),
            **_sums(reply.usage),
        },
    }
    # Null in many answers, and described as a text or nothing.
    if whole.get("system_fingerprint", "") is None:
        del whole["system_fingerprint"]
    return whole


def is_usual(body: Mapping[str, Any]) -> bool:
    """True for a text that lacks no more than two nulls: most answers, in a tenth of the time."""
    choices, usage, made = body.get("choices"), body.get("usage"), body.get("created")
    if type(choices) is not list or len(choices) != 1 or type(usage) is not dict:
        return False
    choice = choices[0]
    message = choice.get("message") if type(choice) is dict else None
    return (
        type(message) is dict
        and message.get("role") == "assistant"
        and type(message.get("content")) is str
        and message["content"] != ""
        and message.get("refusal") is None
        and message.keys().isdisjoint(_NEVER_NULL)
        and choice.get("logprobs") is None
        and type(choice.get("index")) is int
        and type(choice.get("finish_reason")) is str
        and choice["finish_reason"] in STANDARD
        and "text" not in choice
        and type(body.get("id")) is str
        and body["id"] != ""
        and type(body.get("model")) is str
        and body["model"] != ""
        and body.get("object") == "chat.completion"
        and type(made) is int
        and 0 < made < FARTHEST
        and body.get("system_fingerprint", "") is not None
        and _is_counted(usage)
    )


def _usual(body: Mapping[str, Any]) -> dict[str, Any]:
    choice = body["choices"][0]
    message = choice["message"]
    if "logprobs" in choice and "refusal" in message:
        return dict(body)
    message = {**message, "refusal": None}
    return {**body, "choices": [{**choice, "logprobs": None, "message": message}]}


def _is_counted(usage: dict[str, Any]) -> bool:
    for name in _COUNTED:  # not by generators: they were half of the look at an answer
        one = usage.get(name)
        if type(one) is not int or not 0 < one < FARTHEST:
            return False
    return None not in usage.values()


_COUNTED = ("prompt_tokens", "completion_tokens", "total_tokens")
_USUAL_COUNTS = frozenset(_COUNTED)
_CHOICE = {"index": 0, "logprobs": None}
_MESSAGE = {"content": None, "refusal": None}
_NEVER_NULL = ("tool_calls", "function_call", "annotations")
"""Fields of a message that are described as a value or nothing, and null in many answers."""


def _completed_choice(said: dict[str, Any], index: int, reply: NeutralAnswer) -> dict[str, Any]:
    message = _message(said) or {}
    calls = [part for part in reply.parts if isinstance(part, ToolUse)]
    told = {
        **completed(message, _MESSAGE),
        "role": "assistant",
        **(_plain(message) if isinstance(message.get("content"), list) else {}),
        **({"tool_calls": _told(message, calls)} if message.get("tool_calls") else {}),
    }
    for name in _NEVER_NULL:
        if name in told and told[name] is None:
            del told[name]
    others = {name: value for name, value in said.items() if name != "text"}
    return {
        **completed(others, {**_CHOICE, "index": index}),
        "message": told,
        "finish_reason": standard(reply.finish_reason, calls=bool(calls)),
    }


def _read_other(body: Mapping[str, Any], choice: dict[str, Any]) -> NeutralAnswer:
    return read_answer({"id": body.get("id"), "choices": [choice]})


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """Text and thoughts of a message whose content is a list of parts, as in Mistral's."""
    return {"content": text_of(message) or None, **written_thoughts(thoughts(message))}


def _told(message: Mapping[str, Any], uses: list[ToolUse]) -> list[dict[str, Any]]:
    """The tool calls, each with an id, a type, a name and arguments in text."""
    calls = mappings(message.get("tool_calls"))
    return [
        call if "custom" in call else {**call, **written_call(use, signed=False)}
        for call, use in zip(calls, uses, strict=True)
    ]


def _sums(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }


def written_usage(usage: Usage) -> dict[str, Any]:
    """The counts in this dialect's shape."""
    return {
        **_sums(usage),
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _first(choices: Any) -> dict[str, Any] | None:
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return None


def _message(choice: Mapping[str, Any]) -> dict[str, Any] | None:
    """The message; old servers answer with the text of a plain completion."""
    message, text = choice.get("message"), choice.get("text")
    if isinstance(message, dict):
        return message
    return {"content": text} if isinstance(text, str) else None


def text_of(message: dict[str, Any]) -> str:
    """The text; a refusal is what the model said too. Mistral answers in parts."""
    content = message.get("content")
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    return string(content) or string(message.get("refusal"))


def _tool_uses(message: dict[str, Any]) -> tuple[ToolUse, ...]:
    """The tool calls, also in the form of before 2023-11 (``function_call``)."""
    calls = mappings(message.get("tool_calls"))
    if calls:
        return tuple(tool_use(call) for call in calls)
    function = message.get("function_call")
    return (tool_use({"function": function}),) if isinstance(function, dict) else ()


def usage_of(usage: Any) -> Usage:
    """The counts, wherever a server puts them; 0 where it says nothing."""
    if not isinstance(usage, dict):
        return Usage()
    if usage.keys() == _USUAL_COUNTS and _is_counted(usage):  # as nearly always, in a third
        return Usage(usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"])
    prompt, completion = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    # DeepSeek names its cache beside the sum: https://api-docs.deepseek.com/guides/kv_cache
    details, spent = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    cached = count(details, "cached_tokens") if details else 0
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=count(usage, "total_tokens") or prompt + completion,
        cached_tokens=cached or count(usage, "prompt_cache_hit_tokens"),
        reasoning_tokens=count(spent, "reasoning_tokens") if spent else 0,
    )
