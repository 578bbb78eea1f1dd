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

from orchestrator.dialects import Dialect, Payload
from orchestrator.dialects.shape import THOUGHT_BLOCKS, RequestShape, is_thought_block
from orchestrator.execution.named_fields import is_named, without_addresses

_BESIDE = ("system", "tools")
"""Fields of a request that hold a list of what vendors look at closely, beside the history."""

_CONTAINERS = frozenset(
    {
        "cache_control",
        "content",
        "function",
        "tool_calls",
    }
)
"""Fields that are looked into, beside those of the dialect; what a tool is given and what its
schema says are not."""

_SAID = frozenset(
    {
        "arguments", "call_id", "content", "data", "description", "encrypted_content", "file",
        "function", "id", "image_url", "input", "input_audio", "input_schema", "is_error", "name",
        "output", "parameters", "role", "source", "text", "thinking", "tool_use_id", "type", "url",
    }
)  # fmt: skip
"""Fields that hold what was said, or by which it is known; a dialect may have more."""

_SAID_UNLESS_EMPTY = frozenset(
    {"audio", "refusal", "tool_calls", "function_call", "tool_call_id", "summary"}
)
"""Fields that SDKs write out also where nothing is in them."""

BLOCK = "content.thinking"
"""The blocks of thoughts of Messages: some who serve that dialect do not know them, some
demand them (https://github.com/esengine/DeepSeek-Reasonix/issues/8902, 2026-11-29)."""

THOUGHTS = ("reasoning_content", "reasoning", "thinking", "thought")
"""Fields of a message that hold what a model thought, as text."""

PLACEHOLDER = " "
"""What stands for thoughts that are demanded and that nobody has: DeepSeek refuses an empty
text there (https://github.com/NousResearch/hermes-agent/pull/17341, 2026-11-29)."""


# Refused.


def find_refused_fields(payload: Payload, message: str, spoken: Dialect) -> tuple[str, ...]:
    """Fields that ``message`` names in the history or in tools, such as ``tool_calls.index``."""
    text, shape = without_addresses(message), spoken.shape
    if _names_blocks(text) and any(_has_block(one) for one in _in_lists(payload, (shape.history,))):
        return (BLOCK,)
    lists = (shape.history, *_BESIDE)
    paths = {path for one in _in_lists(payload, lists) for path in _droppable(one, shape)}
    named = [path for path in sorted(paths) if is_named(path.rpartition(".")[2], text)]
    # One name may stand at two places: the place that is named, else the message itself.
    inner = [path for path in named if "." in path and path.split(".")[-2] in text]
    return tuple(inner or (path for path in named if "." not in path))


def drop_fields(payload: Payload, paths: Iterable[str], spoken: Dialect) -> Payload:
    """A copy whose messages and tools lack the fields at ``paths``."""
    split, shape = [tuple(path.split(".")) for path in paths], spoken.shape
    if ("content", "thinking") in split:
        payload = shape.strip_reasoning(payload)
    return _changed(payload, (shape.history, *_BESIDE), lambda one: _without(one, split, shape))


def _names_blocks(text: str) -> bool:
    places = "content" in text or "messages" in text
    return places and any(is_named(name, text) for name in THOUGHT_BLOCKS)


def _droppable(value: Mapping[str, Any], shape: RequestShape) -> Iterator[str]:
    if is_thought_block(value):
        return
    for name, inner in value.items():
        if _may_go(name, value, shape):
            yield name
        if name not in _CONTAINERS and name not in shape.containers:
            continue
        for one in inner if isinstance(inner, list | tuple) else (inner,):
            if isinstance(one, Mapping):
                yield from (f"{name}.{path}" for path in _droppable(one, shape))


def _may_go(name: str, holder: Mapping[str, Any], shape: RequestShape) -> bool:
    if name in _SAID_UNLESS_EMPTY:
        return not holder[name]
    if name == "name":
        # The name of who speaks, or one beside a function that has it already.
        return "function" in holder or holder.get("role") in ("user", "assistant", "system", "tool")
    if name == "id":
        return "role" in holder or "call_id" in holder
    return name not in _SAID and name not in shape.said


def _without(value: Any, paths: list[tuple[str, ...]], shape: RequestShape) -> Any:
    if isinstance(value, list | tuple):
        return [_without(one, paths, shape) for one in value]
    if not isinstance(value, Mapping) or is_thought_block(value):
        return value
    gone = {path[0] for path in paths if len(path) == 1}
    return {
        name: _without(one, [path[1:] for path in paths if path[:1] == (name,)], shape)
        for name, one in value.items()
        if name not in gone or not _may_go(name, value, shape)
    }


# Demanded.

_NOT_PADDED = frozenset(
    {
        "role", "messages", "model", "tool_calls", "tool_call_id", "id", "function", "arguments",
        "parts", "signature", "type", "text", "body", "assistant", "user", "system", "tool",
        "developer", "params",
    }
)  # fmt: skip
"""What nobody but the caller can fill in."""

_TYPES = frozenset({"str", "string", "list", "array", "nullable", "union", "object", "dict"})
"""Ends of a path that say which of several types was tried."""

_QUOTED = re.compile(r"[`'\"]([A-Za-z_][\w.\[\]]{0,80})[`'\"]")
_NIL = re.compile(r"\b(\w+)(?: type)?: <nil>")
"""What a server written in Go finds empty."""
_PATH = re.compile(r"\bmessages[.\[][\w.\[\]]+")
_THOUGHT = re.compile(r"\b\w*(?:reason|think|thought)\w*\b", re.IGNORECASE)
_BLOCK = re.compile(r"content\[\d*\]\.thinking|content\.\d+\.thinking")


def find_demanded_fields(payload: Payload, message: str) -> tuple[str, ...]:
    """Fields that ``message`` misses in the messages of the history."""
    text = without_addresses(message)
    # A name in a path of blocks is no field of the message.
    if _BLOCK.search(text) and pad_fields(payload, (BLOCK,)) != payload:
        return (BLOCK,)
    alone = [*_QUOTED.findall(text), *_NIL.findall(text)]
    names = [name for name in _leaves(alone) if _is_known(name)]
    names += [*_leaves(_PATH.findall(text)), *(one for one in _THOUGHT.findall(text) if "_" in one)]
    wanted = dict.fromkeys(name for name in names if name not in _NOT_PADDED)
    return tuple(name for name in wanted if pad_fields(payload, (name,)) != payload)


def _is_known(name: str) -> bool:
    """Whether a name that stands alone is that of a field of messages."""
    return name in ("content", "name") or _THOUGHT.fullmatch(name) is not None


def _leaves(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        names = [part for part in re.split(r"[.\[\]]", path) if part and not part.isdigit()]
        yield from [name for name in names if name not in _TYPES][-1:]


def pad_fields(payload: Payload, names: Iterable[str]) -> Payload:
    """A copy whose messages have the fields ``names``, filled in as well as can be known."""
    tools = _tool_names(payload)
    for name in names:
        payload = _changed(payload, ("messages",), partial(_padded, name=name, tools=tools))
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
    if not isinstance(blocks, list) or _has_block({"content": blocks}):
        return message
    block = {"type": "thinking", "thinking": PLACEHOLDER, "signature": ""}
    return {**message, "content": [block, *blocks]}


def _has_block(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    blocks = content if isinstance(content, list) else ()
    return any(map(is_thought_block, blocks))


def _tool_names(payload: Payload) -> dict[str, str]:
    messages = _in_lists(payload, ("messages",))
    calls = (call for one in messages for call in one.get("tool_calls") or ())
    return {
        str(call.get("id")): str(call["function"].get("name"))
        for call in calls
        if isinstance(call, Mapping) and isinstance(call.get("function"), Mapping)
    }


# Both.


def _in_lists(payload: Payload, names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for name in names:
        given = payload.get(name)
        for one in given if isinstance(given, list | tuple) else ():
            if isinstance(one, Mapping):
                yield one


def _changed(
    payload: Payload,
    names: Iterable[str],
    change: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Payload:
    made = dict(payload)
    for name in names:
        given = payload.get(name)
        if isinstance(given, list | tuple):
            made[name] = [change(one) if isinstance(one, Mapping) else one for one in given]
    return made
