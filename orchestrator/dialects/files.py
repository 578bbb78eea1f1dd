"""Files in messages: what kind they are, and the addresses that are the content itself."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from orchestrator.dialects.neutral import File, Image

PDF = "application/pdf"
_BASE64 = ";base64"
TEXT = "text/plain"

_MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "pdf": PDF,
        "txt": TEXT,
        "md": "text/markdown",
        "csv": "text/csv",
        "html": "text/html",
        "htm": "text/html",
        "xml": "text/xml",
        "json": "application/json",
        "rtf": "text/rtf",
        "doc": "application/msword",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "png": "image/png",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "gif": "image/gif",
        "webp": "image/webp",
        "heic": "image/heic",
        "heif": "image/heif",
        "bmp": "image/bmp",
        "wav": "audio/wav",
        "mp3": "audio/mp3",
        "mp4": "video/mp4",
    }
)
"""By the ending of a name; of IANA, but ``audio/mp3``, as Google spells it
(https://ai.google.dev/gemini-api/docs/audio, 2026-11-29)."""

_TEXTUAL = frozenset({"application/json", "application/xml", "application/javascript"})
_AUDIO = MappingProxyType({"audio/mpeg": "mp3", "audio/x-wav": "wav", "audio/wave": "wav"})
"""Other spellings of a sound's type."""


def media_type_of(name: str) -> str | None:
    """The media type that the ending of a file's name or address shows."""
    path = name.partition("?")[0].partition("#")[0]
    ending = path.rpartition("/")[2].rpartition(".")[2].lower()
    return _MEDIA_TYPES.get(ending)


def name_for(file: File) -> str:
    """The file's name, or one for its type: some vendors demand one."""
    if file.name:
        return file.name
    endings = (ending for ending, kind in _MEDIA_TYPES.items() if kind == file.media_type)
    return f"file.{next(endings, 'bin')}"


def is_public(address: str) -> bool:
    """True for an address that anybody may open; Google's own files are for Google alone."""
    kept = address.startswith("https://generativelanguage.googleapis.com/")
    return address.startswith(("https://", "http://")) and not kept


def is_data(address: str) -> bool:
    """True for an address that is the content itself."""
    return address[:5].lower() == "data:"


def taken_apart(address: str) -> tuple[str | None, str]:
    """The media type and the content in base64 of an address that is the content itself."""
    head, _, content = address[5:].partition(",")
    media_type, *rest = head.split(";")
    if "base64" not in (part.strip().lower() for part in rest):
        content = base64.b64encode(unquote_to_bytes(content)).decode()
    return media_type.strip().lower() or None, content


def data_address(file: File) -> str:
    """The address that is the content itself."""
    return f"data:{file.media_type or PDF};base64,{file.data}"


def given_file(
    content: str | None,
    *,
    name: str = "",
    id: str | None = None,  # noqa: A002 - what vendors call it
    keeper: str = "",
    cache: bool = False,
    place: str = "",
) -> File | Image:
    """A file as OpenAI's dialects give one; one that is a picture is a picture.

    Args:
        content: A ``data:`` address, the content in base64, or an address: relays take one in
            the same field (https://openrouter.ai/docs/features/multimodal/pdfs, 2026-11-29).
        name: The name of the file.
        id: The id under which it is kept.
        keeper: Who keeps it.
        cache: True where a cached prefix ends here.
        place: Where it stands in the request.
    """
    known = media_type_of(name)
    if not content:
        return File(known, id=id, keeper=keeper, name=name, cache=cache, place=place)
    if is_public(content):
        kind = known or media_type_of(content)
        return File(kind, url=content, name=name, cache=cache, place=place)
    media_type, data = taken_apart(content) if is_data(content) else (None, content)
    kind = media_type or known or PDF
    if kind.startswith("image/"):
        return Image(media_type=kind, data=data, cache=cache, place=place)
    return File(kind, data, name=name, cache=cache, place=place)


def given_image(url: str, *, detail: str | None, cache: bool, place: str) -> Image:
    """A picture as OpenAI's dialects give one: by its address, which may be the content."""
    head, _, data = url.partition(",")
    if is_data(url) and head.endswith(_BASE64):
        kind = head[len("data:") : -len(_BASE64)] or None
        return Image(media_type=kind, data=data, detail=detail, cache=cache, place=place)
    return Image(url=url, detail=detail, cache=cache, place=place)


def sound(data: str, form: str, *, cache: bool = False, place: str = "") -> File:
    """A sound by value; ``form`` is such as ``wav``."""
    return File(f"audio/{form}", data, cache=cache, place=place)


def sound_form(file: File) -> str:
    """What a sound's type is called in short: ``wav``, ``mp3``."""
    media_type = file.media_type or ""
    return _AUDIO.get(media_type, media_type.partition("/")[2])


def text_of(file: File) -> str | None:
    """What a file of words says; ``None`` for any other."""
    media_type = file.media_type or ""
    if file.data is None or not (media_type.startswith("text/") or media_type in _TEXTUAL):
        return None
    try:
        return base64.b64decode(file.data).decode()
    except (binascii.Error, ValueError):
        return None


def of_text(text: str, *, name: str = "", cache: bool = False, place: str = "") -> File:
    """A file of plain words."""
    data = base64.b64encode(text.encode("utf-8", "replace")).decode()
    return File(TEXT, data, name=name, cache=cache, place=place)
