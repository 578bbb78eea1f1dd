"""Parts of a content, both ways.

A signature may lie on any part. On a thought it is the thought's, on a function call the
call's; on words it becomes a thought without text that follows them, and in a part of its
own (words that are empty) a redacted one, so that each is handed back where it was found:
https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from orchestrator.dialects.gemini.results import (
    compact,
    is_taken,
    parsed,
    read_result,
    read_shown,
    whole,
    write_result,
    write_shown,
)
from orchestrator.dialects.gemini.words import NAME, UNSIGNED, field
from orchestrator.dialects.neutral import (
    File,
    Image,
    Part,
    Role,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from orchestrator.dialects.wire import arguments, call_id, mapping, string

_KNOWN = (
    {"text"},
    {"text", "thought"},
    {"inlineData"},
    {"inline_data"},
    {"fileData"},
    {"file_data"},
    {"functionCall"},
    {"function_call"},
    {"functionResponse"},
    {"function_response"},
)
_SIGNATURES = {"thoughtSignature", "thought_signature"}


@attrs.define
class CallIds:
    """Ids of the calls of one request or answer, and which of them wait for a result.

    A call without an id gets :func:`~orchestrator.dialects.wire.call_id`; a result without one
    belongs to the oldest call of its name that has no result yet.
    """

    answer: str = ""
    count: int = 0
    _waiting: list[tuple[str, str]] = attrs.field(factory=list)

    def call(self, call: Mapping[str, Any]) -> str:
        """The id of the next call."""
        name = string(call.get("name"))
        seed = name + compact(mapping(call.get("args")))
        given = string(call.get("id")) or call_id(self.answer, self.count, seed)
        self.count += 1
        self._waiting.append((name, given))
        return given

    def result(self, response: Mapping[str, Any]) -> str:
        """The id of the call that ``response`` belongs to; empty where there is none."""
        name, given = string(response.get("name")), string(response.get("id"))
        for waiting in self._waiting:
            if waiting[1] == given or (not given and waiting[0] == name):
                self._waiting.remove(waiting)
                return waiting[1]
        return given


def read_part(part: Mapping[str, Any], ids: CallIds, where: str = "") -> list[Part]:
    """What one part of a request says, as far as it can be said outside this dialect.

    Args:
        part: The part.
        ids: Of the calls so far.
        where: Where it stands, ``contents[0].parts[1]``.
    """
    signature = signature_of(part)
    call, response = field(part, "functionCall"), field(part, "functionResponse")
    if isinstance(call, dict):
        return [read_call(call, ids, signature)]
    if isinstance(response, dict):
        return [read_result(response, ids.result(response), where)]
    shown = read_shown(part, where)
    if shown is not None:
        return [shown]
    return list(read_words(part, signature))


def read_call(call: Mapping[str, Any], ids: CallIds, signature: str | None) -> ToolUse:
    """A ``functionCall``; one without ``args`` has no arguments."""
    args = arguments(call.get("args")) or "{}"
    return ToolUse(ids.call(call), string(call.get("name")), args, signature=signature)


def read_words(part: Mapping[str, Any], signature: str | None) -> list[Text | Thinking]:
    """Words or thoughts, and the signature that lies on them."""
    text = string(part.get("text"))
    if part.get("thought") is True and text:
        return [Thinking(text, signature, NAME)]
    words: list[Text | Thinking] = [Text(text)] if text else []
    if signature:
        words.append(Thinking("", signature, NAME, redacted=not text))
    return words


def expressible(part: Mapping[str, Any]) -> bool:
    """True where :func:`read_part` takes all of ``part``."""
    if set(part) - _SIGNATURES not in _KNOWN:
        return False
    call, response = field(part, "functionCall"), field(part, "functionResponse")
    if isinstance(call, dict):
        return set(call) <= {"id", "name", "args"}
    if isinstance(response, dict):
        return whole(response)
    return isinstance(part.get("text"), str) or (
        read_shown(part) is not None and not _SIGNATURES & set(part)
    )


def write_parts(parts: Sequence[Part], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The parts of one content.

    Args:
        parts: What is said; another vendor's thoughts are left out.
        names: The name of every tool call by its id.
    """
    written: list[dict[str, Any]] = []
    for part in parts:
        if not (isinstance(part, Thinking) and _attach(part, written)):
            written += _write(part, names)
    return signed(written)


def signed(written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts of one step, with a signature on its first call, which is the one that needs it."""
    calls = [part for part in written if "functionCall" in part]
    if calls:
        calls[0].setdefault("thoughtSignature", UNSIGNED)
    return written


def signature_of(part: Mapping[str, Any]) -> str | None:
    """The signature that lies on ``part``."""
    signature = string(field(part, "thoughtSignature"))
    return signature if signature != UNSIGNED and signature else None


def _attach(part: Thinking, written: list[dict[str, Any]]) -> bool:
    """Puts the signature on the words before it, where it was found there."""
    bare = part.dialect == NAME and part.signature and not part.text and not part.redacted
    if bare and written and set(written[-1]) == {"text"}:
        written[-1]["thoughtSignature"] = part.signature
        return True
    return False


def _write(part: Part, names: Mapping[str, str]) -> list[dict[str, Any]]:
    match part:
        case Text(text=text):
            return [{"text": text}] if text else []  # the API refuses empty words
        case Image() | File():
            return [write_shown(part)] if is_taken(part, Role.USER) else []
        case Thinking():
            return _write_thinking(part)
        case ToolUse():
            return [write_call(part)]
        case ToolResult():
            return [write_result(part, part.name or names.get(part.id, part.id))]


def _write_thinking(part: Thinking) -> list[dict[str, Any]]:
    if part.dialect != NAME or not (part.text or part.signature):
        return []
    ours = {"thoughtSignature": part.signature} if part.signature else {}
    return [{"text": part.text, **({"thought": True} if part.text else {}), **ours}]


def write_call(part: ToolUse) -> dict[str, Any]:
    """A ``functionCall`` part; arguments that do not parse are handed on as their text."""
    call: dict[str, Any] = {"id": part.id} if part.id else {}
    arguments = parsed(part.arguments or "{}")
    call |= {
        "name": part.name,
        "args": {"arguments": part.arguments} if arguments is None else arguments,
    }
    return {
        "functionCall": call,
        **({"thoughtSignature": part.signature} if part.signature else {}),
    }
