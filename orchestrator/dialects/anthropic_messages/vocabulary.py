"""The words that requests, answers and streams share: names, finish reasons, ids, usage."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from orchestrator.dialects import wire
from orchestrator.dialects.answer import Usage

NAME = "anthropic-messages"

STOP_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "function_call": "tool_use",
        "content_filter": "refusal",
    }
)
"""``stop_reason`` for a finish reason in chat-completions words
(https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons, 2026-11-21)."""

ERROR_TYPES_BY_STATUS: Mapping[int, str] = MappingProxyType(
    {
        400: "invalid_request_error",
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        408: "timeout_error",
        429: "rate_limit_error",
        500: "api_error",
        503: "overloaded_error",
        504: "timeout_error",
        529: "overloaded_error",
    }
)
"""https://platform.claude.com/docs/en/api/errors (looked up 2026-11-21). That page has
``request_too_large`` for 413 too, which neither the vendor's OpenAPI file nor its packages know:
a client that takes what they describe would fail on it."""

ERROR_TYPES = frozenset(ERROR_TYPES_BY_STATUS.values())

INVALID_ARGUMENTS = "INVALID_JSON"
"""Under this key go arguments that are no JSON object, for ``input`` must be one
(https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming,
2026-11-21)."""

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_UNFIT = re.compile(r"[^a-zA-Z0-9_-]")


def stop_reason(reason: str | None) -> str | None:
    """The vendor's word for a neutral finish reason."""
    return None if reason is None else STOP_REASONS.get(reason, "end_turn")


def tool_id(given: str) -> str:
    """``given`` where the API takes it, else the same thing in letters that it takes.

    Other vendors put dots and colons into ids. A call and its result change alike, and
    the digest keeps two ids apart that differ only there.
    """
    if _ID.fullmatch(given):
        return given
    digest = hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{_UNFIT.sub('_', given)}_{digest}"


def json_object(text: str) -> dict[str, Any]:
    """The object that ``text`` says; none at all is an empty one. Never raises."""
    if not text.strip():
        return {}
    value = wire.parsed_object(text)
    return {INVALID_ARGUMENTS: text} if value is None else value


def read_usage(usage: Any) -> Usage:
    """Token counts; the API's ``input_tokens`` leave out what the cache took and gave."""
    cached = wire.count(usage, "cache_read_input_tokens")
    written = wire.count(usage, "cache_creation_input_tokens")
    prompt = wire.count(usage, "input_tokens") + cached + written
    completion = wire.count(usage, "output_tokens")
    details = usage.get("output_tokens_details") if isinstance(usage, dict) else None
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion,
        cached_tokens=cached,
        reasoning_tokens=wire.count(details, "thinking_tokens"),
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """The counts as the API splits them; what was written to a cache is not known apart.

    The reference demands every field of it (its OpenAPI file of 2026).
    """
    thought = usage.reasoning_tokens
    return {
        "input_tokens": max(usage.prompt_tokens - usage.cached_tokens, 0),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"thinking_tokens": thought} if thought else None,
        "server_tool_use": None,
        "cache_creation": None,
        "inference_geo": None,
        "service_tier": None,
    }


def write_usage_so_far(usage: Usage) -> dict[str, Any]:
    """The same as it stands at the end of a stream, where less is told."""
    counts = write_usage(usage)
    return {name: counts[name] for name in counts if name not in _AT_THE_BEGINNING}


_AT_THE_BEGINNING = frozenset({"cache_creation", "inference_geo", "service_tier"})
