"""A failure as an HTTP answer in the words of a dialect, for clients that speak it."""

from __future__ import annotations

from typing import Any

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import RequestError
from orchestrator.config.errors import ConfigError, UnknownRoute
from orchestrator.states.reasons import SPECS, Reason


class NotServed(RequestError):
    """A request that is no call of a model; its text says what is served."""


_ANTHROPIC_TYPES: dict[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
"""https://docs.anthropic.com/en/api/errors (2026-11-21)."""

_GEMINI_STATUSES: dict[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""https://ai.google.dev/gemini-api/docs/troubleshooting (2026-11-21)."""


def refusal(error: Exception, dialect: str) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the body that tell ``error`` to a client of ``dialect``."""
    status, reason = _status(error)
    message = str(error)
    if dialect == "anthropic-messages":
        kind = _ANTHROPIC_TYPES.get(status, "api_error")
        return status, {"type": "error", "error": {"type": kind, "message": message}}
    if dialect == "gemini":
        name = _GEMINI_STATUSES.get(status, "INTERNAL")
        return status, {"error": {"code": status, "message": message, "status": name}}
    body = {"message": message, "type": reason, "code": reason, "param": None}
    return status, {"error": body}


def _status(error: Exception) -> tuple[int, str]:
    if isinstance(error, CallFailed):
        return SPECS[error.reason].status, error.reason.value
    if isinstance(error, UnknownRoute):
        return 404, Reason.MODEL_NOT_FOUND.value
    if isinstance(error, NotServed):
        return 404, "not_served"
    if isinstance(error, ConfigError):
        return 500, "config"
    return 400, Reason.BAD_REQUEST.value
