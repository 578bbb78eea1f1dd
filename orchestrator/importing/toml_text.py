"""A document as the text of a config file, with a comment where one helps.

A template of its own: what is written has five kinds of values and must be read by people, while a
library for TOML writes no comments, or needs the text to exist before it can be commented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_WIDTH = 80
"""Columns; what is wider is written below each other."""
_ANY = 10**9
"""Columns of what must stay on one line."""

_TABLES_OF_TABLES = ("providers", "targets")
_INLINE = ("headers", "overrides", "timeouts")
"""Tables within a provider's or a target's, which are written on one line."""


def write_toml(document: Mapping[str, Any], head: str, comments: Mapping[str, str]) -> str:
    """The text of ``document``.

    Args:
        document: Tables, lists, texts, numbers and booleans.
        head: Lines that stand above it, as comments.
        comments: What stands behind the header of a table, or a key of ``routes``, by its path.
    """
    parts = ["\n".join(f"# {_on_one_line(line)}".rstrip() for line in head.splitlines())]
    parts.append("\n".join(_pairs("", document, comments)))
    for key, value in document.items():
        if key in _TABLES_OF_TABLES:
            for name, table in value.items():
                parts.append("\n".join(_table(f"{key}.{_key(name)}", table, comments)))
        elif isinstance(value, Mapping):
            parts.append("\n".join(_table(key, value, comments)))
    return "\n\n".join(filter(None, parts)) + "\n"


def _table(path: str, table: Mapping[str, Any], comments: Mapping[str, str]) -> Iterator[str]:
    yield f"[{path}]{_comment(comments.get(path))}"
    yield from _pairs(path, table, comments)
    for key, value in table.items():
        if isinstance(value, Mapping) and key not in _INLINE:
            yield ""
            yield from _table(f"{path}.{_key(key)}", value, comments)


def _pairs(path: str, table: Mapping[str, Any], comments: Mapping[str, str]) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, Mapping) and not (path and key in _INLINE):
            continue
        where = f"{path}.{key}" if path else key
        line, comment = f"{_key(key)} = ", _comment(comments.get(where))
        line += _value(value, _WIDTH - len(line))
        if comment and len(line + comment) > _WIDTH:
            yield comment.lstrip()
            comment = ""
        yield line + comment


def _comment(text: str | None) -> str:
    return f"  # {_on_one_line(text)}" if text else ""


def _on_one_line(text: str) -> str:
    """``text`` as a comment may hold it: TOML allows no control character there."""
    return "".join(one if one.isprintable() else " " for one in text)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: Any, room: int = _WIDTH) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float():
            return _number(value)
        case str():
            return _text(value)
        case Mapping():
            # TOML 1.0 allows no new line within it, so neither within what is in it.
            pairs = ", ".join(f"{_key(key)} = {_value(one, _ANY)}" for key, one in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case list() | tuple():
            return _list([_value(one, _ANY) for one in value], room)
    raise TypeError(f"TOML has no {type(value).__name__}")


def _number(value: float) -> str:
    """A number that is read as one with a fraction: ``1e16`` has neither dot nor exponent sign."""
    text = repr(value)
    return text if any(mark in text for mark in (".", "e", "n")) else f"{text}.0"


def _list(items: list[str], room: int) -> str:
    line = f"[{', '.join(items)}]"
    if len(line) <= room or not items:
        return line
    return "[\n" + "".join(f"    {item},\n" for item in items) + "]"


def _text(text: str) -> str:
    """A basic string (TOML 1.0): quotes, backslashes and what nobody sees are escaped.

    More than TOML asks for: a terminal obeys U+009B, and U+202E turns what follows around.
    """
    return f'"{"".join(map(_character, text))}"'


def _character(one: str) -> str:
    if one in _ESCAPED:
        return _ESCAPED[one]
    if one.isprintable():
        return one
    return f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}"
