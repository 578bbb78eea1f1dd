"""Objects that nobody can parse whole: cut off in the middle, or written as a console would."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:"((?:[^"\\]|\\.)*)("?)|'((?:[^'\\]|\\.)*)('?)|([{}\[\],:])|([^\s"'{}\[\],:]+))""",
    re.DOTALL,
)
_TOKENS = 2_048
"""Tokens that are looked at; the longest error seen has 400 (2026-11)."""
_DEPTH = 32
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_WORDS: dict[str, Any] = {
    "true": True, "True": True, "false": False, "False": False,
    "null": None, "None": None, "undefined": None,
}  # fmt: skip
_NUMBER = re.compile(r"-?\d{1,15}")


def decode_cut(text: str) -> Any:
    """The object or list at the beginning of ``text``, as far as it goes.

    What is open where the text ends is taken as closed there; a name without a value is left
    out. Names and texts may stand in either quotes, or in none. ``None`` where nothing that
    has a name or an item came. Never raises.
    """
    builder = _Builder()
    for mark, quoted, bare in _tokens(text):
        if not builder.take(mark, quoted, bare):
            break
    return builder.root or None


def _tokens(text: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Marks, quoted texts and bare words, in order; two of the three are empty."""
    for match in islice(_TOKEN.finditer(text), _TOKENS):
        double, _, single, _, mark, bare = match.groups()
        quoted = double if double is not None else single
        yield mark or "", None if quoted is None else _unescaped(quoted), bare


class _Builder:
    """Puts tokens together; what it has is always a whole value."""

    def __init__(self) -> None:
        self.root: Any = None
        self._open: list[dict[str, Any] | list[Any]] = []
        self._name: str | None = None
        self._value = False

    def take(self, mark: str, quoted: str | None, bare: str | None) -> bool:
        """Take in one token; False where the value is at its end, or there can be none."""
        if mark in ("{", "["):
            return self._begin({} if mark == "{" else [])
        if not self._open:
            return False
        if mark in ("}", "]"):
            self._open.pop()
            self._name, self._value = None, False
            return bool(self._open)
        if mark == ":":
            self._value = self._name is not None
        elif mark == ",":
            self._name, self._value = None, False
        else:
            self._add(quoted if quoted is not None else _plain(bare or ""))
        return True

    def _begin(self, value: dict[str, Any] | list[Any]) -> bool:
        if len(self._open) >= _DEPTH or (self.root is not None and not self._open):
            return False
        if self._open:
            self._put(value)
        else:
            self.root = value
        self._open.append(value)
        self._name, self._value = None, False
        return True

    def _add(self, value: Any) -> None:
        if isinstance(self._open[-1], dict) and not self._value:
            self._name = str(value)
        else:
            self._put(value)

    def _put(self, value: Any) -> None:
        holder = self._open[-1]
        if isinstance(holder, list):
            holder.append(value)
        elif self._value and self._name is not None:
            # The first of two of one name: what comes later may be somebody's words.
            holder.setdefault(self._name, value)
            self._value = False


def _plain(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    return int(word) if _NUMBER.fullmatch(word) else word


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    try:
        found = json.loads(f'"{text}"', strict=False)
    except ValueError:  # of single quotes, or cut off in an escape
        found = _ESCAPE.sub(_character, text)
    # JSON can spell half a character, which no file and no terminal takes.
    return str(found).encode("utf-8", "replace").decode()


def _character(match: re.Match[str]) -> str:
    code, letter = match.groups()
    return chr(int(code, 16)) if code else _CONTROLS.get(letter, letter)
