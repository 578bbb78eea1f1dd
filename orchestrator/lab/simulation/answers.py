"""What each word of a script is on the wire: an HTTP answer, or none."""

from __future__ import annotations

import http
import json
from typing import Any

import attrs
import httpx

from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import Reply, Text, ToolUse
from orchestrator.lab.simulation.items import TOOL, Item
from orchestrator.states import Reason

TEXT = "simulated"
"""What an answer that succeeds says."""


@attrs.frozen
class _Usual:
    """The usual answer of a provider that fails in this way."""

    status: int
    message: str
    kind: str = ""
    code: str | None = None


# Wordings and codes of the vendors' own pages; what classification makes of each is a test.
_USUAL: dict[Reason, _Usual] = {
    Reason.BILLING: _Usual(402, "Insufficient Balance"),
    Reason.RATE_LIMIT: _Usual(
        429, "Rate limit reached for requests", "requests", "rate_limit_exceeded"
    ),
    Reason.AUTH: _Usual(
        401, "Incorrect API key provided", "authentication_error", "invalid_api_key"
    ),
    Reason.OVERLOADED: _Usual(503, "The engine is currently overloaded", "overloaded_error"),
    Reason.SERVER_ERROR: _Usual(500, "The server had an error", "server_error"),
    Reason.FORBIDDEN: _Usual(451, "Not available in your region"),
    Reason.MODEL_NOT_FOUND: _Usual(
        404, "The model does not exist", "not_found_error", "model_not_found"
    ),
    Reason.CONTEXT_OVERFLOW: _Usual(
        400,
        "This model's maximum context length is 8192 tokens",
        "invalid_request_error",
        "context_length_exceeded",
    ),
    Reason.PAYLOAD_TOO_LARGE: _Usual(413, "Request Entity Too Large", "request_too_large"),
    Reason.CONTENT_POLICY: _Usual(
        400,
        "The request was rejected by the content policy",
        "invalid_request_error",
        "content_policy_violation",
    ),
    Reason.BAD_REQUEST: _Usual(400, "Unknown parameter", "invalid_request_error"),
}


def answer(item: Item, *, spoken: str, model: str) -> httpx.Response:
    """The HTTP answer of an item that is one.

    Args:
        item: None of ``timeout``, ``silence``, ``stall``, ``connect`` and ``cut``.
        spoken: The name of the dialect that the provider speaks.
        model: The model's name.
    """
    if item.status is not None and item.status >= 300:
        return _failure(item, _by_status(item.status))
    if item.word in (Reason.INVALID_RESPONSE, Reason.UNKNOWN):
        return _odd(item)
    if item.word in (reason.value for reason in _USUAL):
        return _failure(item, _USUAL[Reason(item.word)])
    reply = Reply((_part(item),), _finish(item), id="simulated", model=model)
    return httpx.Response(item.status or 200, json=dialect(spoken).write_answer(reply))


def _finish(item: Item) -> str:
    if item.word == Reason.OUTPUT_TRUNCATED:
        return "length"
    return "tool_calls" if item.content == TOOL else "stop"


def _part(item: Item) -> Text | ToolUse:
    said = item.message or TEXT
    if item.content != TOOL:
        return Text(said)
    return ToolUse("call_simulated", "simulated", json.dumps({"text": said}))


def _by_status(status: int) -> _Usual:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"  # vendors make up statuses such as 529 and 498
    return _Usual(status, phrase)


def _failure(item: Item, usual: _Usual) -> httpx.Response:
    words = usual.message if item.message is None else item.message
    named = {"type": usual.kind, "code": usual.code}
    detail = {"message": words, **{name: value for name, value in named.items() if value}}
    return httpx.Response(usual.status, json={"error": detail}, headers=_headers(item))


def _odd(item: Item) -> httpx.Response:
    """A 200 that is no answer, or a failure that nobody can read."""
    body: Any = {"error": {"message": item.message or "Something happened", "code": "simulated"}}
    if item.word == Reason.INVALID_RESPONSE:
        body = {"id": "simulated", "choices": []}
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **_headers(item)}
    return httpx.Response(200, content=content, headers=headers)


def _headers(item: Item) -> dict[str, str]:
    return {} if item.retry_after is None else {"Retry-After": f"{item.retry_after:g}"}
