"""A failure as an HTTP answer in the words of a dialect, for clients that speak it."""

from __future__ import annotations

from typing import Any

from orchestrator.api.errors import CallFailed
from orchestrator.config.errors import ConfigError, UnknownRoute
from orchestrator.dialects import dialect
from orchestrator.serving.refusals import RequestRefused
from orchestrator.states.reasons import SPECS, Reason


def error_response(
    error: Exception, spoken: str, request_id: str | None = None
) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the body that tell ``error`` to a client of the dialect ``spoken``.

    Args:
        error: What went wrong.
        spoken: The dialect.
        request_id: What the client calls its request; the id of the call if left out.
    """
    status, reason, hint = told_as(error)
    if request_id is None and isinstance(error, CallFailed):
        request_id = error.ledger.call
    body = dialect(spoken).serving.error_body(
        status=status, reason=reason, message=str(error), hint=hint, request_id=request_id or None
    )
    return status, body


def told_as(error: Exception) -> tuple[int, str, str]:
    """The status, the reason and the hint of a failure."""
    if isinstance(error, CallFailed):
        return SPECS[error.reason].status, error.reason.value, error.hint
    if isinstance(error, UnknownRoute):
        return 404, Reason.MODEL_NOT_FOUND.value, ""
    if isinstance(error, RequestRefused):
        return error.status, error.reason, ""
    if isinstance(error, ConfigError):
        return 500, "config", ""
    return 400, Reason.BAD_REQUEST.value, ""
