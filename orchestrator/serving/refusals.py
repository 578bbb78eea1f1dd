"""Refusals of a request before a call begins: what is wrong with it, or with who sent it."""

from __future__ import annotations

import math

from orchestrator.api.request import RequestError


class RequestRefused(RequestError):
    """A request that is turned away; its text says why, in one line, and never a key.

    Attributes:
        status: The HTTP status, by which the official clients tell such errors apart.
        reason: A stable name, as of the reasons of a failed call.
        message: What was found, and what is allowed.
        retry_after: Seconds until the same request may be let in; ``None`` where waiting does
            not help.
    """

    def __init__(
        self, status: int, reason: str, message: str, retry_after: float | None = None
    ) -> None:
        # All of them: an exception is unpickled by its arguments.
        super().__init__(status, reason, message, retry_after)
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.message

    @property
    def headers(self) -> dict[str, str]:
        """What the answer's headers say of it."""
        headers: dict[str, str] = {}
        if self.status == 401:
            headers["www-authenticate"] = "Bearer"  # RFC 9110, 15.5.2: a 401 says what it takes
        if self.retry_after is not None:
            # Rounded up: who comes back a moment too early is refused again.
            headers["retry-after"] = str(max(1, math.ceil(self.retry_after)))
        return headers


class NotServed(RequestRefused):
    """A request that is no call of a model; its text says what is served.

    Attributes:
        allowed: The methods that are, where the path is.
    """

    def __init__(self, message: str, status: int = 404, allowed: str = "") -> None:
        super().__init__(status, "not_served", message)
        self.args = (message, status, allowed)
        self.allowed = allowed

    @property
    def headers(self) -> dict[str, str]:
        """What the answer's headers say of it."""
        # RFC 9110, 15.5.6: a 405 says what may be asked.
        return {**super().headers, **({"allow": self.allowed} if self.allowed else {})}
