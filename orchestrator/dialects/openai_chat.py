"""The chat-completions dialect, which most providers speak.

The field names are those of https://platform.openai.com/docs/api-reference/chat
(looked up 2026-11-21); departures of other providers are named where they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import attrs
import httpx
import msgspec

from orchestrator.config.records import Provider
from orchestrator.dialects.answer import Answer, Fault, ToolCall, Usage
from orchestrator.request import RequestError

USER_AGENT = "llm-request-orchestrator"
"""Sent because some transports name themselves and their language where none is given."""

_FINISH = {
    "model_length": "length",  # mistral: the context window is full
    "max_tokens": "length",  # gateways in front of Anthropic models
    "MAX_TOKENS": "length",  # gateways in front of Gemini models
}
"""Other names for the standard finish reasons."""

_HANDLED = ("model", "stream")
_STREAMED_ONLY = "stream_options"


@attrs.frozen
class OpenAIChat:
    """``POST {base_url}/chat/completions``."""

    name = "openai-chat"

    def encode(
        self,
        payload: Mapping[str, Any],
        *,
        provider: Provider,
        model: str,
        overrides: Mapping[str, Any],
        secret: str,
        stream: bool = False,
    ) -> httpx.Request:
        """See :meth:`orchestrator.dialects.Dialect.encode`."""
        fields = {**payload, **overrides}
        for name in (*_HANDLED, *(() if stream else (_STREAMED_ONLY,))):
            fields.pop(name, None)
        body = {"model": model, **fields, **({"stream": True} if stream else {})}
        return httpx.Request(
            "POST",
            _address(provider.base_url),
            headers=_headers(provider.headers, secret, stream=stream),
            content=_json(body),
        )

    def decode(self, status: int, headers: httpx.Headers, body: bytes) -> Answer | Fault:
        """See :meth:`orchestrator.dialects.Dialect.decode`."""
        decoded = _decoded(body)
        if 200 <= status < 300 and isinstance(decoded, dict):
            answer = _answer(decoded)
            if answer is not None:
                return answer
        return Fault(status, dict(headers.items()), decoded)


@lru_cache(maxsize=256)  # httpx takes 20 µs to parse an address
def _address(base_url: str) -> httpx.URL:
    """Where to post to; a query of the base URL (``?api-version=``) stays at the end."""
    url = httpx.URL(base_url)
    path, mark, query = url.raw_path.partition(b"?")
    return url.copy_with(raw_path=path.rstrip(b"/") + b"/chat/completions" + mark + query)


def _headers(
    configured: Mapping[str, str], secret: str, *, stream: bool
) -> list[tuple[bytes, bytes]]:
    """Ours, then the provider's, which add, replace, or (``""``) remove."""
    headers = {
        "accept": "text/event-stream" if stream else "application/json",
        "content-type": "application/json",
        "user-agent": USER_AGENT,
    }
    if secret:
        headers["authorization"] = f"Bearer {secret}"
    headers.update((name.lower(), value) for name, value in configured.items())
    # Latin-1 is what HTTP/1.1 carries; httpx would take ASCII alone.
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items() if value]


def _json(body: Mapping[str, Any]) -> bytes:
    """``body`` as JSON; what cannot be said in JSON is the caller's to change."""
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RequestError(f"{_culprit(body)} cannot be written as JSON: {error}") from error


def _culprit(body: Mapping[str, Any]) -> str:
    """The first field that JSON cannot say."""
    for name, value in body.items():
        try:
            msgspec.json.encode({name: value})
        except (TypeError, ValueError, OverflowError, RecursionError):
            return f"the request's field {name!r}"
    return "the request"


def _decoded(body: bytes) -> Any:
    """The body as JSON, else as text, else as it is; ``None`` where it is empty."""
    if not body.strip():
        return None
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _answer(body: dict[str, Any]) -> Answer | None:
    """The answer in ``body``; ``None`` where there is none, or an error beside it."""
    choice = _first(body.get("choices"))
    if choice is None or body.get("error") or choice.get("error"):
        return None
    message = choice.get("message")
    if not isinstance(message, dict):
        # Old servers answer with the text of a plain completion.
        message = {"content": choice.get("text")}
        if not isinstance(message["content"], str):
            return None
    finish = choice.get("finish_reason")
    text, calls = _text(message), _tool_calls(message)
    if finish in ("content_filter", "error") and not (text or calls):
        return None
    return Answer(
        text=text,
        tool_calls=calls,
        finish_reason=_FINISH.get(finish, finish) if isinstance(finish, str) else None,
        usage=_usage(body.get("usage")),
        id=_string(body.get("id")),
        model=_string(body.get("model")),
        raw=body,
    )


def _first(choices: Any) -> dict[str, Any] | None:
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return None


def _text(message: dict[str, Any]) -> str:
    """The text; a refusal is what the model said too. Mistral answers in parts."""
    content = message.get("content")
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    return _string(content) or _string(message.get("refusal"))


def _tool_calls(message: dict[str, Any]) -> tuple[ToolCall, ...]:
    """The tool calls, also in the form of before 2023-11 (``function_call``)."""
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        return tuple(_tool_call(call) for call in calls if isinstance(call, dict))
    function = message.get("function_call")
    return (_tool_call({"function": function}),) if isinstance(function, dict) else ()


def _tool_call(call: dict[str, Any]) -> ToolCall:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict | list):
        # Some local servers send the object itself in place of its text.
        arguments = msgspec.json.encode(arguments).decode()
    return ToolCall(_string(call.get("id")), _string(function.get("name")), _string(arguments))


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    # DeepSeek names its cache beside the sum: https://api-docs.deepseek.com/guides/kv_cache
    cached = _count(usage.get("prompt_tokens_details"), "cached_tokens")
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=_count(usage, "total_tokens") or prompt + completion,
        cached_tokens=cached or _count(usage, "prompt_cache_hit_tokens"),
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _count(counts: Any, name: str) -> int:
    value = counts.get(name) if isinstance(counts, dict) else None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return 0
    return value


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
