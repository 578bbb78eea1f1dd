"""Requests that are refused, what refuses them, and what is planned for the two."""

from __future__ import annotations

from typing import Any

from orchestrator import classify
from orchestrator.dialects import Dialect, dialect
from orchestrator.execution.repairs import apply, plan

HI = {"role": "user", "content": "hi"}
CALL = {"id": "t", "type": "function", "index": 0, "function": {"name": "f", "arguments": "{}"}}


def turn(**fields: Any) -> dict[str, Any]:
    """A request with a tool turn in its history; the assistant's message has these fields too."""
    said = {"role": "assistant", "content": None, **fields, "tool_calls": [CALL]}
    return {"messages": [HI, said, {"role": "tool", "tool_call_id": "t", "content": "r"}]}


SCHEMA = {
    "type": "object",
    "properties": {
        "n": {"type": "integer", "minimum": 1, "maximum": 9},
        "s": {"type": "string", "maxLength": 5, "format": "uri"},
    },
    "required": ["n"],
}
THOUGHT = turn(reasoning_content="th")
FORM = {
    "messages": [HI],
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}},
}
CLAUDE_FORM = {
    "messages": [HI],
    "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
}
TOOLS = {
    "messages": [HI],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
}
DEVELOPER = {"messages": [{"role": "developer", "content": "brief"}, HI]}


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **more}}


def detail(
    *loc: Any, kind: str = "extra_forbidden", msg: str = "Extra inputs are not permitted"
) -> Any:
    return {"type": kind, "loc": list(loc), "msg": msg, "input": "th"}


_MARKS = {
    "openai-responses": ("input", "text", "include"),
    "anthropic-messages": ("output_config", "output_format", "stop_sequences"),
    "gemini": ("contents", "generationConfig", "generation_config"),
}


def spoken_in(payload: dict[str, Any]) -> Dialect:
    """The dialect that a payload is in, by fields that only that one has."""
    marked = (name for name, fields in _MARKS.items() if any(one in payload for one in fields))
    return dialect(next(marked, "openai-chat"))


def planned(status: int, body: Any, payload: dict[str, Any]) -> str | None:
    found = classify(status=status, body=body)
    if found.repair is None:
        return None
    return plan(found.repair, payload, found.message, spoken=spoken_in(payload), streamed=False)


def assert_cured(status: int, body: Any, payload: dict[str, Any], repair: str) -> None:
    """A refusal is read, and what it asks for is done, once."""
    assert planned(status, body, payload) == repair

    mended = apply(repair, payload, spoken_in(payload))
    assert mended != payload
    assert planned(status, body, dict(mended)) != repair
