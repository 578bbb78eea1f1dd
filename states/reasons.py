"""The classes of failure, and what each class allows by default.

A reason is the only thing about a failure that the machine looks at when it
chooses where to go; everything vendor-specific ends in classification.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final


class Reason(enum.StrEnum):
    """The class of a failure. The value is what configs and ledgers say."""

    BILLING = "billing"
    RATE_LIMIT = "rate_limit"
    AUTH = "auth"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    STREAM_INTERRUPTED = "stream_interrupted"
    INVALID_RESPONSE = "invalid_response"
    CONNECTION = "connection"
    FORBIDDEN = "forbidden"
    MODEL_NOT_FOUND = "model_not_found"
    CONTEXT_OVERFLOW = "context_overflow"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    CONTENT_POLICY = "content_policy"
    BAD_REQUEST = "bad_request"
    OUTPUT_TRUNCATED = "output_truncated"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"


class Move(enum.StrEnum):
    """What a policy may list for a reason in ``[policy.on]``."""

    ROTATE = "rotate"
    RETRY = "retry"
    FALLBACK = "fallback"


class Scope(enum.StrEnum):
    """What a failure is a fact about, where the matching rule knows it."""

    KEY = "key"
    ACCOUNT = "account"
    MODEL = "model"
    REQUEST = "request"


_ALL = frozenset(Move)
_AGAIN = frozenset({Move.RETRY, Move.FALLBACK})
_ONWARD = frozenset({Move.FALLBACK})
_STAY: frozenset[Move] = frozenset()

DEFAULT_MOVES: Final[Mapping[Reason, frozenset[Move]]] = {
    Reason.BILLING: _ONWARD,
    Reason.RATE_LIMIT: _ALL,
    Reason.AUTH: frozenset({Move.ROTATE, Move.FALLBACK}),
    Reason.OVERLOADED: _AGAIN,
    Reason.SERVER_ERROR: _AGAIN,
    Reason.TIMEOUT: _AGAIN,
    Reason.STREAM_INTERRUPTED: _AGAIN,
    Reason.INVALID_RESPONSE: _AGAIN,
    Reason.CONNECTION: _AGAIN,
    Reason.FORBIDDEN: _ONWARD,
    Reason.MODEL_NOT_FOUND: _ONWARD,
    Reason.CONTEXT_OVERFLOW: _ONWARD,
    Reason.PAYLOAD_TOO_LARGE: _ONWARD,
    Reason.CONTENT_POLICY: _STAY,
    Reason.BAD_REQUEST: _STAY,
    Reason.OUTPUT_TRUNCATED: _ONWARD,
    Reason.UNKNOWN: _AGAIN,
    Reason.CANCELLED: _STAY,
    Reason.DEADLINE: _STAY,
}
"""What a policy allows for each reason unless ``[policy.on]`` replaces it."""
