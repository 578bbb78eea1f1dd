"""Answers that arrived with a success status and yet are failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SOUND = frozenset({"stop", "tool_calls", "function_call", "end_turn", "stop_sequence", "tool_use"})


def signals(body: Any) -> set[str]:
    """What an answer's shape says: ``finish:…``, ``block:…`` and ``answer:…`` signals.

    Empty for an answer that looks like one.
    """
    if not isinstance(body, Mapping):
        return {"answer:no-object"}
    found = _finishes(body) | _blocks(body)
    if not found and not _answers(body):
        found.add("answer:none")
    return found


def _first(value: Any) -> Mapping[Any, Any]:
    if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        return value[0]
    return {}


def _finishes(body: Mapping[Any, Any]) -> set[str]:
    choice, candidate = _first(body.get("choices")), _first(body.get("candidates"))
    details, delta = body.get("incomplete_details"), body.get("delta")
    values = [
        choice.get("finish_reason"),
        candidate.get("finishReason"),
        body.get("stop_reason"),
        body.get("finish_reason"),
        body.get("stopReason"),
        details.get("reason") if isinstance(details, Mapping) else None,
        delta.get("stop_reason") if isinstance(delta, Mapping) else None,
    ]
    names = {value.lower() for value in values if isinstance(value, str) and len(value) < 80}
    return {f"finish:{name}" for name in names - _SOUND if name}


def _blocks(body: Mapping[Any, Any]) -> set[str]:
    feedback = body.get("promptFeedback")
    if isinstance(feedback, Mapping) and isinstance(feedback.get("blockReason"), str):
        return {"block:prompt"}
    return set()


def _answers(body: Mapping[Any, Any]) -> bool:
    """Whether anything in ``body`` is an answer's content, in any dialect."""
    keys = ("choices", "candidates", "content", "output", "message", "completion")
    return any(bool(body.get(key)) for key in keys)
