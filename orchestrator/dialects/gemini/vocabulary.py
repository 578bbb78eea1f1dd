"""The dialect's own words: field names and finish reasons.

From https://ai.google.dev/api/generate-content and the types of google-genai 3.4.0
(both looked up 2026-11-21).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

NAME = "gemini"

UNSIGNED = "skip_thought_signature_validator"
"""What stands for the signature of a function call that no Gemini model wrote.

Gemini 3 refuses the first call of a step without a signature; this text is what the vendor
gives for histories of other models:
https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11-21). It is written into
answers too, since they come back in the caller's next request; read, it is no signature.
"""

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""https://ai.google.dev/gemini-api/docs/troubleshooting and
https://cloud.google.com/apis/design/errors (2026-11-21)."""


def error_status(code: int) -> str:
    """What an HTTP status is called here."""
    return _STATUSES.get(code, "INVALID_ARGUMENT" if 400 <= code < 500 else "INTERNAL")


STATUSES = frozenset({*_STATUSES.values(), "INTERNAL"})
"""All that an error may be called here."""


_WRITTEN = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
}


def finish_written(word: str) -> str:
    """A neutral finish reason in this dialect's words."""
    return _WRITTEN.get(word, "OTHER")


@lru_cache(maxsize=512)
def snake(name: str) -> str:
    """``fileUri`` as ``file_uri``: the API takes both."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def field(fields: Mapping[str, Any], name: str) -> Any:
    """The field of that name, in either spelling; ``None`` where there is none."""
    value = fields.get(name)
    return fields.get(snake(name)) if value is None else value


def take(fields: dict[str, Any], name: str) -> Any:
    """The same, taken out of ``fields`` in both spellings."""
    value, other = fields.pop(name, None), fields.pop(snake(name), None)
    return other if value is None else value


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """``fields`` without what says nothing; ``false`` says something."""
    return {name: value for name, value in fields.items() if value not in (None, {}, [], ())}
