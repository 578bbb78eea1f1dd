"""A failure as an HTTP answer in the words of a dialect, for clients that speak it."""

from __future__ import annotations

from typing import Any

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import RequestError
from orchestrator.config.errors import ConfigError, UnknownRoute
from orchestrator.dialects import dialect
from orchestrator.serving.refusals import AccessRefused
from orchestrator.states.reasons import SPECS, Reason


class NotServed(RequestError):
    """A request that is no call of a model; its text says what is served."""


def error_response(error: Exception, spoken: str) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the body that tell ``error`` to a client of the dialect ``spoken``."""
    status, reason = _status(error)
    serving = dialect(spoken).serving
    return status, serving.error_body(status=status, reason=reason, message=str(error))


def _status(error: Exception) -> tuple[int, str]:
    if isinstance(error, CallFailed):
        return SPECS[error.reason].status, error.reason.value
    if isinstance(error, AccessRefused):
        return error.status, error.reason
    if isinstance(error, UnknownRoute):
        return 404, Reason.MODEL_NOT_FOUND.value
    if isinstance(error, NotServed):
        return 404, "not_served"
    if isinstance(error, ConfigError):
        return 500, "config"
    return 400, Reason.BAD_REQUEST.value
