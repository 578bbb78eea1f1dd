"""The chunk that nearly all of a stream consists of: words, and nothing else.

It is decoded straight into a type that knows every field of it and refuses any other, so
that what is quick to read cannot hide a finish reason, a tool call or an error.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    content: str
    role: str | None = None
    refusal: None = None


class _Choice(msgspec.Struct, forbid_unknown_fields=True):
    delta: _Words
    index: Literal[0] = 0
    finish_reason: None = None
    logprobs: None = None
    native_finish_reason: None = None


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    choices: tuple[_Choice]
    id: str = ""
    model: str = ""
    object: str = ""
    created: int | float | None = None
    usage: None = None
    provider: str | None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None
    obfuscation: str | None = None


_DECODER = msgspec.json.Decoder(_Plain)


def plain_text(data: str) -> str | None:
    """The words, where ``data`` is such a chunk; ``None`` where it must be read in full."""
    try:
        return _DECODER.decode(data).choices[0].delta.content
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
