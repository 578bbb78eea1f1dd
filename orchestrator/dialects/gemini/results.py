"""Pictures and the results of functions, both ways.

A function's result is a JSON object. One whose only key is ``output`` or ``error`` is that
text; any other object is itself, in the shortest JSON, so that both directions say the
same: https://ai.google.dev/api/caching#FunctionResponse (2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from orchestrator.dialects.gemini.words import field
from orchestrator.dialects.neutral import Image, Text, ToolResult
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


def read_image(part: Mapping[str, Any]) -> Image | None:
    """The picture in ``part``; ``None`` where there is none, or it is another kind of file."""
    inline, file = field(part, "inlineData"), field(part, "fileData")
    if isinstance(inline, dict):
        media_type, data = string(field(inline, "mimeType")), inline.get("data")
        if media_type.startswith("image/") and isinstance(data, str):
            return Image(media_type=media_type, data=data)
    if isinstance(file, dict):
        media_type, url = string(field(file, "mimeType")), string(field(file, "fileUri"))
        if media_type.startswith("image/") and url:
            return Image(url=url, media_type=None if media_type == _guess(url) else media_type)
    return None


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


def read_result(response: Mapping[str, Any], call: str) -> ToolResult:
    """A ``functionResponse``; ``call`` is the id of its call."""
    said = field(response, "response")
    parts: list[Text | Image] = []
    error = False
    if isinstance(said, dict) and said:
        text = _sole(said)
        error = text is not None and "error" in said
        parts.append(Text(compact(said) if text is None else text))
    pictures = (read_image(part) for part in mappings(response.get("parts")))
    parts += [picture for picture in pictures if picture is not None]
    return ToolResult(call, tuple(parts), error, name=string(response.get("name")))


def whole(response: Mapping[str, Any]) -> bool:
    """True where :func:`read_result` takes all of ``response``."""
    pictures = response.get("parts") or []
    known = {"id", "name", "response", "parts"}
    return set(response) <= known and all(
        isinstance(part, dict) and read_image(part) is not None and len(part) == 1
        for part in (pictures if isinstance(pictures, list) else [None])
    )


def write_result(result: ToolResult, name: str) -> dict[str, Any]:
    """A ``functionResponse`` part; texts become one, pictures come after them."""
    texts = [part.text for part in result.parts if isinstance(part, Text)]
    pictures = [write_image(part) for part in result.parts if isinstance(part, Image)]
    said: dict[str, Any] = {"name": name}
    if result.id:
        said["id"] = result.id
    said["response"] = _said("\n".join(texts), error=result.error) if texts or result.error else {}
    if pictures:
        said["parts"] = pictures
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
