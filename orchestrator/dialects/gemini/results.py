"""Pictures, files and the results of functions, both ways.

A function's result is a JSON object. One whose only key is ``output`` or ``error`` is that
text; any other object is itself, in the shortest JSON, so that both directions say the
same: https://ai.google.dev/api/caching#FunctionResponse (2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from orchestrator.dialects.common_losses import Shown
from orchestrator.dialects.files import PDF, is_public, text_of
from orchestrator.dialects.gemini.words import NAME, field
from orchestrator.dialects.neutral import File, Image, Role, Text, ToolResult
from orchestrator.dialects.wire import mapping, mappings, string

_MEDIA_TYPES = {
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "bmp": "image/bmp",
}
_FALLBACK = "image/jpeg"
"""The type of a picture whose address does not show it; the API wants one."""

_UNPARSED = (msgspec.DecodeError, ValueError, RecursionError)


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
    if url.startswith("data:"):
        head, _, data = url[5:].partition(",")
        media_type = head.partition(";")[0] or _FALLBACK
        return {"inlineData": {"mimeType": media_type, "data": data}}
    if url:
        return {"fileData": {"mimeType": image.media_type or _guess(url), "fileUri": url}}
    return {"inlineData": {"mimeType": image.media_type or _FALLBACK, "data": image.data or ""}}


def _guess(url: str) -> str:
    ending = url.partition("?")[0].partition("#")[0].rpartition(".")[2].lower()
    return _MEDIA_TYPES.get(ending, _FALLBACK)


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
    found = parsed(text)
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


def parsed(text: str) -> dict[str, Any] | None:
    """``text`` as a JSON object; ``None`` where it is not one."""
    try:
        found = msgspec.json.decode(text)
    except _UNPARSED:
        return None
    return mapping(found) if isinstance(found, dict) else None


def compact(value: Mapping[str, Any]) -> str:
    """``value`` in the shortest JSON; empty where JSON cannot say it."""
    try:
        return msgspec.json.encode(value).decode()
    except (*_UNPARSED, TypeError, OverflowError):
        return ""
