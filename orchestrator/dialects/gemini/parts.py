"""Parts of a content, both ways.

A signature may lie on any part. On a thought it is the thought's, on a function call the
call's; on words it becomes a thought without text that follows them, and in a part of its
own (words that are empty) a redacted one, so that each is handed back where it was found:
https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11-21).

A function's result is a JSON object. One whose only key is ``output`` or ``error`` is that
text; any other object is itself, in the shortest JSON, so that both directions say the
same: https://ai.google.dev/api/caching#FunctionResponse (2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import msgspec

from orchestrator.dialects.crossing import Shown
from orchestrator.dialects.files import PDF, is_data, is_public, media_type_of, taken_apart, text_of
from orchestrator.dialects.gemini.vocabulary import NAME, UNSIGNED, field
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
from orchestrator.dialects.wire import (
    UNSAYABLE,
    arguments,
    call_id,
    mapping,
    mappings,
    parsed_object,
    string,
)

_FALLBACK = "image/jpeg"
"""The type of a picture whose address does not show it; the API wants one."""


_FILM = ("https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/")
"""Addresses that are films here
(https://ai.google.dev/gemini-api/docs/video-understanding, 2026-11-29)."""

_SOUNDS = frozenset({"wav", "x-wav", "mp3", "mpeg", "aiff", "aac", "ogg", "flac"})
"""https://ai.google.dev/gemini-api/docs/audio (2026-11-29)."""


def read_shown(part: Mapping[str, Any], where: str = "") -> Shown | None:
    """The picture or file in ``part``; ``None`` where there is none."""
    inline, file = field(part, "inlineData"), field(part, "fileData")
    if isinstance(inline, dict):
        media_type, data = string(field(inline, "mimeType")), inline.get("data")
        if media_type and isinstance(data, str):
            place = f"{where} inlineData {media_type}".strip() if where else ""
            if media_type.startswith("image/"):
                return Image(media_type=media_type, data=data, place=place)
            return File(media_type, data, name=string(field(inline, "displayName")), place=place)
    if isinstance(file, dict):
        return _read_file(string(field(file, "mimeType")), string(field(file, "fileUri")), where)
    return None


def _read_file(media_type: str, url: str, where: str) -> Shown | None:
    """What stands at ``url``; what Google keeps, nobody else can open."""
    place = f"{where} fileData {media_type}".strip() if where else ""
    if not url:
        return None
    if not is_public(url):
        return File(media_type or None, id=url, keeper=NAME, place=place)
    if media_type.startswith("image/"):
        # A type that the address shows is no news: both directions then say the same.
        known = None if media_type == _guess(url) else media_type
        return Image(url=url, media_type=known, place=place)
    film = "video/mp4" if url.startswith(_FILM) else None
    return File(media_type or film, url=url, place=place)


def is_taken(shown: Shown, role: Role) -> bool:  # noqa: ARG001 - models may show things here
    """True for pictures, PDFs, words, sounds and films.

    See https://ai.google.dev/gemini-api/docs/document-processing and the pages on sound and
    film (2026-11-29).
    """
    if isinstance(shown, Image):
        return bool(shown.url or shown.data)
    if shown.id is not None:
        return shown.keeper == NAME
    if shown.is_of("audio"):
        return (shown.media_type or "").partition("/")[2] in _SOUNDS
    if shown.url is not None:
        known = shown.media_type in (None, PDF) or shown.is_of("text", "video")
        return known and is_public(shown.url)
    return shown.media_type == PDF or shown.is_of("video") or text_of(shown) is not None


def write_shown(shown: Shown) -> dict[str, Any]:
    """A part for a picture or a file."""
    return write_image(shown) if isinstance(shown, Image) else _write_file(shown)


def _write_file(file: File) -> dict[str, Any]:
    address = file.id if file.id is not None else file.url
    if address is not None:
        kind = file.media_type or (None if file.id is not None else PDF)
        return {"fileData": {**({"mimeType": kind} if kind else {}), "fileUri": address}}
    return {"inlineData": {"mimeType": file.media_type or PDF, "data": file.data}}


def write_image(image: Image) -> dict[str, Any]:
    """A part for ``image``; an address that is the picture itself is taken apart."""
    url = image.url or ""
    if is_data(url):
        media_type, data = taken_apart(url)
        return {"inlineData": {"mimeType": media_type or _FALLBACK, "data": data}}
    if url:
        return {"fileData": {"mimeType": image.media_type or _guess(url), "fileUri": url}}
    return {"inlineData": {"mimeType": image.media_type or _FALLBACK, "data": image.data or ""}}


def _guess(url: str) -> str:
    kind = media_type_of(url) or ""
    return kind if kind.startswith("image/") else _FALLBACK


def read_result(response: Mapping[str, Any], call: str, where: str) -> ToolResult:
    """A ``functionResponse``; ``call`` is the id of its call."""
    said = field(response, "response")
    parts: list[Text | Shown] = []
    error = False
    if isinstance(said, dict) and said:
        text = _sole(said)
        error = text is not None and "error" in said
        parts.append(Text(compact(said) if text is None else text))
    for index, part in enumerate(mappings(response.get("parts"))):
        shown = read_shown(part, f"{where}.functionResponse.parts[{index}]")
        parts += [] if shown is None else [shown]
    return ToolResult(call, tuple(parts), error, name=string(response.get("name")))


def whole(response: Mapping[str, Any]) -> bool:
    """True where :func:`read_result` takes all of ``response``."""
    shown = response.get("parts") or []
    known = {"id", "name", "response", "parts"}
    return set(response) <= known and all(
        isinstance(part, dict) and read_shown(part) is not None and len(part) == 1
        for part in (shown if isinstance(shown, list) else [None])
    )


def write_result(result: ToolResult, name: str) -> dict[str, Any]:
    """A ``functionResponse`` part; texts become one, pictures and files come after them."""
    texts = [part.text for part in result.parts if isinstance(part, Text)]
    shown = [
        write_shown(part)
        for part in result.parts
        if isinstance(part, Shown) and is_taken(part, Role.USER)
    ]
    said: dict[str, Any] = {"name": name}
    if result.id:
        said["id"] = result.id
    said["response"] = _said("\n".join(texts), error=result.error) if texts or result.error else {}
    if shown:
        said["parts"] = shown
    return {"functionResponse": said}


def _said(text: str, *, error: bool) -> dict[str, Any]:
    if error:
        return {"error": text}
    found = parsed_object(text)
    # Only what reads back as this very text goes out as an object of its own.
    if found and _sole(found) is None and compact(found) == text:
        return found
    return {"output": text}


def _sole(said: dict[str, Any]) -> str | None:
    """The text where ``said`` is nothing but ``output`` or ``error``."""
    for key in ("output", "error"):
        value = said.get(key)
        if len(said) == 1 and isinstance(value, str):
            return value
    return None


def compact(value: Mapping[str, Any]) -> str:
    """``value`` in the shortest JSON; empty where JSON cannot say it."""
    try:
        return msgspec.json.encode(value).decode()
    except UNSAYABLE:
        return ""


_SINGLE = (
    "text", "inlineData", "inline_data", "fileData", "file_data", "functionCall", "function_call",
    "functionResponse", "function_response",
)  # fmt: skip
_KNOWN = ({"text", "thought"}, *({name} for name in _SINGLE))
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
            # By id where there is one, else the oldest call of that name; each is answered once.
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
    # A part with a field more says something that would be lost: it is kept as it came.
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
        if isinstance(part, Thinking):
            written += write_thought(part, written, shown=False)
        else:
            written += _write(part, names)
    return signed(written)


def signed(written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts of one step, with a signature on its first call, which is the one that needs it."""
    calls = [part for part in written if "functionCall" in part]
    if calls:
        # Parallel calls are signed once, at the first; without it Gemini 3 answers 400.
        calls[0].setdefault("thoughtSignature", UNSIGNED)
    return written


def signature_of(part: Mapping[str, Any]) -> str | None:
    """The signature that lies on ``part``."""
    signature = string(field(part, "thoughtSignature"))
    return signature if signature != UNSIGNED and signature else None


def write_thought(
    part: Thinking, before: list[dict[str, Any]], *, shown: bool
) -> list[dict[str, Any]]:
    """Thoughts; only our own signature is of use.

    Args:
        part: The thoughts.
        before: The parts before them: a signature that lay on words goes back onto them.
        shown: Whether thoughts of other vendors are written, as in an answer.
    """
    ours = part.dialect == NAME and part.signature
    if ours and not part.text and not part.redacted and before and set(before[-1]) == {"text"}:
        before[-1]["thoughtSignature"] = part.signature
        return []
    if not ours and not (part.text and (shown or part.dialect == NAME)):
        return []
    written: dict[str, Any] = {"text": part.text, **({"thought": True} if part.text else {})}
    return [{**written, "thoughtSignature": part.signature} if ours else written]


def _write(
    part: Text | Shown | ToolUse | ToolResult, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    match part:
        case Text(text=text):
            return [{"text": text}] if text else []  # the API refuses empty words
        case Image() | File():
            return [write_shown(part)] if is_taken(part, Role.USER) else []
        case ToolUse():
            return [write_call(part)]
        case ToolResult():
            return [write_result(part, part.name or names.get(part.id, part.id))]


def write_call(part: ToolUse) -> dict[str, Any]:
    """A ``functionCall`` part; arguments that do not parse are handed on as their text."""
    call: dict[str, Any] = {"id": part.id} if part.id else {}
    arguments = parsed_object(part.arguments or "{}")
    call |= {
        "name": part.name,
        "args": {"arguments": part.arguments} if arguments is None else arguments,
    }
    return {
        "functionCall": call,
        **({"thoughtSignature": part.signature} if part.signature else {}),
    }
