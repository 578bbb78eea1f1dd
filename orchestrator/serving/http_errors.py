"""A failure as an HTTP answer in the words of a dialect, for clients that speak it."""

from __future__ import annotations

from typing import Any

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import RequestError
from orchestrator.config.errors import ConfigError, UnknownRoute
from orchestrator.dialects import dialect
from orchestrator.states.reasons import SPECS, Reason


class RequestRefused(RequestError):
    """A request that is refused before a call begins.

    Attributes:
        status: The HTTP status that says why.
        reason: The same in a word.
        retry_after: Whole seconds after which it may be made again; ``None`` where that is of
            no use, or nobody knows.
    """

    def __init__(
        self, message: str, *, status: int, reason: str, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.reason, self.retry_after = status, reason, retry_after


class NotServed(RequestRefused):
    """A request that is no call of a model; its text says what is served."""

    def __init__(self, message: str, *, status: int = 404) -> None:
        super().__init__(message, status=status, reason="not_served")


def error_response(error: Exception, spoken: str) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the body that tell ``error`` to a client of the dialect ``spoken``."""
    status, reason = _status(error)
    serving = dialect(spoken).serving
    return status, serving.error_body(status=status, reason=reason, message=str(error))


def _status(error: Exception) -> tuple[int, str]:
    if isinstance(error, CallFailed):
        return SPECS[error.reason].status, error.reason.value
    if isinstance(error, UnknownRoute):
        return 404, Reason.MODEL_NOT_FOUND.value
    if isinstance(error, RequestRefused):
        return error.status, error.reason
    if isinstance(error, ConfigError):
        return 500, "config"
    return 400, Reason.BAD_REQUEST.value
