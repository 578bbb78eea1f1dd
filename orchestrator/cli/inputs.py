"""Inputs of the commands: prompts, request files, recorded answers, durations."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import msgspec

from orchestrator.cli.exit_codes import UsageError
from orchestrator.config.scalars import seconds as parsed

_STATUS_LINE = re.compile(r"HTTP/\d(?:\.\d)?\s+(\d{3})(?:\s.*)?", re.ASCII)

STANDARD_INPUT = "-"
"""The file name that means standard input."""


def standard_input() -> str:
    """All of standard input as text; bytes that are no UTF-8 are replaced.

    Raises:
        UsageError: It is closed.
    """
    return read_bytes(STANDARD_INPUT).decode("utf-8", "replace")


def is_piped() -> bool:
    """Whether something other than a person at a terminal writes to standard input."""
    return sys.stdin is not None and not sys.stdin.closed and not sys.stdin.isatty()


def read_text(path: str) -> str:
    """The text of a file, or of standard input for ``-``.

    Raises:
        OSError: It cannot be read.
    """
    return read_bytes(path).decode("utf-8", "replace")


def read_bytes(path: str, most: int = -1) -> bytes:
    """The bytes of a file, or of standard input for ``-``.

    Args:
        path: The file.
        most: How many are read; all of them where it is negative.

    Raises:
        UsageError: Standard input is closed.
        OSError: It cannot be read.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:  # Python's word for a descriptor that was closed before it began
            raise UsageError("standard input is closed; allowed: a file, or text on stdin")
        return sys.stdin.buffer.read(most)
    with Path(path).open("rb") as file:
        return file.read(most)


def read_payload(prompt: Sequence[str], file: str | None) -> Mapping[str, Any]:
    """The request in chat-completions shape: from the words, the file, or standard input.

    Raises:
        UsageError: There is none, or two.
        OSError: The file cannot be read.
    """
    if prompt and file is not None:
        raise UsageError("both a prompt and --file are given; allowed: one of them")
    if prompt:
        words = " ".join(prompt)
        if not words.strip():
            raise UsageError("the prompt is blank; allowed: words")
        return _user_message(words)
    if file is not None:
        return _request(read_text(file), "standard input" if file == STANDARD_INPUT else file)
    if not is_piped():
        raise UsageError("no prompt; allowed: words, --file REQUEST.json, or text on stdin")
    return _text_or_request(standard_input())


def read_duration(value: str | None, option: str) -> float | None:
    """The seconds in ``30``, ``30s`` or ``5m``; ``None`` where nothing is given.

    Raises:
        UsageError: It is no duration above 0.
    """
    if value is None:
        return None
    try:
        number: object = float(value)
    except ValueError:
        number = value
    try:
        return parsed(number)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def is_same_file(one: Path, other: Path) -> bool:
    """Whether both paths lead to one file."""
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there yet
        return one.absolute() == other.absolute()


def check_writable(file: Path) -> None:
    """Notice before the work that its result could not be written to ``file`` after it.

    Raises:
        UsageError: There is no such folder, or it or the file may not be written.
    """
    folder = file.absolute().parent
    if file.is_dir():
        raise UsageError(f"{file}: it is a folder; name a file in it")
    if not folder.is_dir():
        raise UsageError(f"{file}: there is no folder {file.parent}")
    if not os.access(file if file.exists() else folder, os.W_OK):
        what = "the file" if file.exists() else f"in {file.parent}"
        raise UsageError(f"{file}: you may not write {what}")


def decoded(text: str) -> Any:
    """``text`` as JSON, or ``None`` where it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _user_message(text: str) -> Mapping[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def _text_or_request(text: str) -> Mapping[str, Any]:
    value = decoded(text) if text.lstrip().startswith("{") else None
    if isinstance(value, dict) and "messages" in value:
        return _whole(value)
    if value is None and text.lstrip().startswith("{") and '"messages"' in text:
        # Sent as words it would cost money and answer a question that nobody asked.
        return _request(text, "standard input")
    if not text.strip():
        raise UsageError("standard input is empty; allowed: text, or a JSON object with 'messages'")
    return _user_message(text.rstrip("\n"))


def _request(text: str, name: str) -> Mapping[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UsageError(f"{name} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError(f"{name} holds a JSON {_kind(value)}; allowed: an object with 'messages'")
    return _whole(value)


def _whole(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request without ``stream``: what is shown is the whole answer either way."""
    return {name: value for name, value in request.items() if name != "stream"}


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "list"
    return "text" if isinstance(value, str) else "value"


@attrs.frozen
class HttpAnswer:
    """An HTTP answer in parts.

    Attributes:
        status: The status, ``None`` where there is no status line.
        headers: Names in lower case; repeated ones joined by ``", "``.
        body: What follows the empty line; all of it where there is no status line.
    """

    status: int | None
    headers: Mapping[str, str]
    body: str


def read_answer(text: str) -> HttpAnswer:
    """The answer in ``text``; the last one where curl printed several.

    Curl prints one block of headers for a proxy's ``200 Connection established``, for
    ``100 Continue`` and for each redirect, and only the last has the body.
    """
    answer = _block(text.replace("\r\n", "\n").lstrip("\n"))
    while _STATUS_LINE.fullmatch(_first_line(answer.body)):
        answer = _block(answer.body)
    return answer


def _block(text: str) -> HttpAnswer:
    matched = _STATUS_LINE.fullmatch(_first_line(text))
    if matched is None:
        return HttpAnswer(None, {}, text)
    head, _, body = text.partition("\n\n")
    return HttpAnswer(int(matched[1]), read_headers(head.split("\n")[1:]), body.lstrip("\n"))


def read_headers(lines: list[str]) -> Mapping[str, str]:
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
