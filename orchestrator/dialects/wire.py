"""JSON as it comes: of whatever type, from servers that may say anything. Nothing here raises."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import msgspec

UNSAYABLE = (TypeError, ValueError, OverflowError, RecursionError)
"""What encoders raise for what JSON cannot say."""

UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
"""What decoders raise for what is no JSON."""


def decoded(body: bytes) -> Any:
    """The body as JSON, else as text, else as it is; ``None`` where it is empty."""
    if not body.strip():
        return None
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except UNREADABLE:
        pass
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def parsed_object(text: str) -> dict[str, Any] | None:
    """The JSON object that ``text`` is; ``None`` where it is none."""
    try:
        found = msgspec.json.decode(text)
    except UNREADABLE:
        return None
    return found if isinstance(found, dict) else None


def string(value: Any) -> str:
    """``value`` where it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    """``value`` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects in ``value`` where it is a list, else none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def count(counts: Any, name: str) -> int:
    """The number of tokens of that name; 0 where there is none, or it is no number of tokens."""
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if type(value) is int and value >= 0 else 0  # a bool is an int too


def arguments(value: Any) -> str:
    """The whole arguments of a tool call as JSON text; empty where there are none."""
    text = argument_text(value)
    return "" if text.strip() in ("", "null") else text


def argument_text(value: Any) -> str:
    """The arguments, or a piece of them, as text; some local servers send the object itself."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)


def json_text(value: Any) -> str:
    """``value``, which came out of JSON, as JSON again. Never raises."""
    try:
        return msgspec.json.encode(value).decode()
    except UNSAYABLE:
        # Numbers above 64 bits and lone surrogates, which only the stdlib writes.
        try:
            return json.dumps(value)
        except UNSAYABLE:
            return "{}"


def call_id(answer: str, index: int, seed: str) -> str:
    """An id for a tool call that came without one: the same bytes give the same id.

    Made of the answer's id and the call's place in it, since ids must differ over a whole
    conversation; where the answer has no id either, of what the call says. Only characters
    that every vendor takes, and fewer than 40, which is the most that OpenAI takes.
    """
    known = re.sub(r"[^A-Za-z0-9_-]", "", answer)[-24:]
    known = known or hashlib.blake2s(seed.encode(errors="replace"), digest_size=8).hexdigest()
    return f"call_{known}_{index}"
