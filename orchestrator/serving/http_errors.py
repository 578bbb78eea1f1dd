"""A failure as an HTTP answer in the words of a dialect, for clients that speak it."""

from __future__ import annotations

from typing import Any

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import RequestError
from orchestrator.config.errors import ConfigError, UnknownRoute
from orchestrator.dialects import dialect
from orchestrator.states.reasons import SPECS, Reason


class NotServed(RequestError):
    """A request that is no call of a model; its text says what is served."""


class HttpRefusal(Exception):
    """A request that is turned away before it is a call, with any status.

    Attributes:
        status: The HTTP status, 400 to 599.
        reason: The class of the refusal, a stable name such as ``unauthorized``.
        message: What was found and what is allowed.
        hint: Who must act and what to do; empty where ``message`` says it.
    """

    def __init__(self, status: int, reason: str, message: str, hint: str = "") -> None:
        self.status = status
        self.reason = reason
        self.message = message
        self.hint = hint
        super().__init__(f"{message}. {hint}" if hint else message)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, self.reason, self.message, self.hint)


def error_response(
    error: Exception, spoken: str, request_id: str | None = None
) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the body that tell ``error`` to a client of the dialect ``spoken``.

    Args:
        error: What went wrong.
        spoken: The dialect.
        request_id: What the client calls its request; the id of the call if left out.
    """
    status, reason, hint = _told(error)
    if request_id is None and isinstance(error, CallFailed):
        request_id = error.ledger.call
    body = dialect(spoken).serving.error_body(
        status=status, reason=reason, message=str(error), hint=hint, request_id=request_id or None
    )
    return status, body


def _told(error: Exception) -> tuple[int, str, str]:
    """The status, the reason and the hint of a failure."""
    if isinstance(error, CallFailed):
        return SPECS[error.reason].status, error.reason.value, error.hint
    if isinstance(error, HttpRefusal):
        return error.status, error.reason, error.hint
    if isinstance(error, UnknownRoute):
        return 404, Reason.MODEL_NOT_FOUND.value, ""
    if isinstance(error, NotServed):
        return 404, "not_served", ""
    if isinstance(error, ConfigError):
        return 500, "config", ""
    return 400, Reason.BAD_REQUEST.value, ""
