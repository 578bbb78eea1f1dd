"""Fields of the messages of a history: what one vendor refuses and another demands.

An agent sends back what it was answered, with whatever the vendor that answered put into
it. Some vendors refuse a field that they do not know, some demand one of their own: DeepSeek
and Moonshot want their ``reasoning_content`` back, Groq, Cerebras and Mistral refuse it
(https://github.com/BerriAI/litellm/issues/30835, https://github.com/janhq/jan/issues/8136,
https://github.com/cloudwego/eino-ext/issues/700, 2026-11-29). A field is dropped from, or put
into, every message alike, for the refusal is the vendor's and not the message's. What
somebody said is never dropped: words, calls, results, and what they are known by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from orchestrator.drivers.fields import Payload
from orchestrator.drivers.named_fields import is_named, without_addresses

_HISTORIES = ("messages", "input", "contents")
_DEPTH = 3

_SAID = frozenset(
    {
        "args", "arguments", "call_id", "content", "data", "encrypted_content", "file", "fileData",
        "function", "functionCall", "functionResponse", "function_call", "id", "image_url",
        "inlineData", "input", "input_audio", "is_error", "name", "output", "parts", "response",
        "role", "source", "summary", "text", "thinking", "thought", "tool_call_id", "tool_calls",
        "tool_use_id", "type", "url",
    }
)  # fmt: skip
"""Fields that hold what was said, or by which it is known."""

_SAID_UNLESS_EMPTY = frozenset(
    {"audio", "refusal", "tool_calls", "function_call", "tool_call_id", "summary"}
)
"""Fields that SDKs write out also where nothing is in them."""

THOUGHTS = ("reasoning_content", "reasoning", "thinking", "thought")
"""Fields of a message that hold what a model thought, as text."""

PLACEHOLDER = " "
"""What stands for thoughts that are demanded and that nobody has: DeepSeek refuses an empty
text there (https://github.com/NousResearch/hermes-agent/pull/17341, 2026-11-29)."""


# Refused.


def refused_fields(payload: Payload, message: str) -> tuple[str, ...]:
    """Fields of the history that ``message`` names, such as ``tool_calls.index``."""
    text = without_addresses(message)
    paths = {path for one in _messages(payload) for path in _droppable(one)}
    named = [path for path in sorted(paths) if is_named(path.rpartition(".")[2], text)]
    # One name may stand at two places: the place that is named, else the message itself.
    inner = [path for path in named if "." in path and path.split(".")[-2] in text]
    return tuple(inner or (path for path in named if "." not in path))


def without_fields(payload: Payload, paths: Iterable[str]) -> Payload:
    """A copy whose messages lack the fields at ``paths``."""
    split = [tuple(path.split(".")) for path in paths]
    return _changed(payload, lambda message: _without(message, split))


def _droppable(value: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    if depth == _DEPTH or value.get("type") in ("thinking", "redacted_thinking"):
        return
    for name, inner in value.items():
        if _may_go(name, value):
            yield name
        for one in inner if isinstance(inner, list | tuple) else (inner,):
            if isinstance(one, Mapping):
                yield from (f"{name}.{path}" for path in _droppable(one, depth + 1))


def _may_go(name: str, holder: Mapping[str, Any]) -> bool:
    if name in _SAID_UNLESS_EMPTY:
        return not holder[name]
    if name == "name":
        # The name of who speaks, or one beside a function that has it already.
        return "function" in holder or holder.get("role") in ("user", "assistant", "system", "tool")
    if name == "id":
        return "role" in holder or "call_id" in holder
    return name not in _SAID


def _without(value: Any, paths: list[tuple[str, ...]]) -> Any:
    if isinstance(value, list | tuple):
        return [_without(one, paths) for one in value]
    if not isinstance(value, Mapping):
        return value
    gone = {path[0] for path in paths if len(path) == 1}
    return {
        name: _without(one, [path[1:] for path in paths if len(path) > 1 and path[0] == name])
        for name, one in value.items()
        if name not in gone or not _may_go(name, value)
    }


# Demanded.

_NOT_PADDED = frozenset(
    {
        "role", "messages", "input", "contents", "model", "tool_calls", "tool_call_id", "id",
        "function", "arguments", "call_id", "tool_use_id", "parts", "signature", "type", "text",
        "body", "assistant", "user", "system", "tool", "developer",
    }
)  # fmt: skip
"""What nobody but the caller can fill in."""

_QUOTED = re.compile(r"[`'\"]([A-Za-z_][\w.\[\]]{0,80})[`'\"]")
_PATH = re.compile(r"\b(?:messages|input|contents)[.\[][\w.\[\]]+")
_THOUGHT = re.compile(r"\b\w*(?:reason|think|thought)\w*\b", re.IGNORECASE)
_BLOCK = re.compile(r"content\[\d*\]\.thinking|content\.\d+\.thinking")
BLOCK = "content.thinking"
"""The block of thoughts of Messages, which some who serve that dialect demand
(https://github.com/esengine/DeepSeek-Reasonix/issues/8902, 2026-11-29)."""


def demanded_fields(payload: Payload, message: str) -> tuple[str, ...]:
    """Fields that ``message`` misses in the history."""
    text = without_addresses(message)
    if _BLOCK.search(text) and with_fields(payload, (BLOCK,)) != payload:
        return (BLOCK,)
    names = [*_leaves(_QUOTED.findall(text)), *_leaves(_PATH.findall(text))]
    names += [word for word in _THOUGHT.findall(text) if "_" in word]
    wanted = dict.fromkeys(name for name in names if name not in _NOT_PADDED)
    return tuple(name for name in wanted if with_fields(payload, (name,)) != payload)


def _leaves(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        names = [part for part in re.split(r"[.\[\]]", path) if part and not part.isdigit()]
        yield from names[-1:]


def with_fields(payload: Payload, names: Iterable[str]) -> Payload:
    """A copy whose messages have the fields ``names``, filled in as well as can be known."""
    tools = _tool_names(payload)
    for name in names:
        payload = _changed(payload, partial(_padded, name=name, tools=tools))
    return payload


def _padded(message: Mapping[str, Any], name: str, tools: Mapping[str, str]) -> Mapping[str, Any]:
    speaks = message.get("role") in ("assistant", "model")
    if name == "content":
        missing = message.get("content") is None and "role" in message
        return {**message, "content": ""} if missing else message
    if name == "name":
        known = tools.get(str(message.get("tool_call_id")))
        is_wanted = message.get("role") == "tool" and known and not message.get("name")
        return {**message, "name": known} if is_wanted else message
    if not speaks:
        return message
    if name == BLOCK:
        return _with_block(message)
    if not _THOUGHT.fullmatch(name):
        return message if name in message else {**message, name: ""}
    if isinstance(said := message.get(name), str) and said.strip():
        return message
    # Vendors that demand thoughts refuse a message whose words are null beside them
    # (https://github.com/can1357/oh-my-pi/pull/788, 2026-11-29).
    words = {"content": message.get("content") or ""} if "content" in message else {}
    return {**message, **words, name: _thoughts(message)}


def _thoughts(message: Mapping[str, Any]) -> str:
    """What the message says of its thoughts under any other name."""
    known = (message.get(field) for field in THOUGHTS)
    return next((one for one in known if isinstance(one, str) and one.strip()), PLACEHOLDER)


def _with_block(message: Mapping[str, Any]) -> Mapping[str, Any]:
    content = message.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(blocks, list) or any(_is_thought(block) for block in blocks):
        return message
    block = {"type": "thinking", "thinking": PLACEHOLDER, "signature": ""}
    return {**message, "content": [block, *blocks]}


def _is_thought(block: Any) -> bool:
    return isinstance(block, Mapping) and block.get("type") in ("thinking", "redacted_thinking")


def _tool_names(payload: Payload) -> dict[str, str]:
    calls = (call for one in _messages(payload) for call in one.get("tool_calls") or ())
    return {
        str(call.get("id")): str(call["function"].get("name"))
        for call in calls
        if isinstance(call, Mapping) and isinstance(call.get("function"), Mapping)
    }


# Both.


def _messages(payload: Payload) -> Iterator[Mapping[str, Any]]:
    for name in _HISTORIES:
        given = payload.get(name)
        for one in given if isinstance(given, list | tuple) else ():
            if isinstance(one, Mapping):
                yield one


def _changed(payload: Payload, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Payload:
    made = dict(payload)
    for name in _HISTORIES:
        given = payload.get(name)
        if isinstance(given, list | tuple):
            made[name] = [change(one) if isinstance(one, Mapping) else one for one in given]
    return made
