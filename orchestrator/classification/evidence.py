"""Which part of an answer may be read as words of the provider.

Under a success status nearly all of a body is the model's own words, and whoever writes the
prompt can choose those. So of an object only what stands in a failure's own place is read: an
``error``, a vendor's status field, or code and message at the top of an object that holds no
answer. What cannot be parsed is read only where it begins with such an ``error``; the data of
a stream that is no JSON is a relay's words, unless an answer began before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.classification import embedded
from orchestrator.classification.cut_json import decode_cut

_FAILURES = (
    "error", "errors", "Error", "Errors", "err", "base_resp", "exception", "failure", "fault",
    "upstream_error", "upstreamError", "original_error", "provider_error", "promptFeedback",
    "ResponseMetadata",
)  # fmt: skip
"""Where a failure stands that is told beside an answer, or in its place."""
_HOLDERS = ("response", "Response", "header", "x_groq", "payload")
"""Objects around what an event reports."""
_ANSWERS = (
    "choices", "candidates", "content", "output", "completion", "delta", "text", "outputs",
    "output_text", "generations", "generated_text", "predictions", "answer", "reply", "results",
    "completions", "content_block", "item", "part", "arguments", "tool_calls", "thinking",
    "reasoning", "reasoning_content", "partial_json",
)  # fmt: skip
"""Where answers stand, in dialects and in servers of no dialect."""
_MAYBE = ("message", "response", "result", "data", "raw")
"""Where an answer may stand as well as a failure."""
_BEFORE = frozenset(
    {
        "id", "object", "created", "created_at", "model", "type", "status", "request_id",
        "requestId", "provider", "code", "success", "ok", "timestamp", "sequence_number",
        "event", "user_id", "usage", "system_fingerprint",
    }
)  # fmt: skip
"""What may stand before the ``error`` of an object that was cut off."""
_ITEMS = 6
_DONE = "[DONE]"


def failure_in(body: Any) -> Any:
    """What of a success's decoded ``body`` reports a failure; ``None`` where nothing does."""
    if isinstance(body, list | tuple):
        found = [part for part in map(failure_in, body[:_ITEMS]) if part is not None]
        return found or None
    if not isinstance(body, Mapping):
        return None
    kept = {key: body[key] for key in _FAILURES if body.get(key)}
    kept |= {key: part for key in _HOLDERS if (part := _inside(body.get(key))) is not None}
    if part := _in_choices(body.get("choices")):
        kept["errors"] = [*_listed(kept.get("errors")), part]
    if not has_answer(body):
        kept |= _at_the_top(body)
    return kept or None


def has_answer(body: Mapping[Any, Any]) -> bool:
    """Whether ``body`` holds, or may hold, something that a model wrote."""
    return any(body.get(key) for key in _ANSWERS) or any(
        _may_answer(key, body[key]) for key in _MAYBE if body.get(key)
    )


def _may_answer(key: str, value: Any) -> bool:
    if isinstance(value, Mapping):
        return has_answer(value)
    return isinstance(value, list | tuple) or (key != "message" and isinstance(value, str))


def failure_in_cut(text: str) -> Any:
    """The ``error`` that a body which nobody can parse begins with; else ``None``."""
    body = decode_cut(text)
    if isinstance(body, list):
        body = next(iter(body), None)
    if not isinstance(body, dict) or has_answer(body):
        return None
    for key, value in body.items():
        if key == "error":
            return {"error": value} if value else None
        if key not in _BEFORE or _nested(value):
            return None
    return None


def in_frames(frames: list[Any]) -> list[Any]:
    """What the events of a stream report: failures, and words before any answer began."""
    found: list[Any] = []
    answers = False
    for frame in frames:
        if isinstance(frame, Mapping | list):
            part = failure_in(frame)
            answers = answers or (isinstance(frame, Mapping) and has_answer(frame))
        else:
            part = None if answers or str(frame).strip() == _DONE else of_stream(str(frame))
        if part is not None:
            found.append(part)
    return found


def of_stream(data: str) -> Any:
    """What the data of one event says that is no JSON: a relay's words, or a cut failure."""
    text, inner = embedded.find(data)
    if inner is None:
        return None if begins_json(data) else data
    if not text:
        return failure_in_cut(data)
    part = failure_in(inner)
    return text if part is None else [text, part]


def begins_json(text: str) -> bool:
    """Whether ``text`` begins like an object or a list, as answers do."""
    return text.lstrip(" \t\r\n\ufeff")[:1] in ("{", "[")


def _at_the_top(body: Mapping[Any, Any]) -> dict[Any, Any]:
    """The fields of an object that holds no answer."""
    return {
        key: value
        for key, value in body.items()
        if key not in _MAYBE or key == "message" or isinstance(value, Mapping)
    }


def _inside(holder: Any) -> Any:
    return failure_in(holder) if isinstance(holder, Mapping) else None


def _in_choices(choices: Any) -> Any:
    """The failure that a choice carries, as OpenRouter's and Groq's do."""
    first = choices[0] if isinstance(choices, list | tuple) and choices else None
    return first.get("error") if isinstance(first, Mapping) else None


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] if value else []


def _nested(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)
