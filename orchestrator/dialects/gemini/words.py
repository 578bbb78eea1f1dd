"""The dialect's own words: field names, finish reasons, and ids of function calls.

From https://ai.google.dev/api/generate-content and the types of google-genai 3.4.0
(both looked up 2026-11-21).
"""

from __future__ import annotations

import hashlib
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

_FINISH = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
}

_WRITTEN = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
}

BROKEN = frozenset(
    {
        "OTHER",
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "NO_IMAGE",
        "IMAGE_OTHER",
    }
)
"""Finish reasons that are failures: the answer before them is never the whole one."""


def finish_word(reason: object, *, calls: bool) -> str | None:
    """The finish reason in neutral words; one that is not known stays, in lower case.

    A model that calls functions stops with ``STOP``, too; ``calls`` tells them apart.
    """
    if not isinstance(reason, str) or reason in ("", "FINISH_REASON_UNSPECIFIED"):
        return None
    word = _FINISH.get(reason, reason.lower())
    return "tool_calls" if calls and word == "stop" else word


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


def made_id(answer: str, index: int, seed: str) -> str:
    """An id for a call that came without one: the same bytes give the same id.

    Made of the answer's id and the call's place in it, since ids must differ over a whole
    conversation; where the answer has no id either, of what the call says. Only characters
    that every vendor takes, and fewer than 40.
    """
    known = re.sub(r"[^A-Za-z0-9_-]", "", answer)[-24:]
    known = known or hashlib.blake2s(seed.encode(errors="replace"), digest_size=8).hexdigest()
    return f"call_{known}_{index}"
