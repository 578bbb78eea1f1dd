"""A ``response`` object that has only begun, and what it repeats of the request.

The fields are those that the reference and the Open Responses specification demand
(https://github.com/openresponses/openresponses, version 2026-04-24); the defaults are those
that https://platform.openai.com/docs/api-reference/responses/create names (2026-11-29).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.neutral import Heading
from orchestrator.dialects.wire import mapping

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
