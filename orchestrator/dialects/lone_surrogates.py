"""Halves of characters in a request: JSON cannot say them, and no model can read them.

They come from text that was cut in the middle of a pair, or decoded with
``surrogateescape``. Two halves that belong together are one character again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from orchestrator.dialects.wire import UNSAYABLE

_HALF = re.compile("[\ud800-\udfff]")
_MOST_PLACES = 3


def without_lone_surrogates(payload: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """``payload`` with U+FFFD in the place of each lone half, and the note on it.

    The very same payload, and no note, where there is none.
    """
    try:
        # Whole requests have none, and a long conversation is written faster than it is walked.
        msgspec.json.encode(payload)
    except UNSAYABLE:
        return _with_note(payload)
    return payload, ""


def _with_note(payload: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    places: list[str] = []
    mended = _mended(payload, "", places)
    if not places:
        return payload, ""
    more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    told = ", ".join(places[:_MOST_PLACES])
    return mended, f"lone surrogates replaced in {told}{more}"


def _mended(value: Any, where: str, places: list[str]) -> Any:
    if isinstance(value, str):
        return _text(value, where, places)
    if isinstance(value, Mapping):
        return {
            _text(name, where, places): _mended(one, _at(where, name), places)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_mended(one, f"{where}[{index}]", places) for index, one in enumerate(value)]
    return value


def _at(where: str, name: Any) -> str:
    name = str(name).encode("utf-8", "replace").decode()
    return f"{where}.{name}" if where else name


def _text(text: Any, where: str, places: list[str]) -> Any:
    # Asked first, since nearly all text is ASCII and says so at no cost.
    if not isinstance(text, str) or text.isascii() or _HALF.search(text) is None:
        return text
    places.append(where or "the request")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
