"""The names under which failures say things, and what each may hold.

Only known names are read, so that a field that nobody knows changes nothing, unless its name
says that it holds another failure (``upstreamBody``, ``lastError``).
"""

from __future__ import annotations

import re
from functools import lru_cache

import attrs

_TEXT_KEYS = (
    "message", "msg", "error_message", "errorMessage", "error_msg", "status_msg", "Message",
    "error_description", "title", "detail", "details", "error", "errors", "raw", "description",
    "finishMessage", "blockReasonMessage", "response", "cause", "remedy_hint", "status_message",
    "reason", "errMsg", "errmsg", "errorMsg", "err_msg", "error_text", "error_detail",
    "errorDetail",
)  # fmt: skip
_CODE_KEYS = (
    "code", "type", "status", "reason", "error_code", "errorCode", "__type", "errorType",
    "error_type", "limit_source", "quotaId", "status_code", "Code", "err_code", "ret", "name",
    "errCode", "errcode",
)  # fmt: skip
_STATUS_KEYS = (
    "code", "status", "status_code", "statusCode", "upstreamStatus", "http_status", "http_code",
    "error_code", "httpStatusCode", "HTTPStatusCode",
)  # fmt: skip
_NESTED_KEYS = (
    "error", "errors", "detail", "details", "base_resp", "metadata", "raw", "cause", "response",
    "innererror", "inner_error", "param", "data", "violations", "body", "result",
    "message", "msg", "output", "reasons", "Error", "$metadata", "ResponseMetadata", "err",
    "Response", "Errors", "upstream", "upstream_error", "upstreamError", "upstreamPayload",
    "original_error", "provider_error", "exception", "failure", "fault", "responseBody",
    "response_body", "error_details", "errorDetails", "error_info", "errorInfo", "inner",
    "header",
)  # fmt: skip
_FIELD_KEYS = (
    "retryDelay", "retry_after", "retry_after_ms", "retryAfter", "retry_after_seconds",
    "resets_in_seconds", "reset_in_seconds", "resets_in", "resets_at", "reset_at", "resetsAt",
    "resetAt", "reset_time", "estimated_time", "wait_seconds", "headers", "next_reset_at",
    "quotaResetDelay", "quotaResetTimeStamp",
)  # fmt: skip
KNOWN = frozenset((*_TEXT_KEYS, *_CODE_KEYS, *_STATUS_KEYS, *_NESTED_KEYS, *_FIELD_KEYS))


@attrs.frozen
class FieldPlan:
    """The known keys of a node by what they may hold, each in its fixed order."""

    statuses: tuple[str, ...]
    codes: tuple[str, ...]
    fields: tuple[str, ...]
    texts: tuple[str, ...]
    nested: tuple[str, ...]


@lru_cache(maxsize=1024)
def plan(present: frozenset[str]) -> FieldPlan:
    """The plan for a node; nodes of one shape are many, so plans are kept."""
    kinds = (_STATUS_KEYS, _CODE_KEYS, _FIELD_KEYS, _TEXT_KEYS, _NESTED_KEYS)
    return FieldPlan(*(tuple(key for key in kind if key in present) for kind in kinds))


QUOTES = frozenset(
    {
        "raw", "upstream", "upstream_error", "upstreamError", "upstreamPayload", "original_error",
        "provider_error", "responseBody", "response_body", "previous_errors",
    }
)  # fmt: skip
"""Known names under which a relay repeats the failure of whom it asked itself."""
_WRAPPER_WORDS = frozenset(
    {
        "error", "errors", "err", "upstream", "downstream", "original", "raw", "inner", "cause",
        "exception", "failure", "fault", "payload", "extensions", "reply", "response",
    }
)  # fmt: skip
_QUOTE_WORDS = frozenset({"upstream", "downstream", "original", "raw", "payload", "reply"})
_ECHO_WORDS = frozenset(
    {
        "request", "input", "prompt", "headers", "id", "usage", "messages", "content", "text",
        "generation", "flagged", "query", "arguments", "completion",
    }
)  # fmt: skip
_KEY_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


@lru_cache(maxsize=1024)
def wraps(key: str) -> bool:
    """Whether a key that nobody knows says by its words that it holds another failure."""
    said = {word.lower() for word in _KEY_WORD.findall(key)}
    return not said.isdisjoint(_WRAPPER_WORDS) and said.isdisjoint(_ECHO_WORDS)


@lru_cache(maxsize=1024)
def quotes(key: str) -> bool:
    """Whether a name says that a relay repeats another's failure under it."""
    if key in QUOTES:
        return True
    return not {word.lower() for word in _KEY_WORD.findall(key)}.isdisjoint(_QUOTE_WORDS)
