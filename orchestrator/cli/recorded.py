"""An HTTP answer as a person has it at hand: what ``curl -i`` printed, or a body alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

_STATUS_LINE = re.compile(r"HTTP/\d(?:\.\d)?\s+(\d{3})(?:\s.*)?", re.ASCII)


@attrs.frozen
class Recorded:
    """An HTTP answer in parts.

    Attributes:
        status: The status, ``None`` where there is no status line.
        headers: Names in lower case; repeated ones joined by ``", "``.
        body: What follows the empty line; all of it where there is no status line.
    """

    status: int | None
    headers: Mapping[str, str]
    body: str


def read(text: str) -> Recorded:
    """The answer in ``text``; the last one where curl printed several.

    Curl prints one block of headers for a proxy's ``200 Connection established``, for
    ``100 Continue`` and for each redirect, and only the last has the body.
    """
    answer = _block(text.replace("\r\n", "\n").lstrip("\n"))
    while _STATUS_LINE.fullmatch(_first_line(answer.body)):
        answer = _block(answer.body)
    return answer


def _block(text: str) -> Recorded:
    matched = _STATUS_LINE.fullmatch(_first_line(text))
    if matched is None:
        return Recorded(None, {}, text)
    head, _, body = text.partition("\n\n")
    return Recorded(int(matched[1]), headers(head.split("\n")[1:]), body.lstrip("\n"))


def headers(lines: list[str]) -> Mapping[str, str]:
    """Headers by lower-case name, from lines ``Name: value``; other lines are passed over."""
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            continue
        key = name.strip().lower()
        found[key] = f"{found[key]}, {value.strip()}" if key in found else value.strip()
    return found


def _first_line(text: str) -> str:
    return text.partition("\n")[0].strip()
