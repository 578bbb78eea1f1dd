"""The lines of a config's text at which its keys stand, for errors alone.

A statement of TOML (a header, or ``key = value``) is also a TOML text of its own. So the text
is cut into statements, which takes no more than to know where strings, comments and brackets
end, and what each says is left to ``tomllib``: quoted and dotted keys, inline tables, all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

import attrs

_TOKEN = re.compile(
    r'''(?P<string>"""(?:\\.|[^\\])*?"""(?:"{0,2})   # up to two quotes may stand before the end
      |\'\'\'.*?\'\'\'(?:'{0,2})
      |"(?:\\.|[^"\\\n])*"
      |'[^'\n]*')
      |(?P<comment>\#[^\n]*)
      |(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)|(?P<newline>\n)|(?P<blank>[ \t\r]+)
      |(?P<other>[^\s\[\]{},#"']+|.)''',
    re.VERBOSE | re.DOTALL,
)

_NOT_TOML = re.compile(r"\(at line (\d+), column")

_DEEPEST = 16
"""Keys of a path whose line is looked up: a config has no deeper ones, and a key of a thousand
parts would take minutes."""


class _Placed(Protocol):
    """A record that says where something stands, by the key's path."""

    @property
    def where(self) -> str: ...

    @property
    def line(self) -> int | None: ...


Record = TypeVar("Record", bound=_Placed)


def with_lines(text: str, records: Iterable[Record]) -> tuple[Record, ...]:
    """``records`` with the line of each, counted from 1; ``None`` where the file has none.

    Of a key that is missing it is the line of the table that lacks it.

    Args:
        text: The file; where it is no TOML, no line is known.
        records: Each with a ``where``, such as ``providers.corp.rules[0]``.
    """
    listed = tuple(records)
    if not any(one.where for one in listed):
        return listed
    known = _lines(text)
    # Both kinds of records are attrs classes, which no protocol can say to a type checker.
    return tuple(attrs.evolve(one, line=_nearest(known, one.where)) for one in listed)  # type: ignore[misc]


def line_of_error(error: tomllib.TOMLDecodeError) -> int | None:
    """The line that ``tomllib`` names; ``None`` at the end of the text."""
    named = _NOT_TOML.search(str(error))
    return int(named[1]) if named else None


def _nearest(known: Mapping[str, int], where: str) -> int | None:
    """The line of ``where``, or of the innermost table around it that is there."""
    while where:
        if where in known:
            return known[where]
        where = where[: max(where.rfind("."), where.rfind("["), 0)]
    return None


def _lines(text: str) -> dict[str, int]:
    """The line of every path in ``text``, however an error may spell it."""
    found: dict[str, int] = {}
    table: tuple[str | int, ...] = ()
    lists: dict[tuple[str | int, ...], int] = {}
    for statement in _statements(text.removeprefix("\ufeff").replace("\r\n", "\n")):
        try:
            said = tomllib.loads(statement.text)
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}
        if statement.text.lstrip().startswith("["):
            table = _header(said, lists)
            _note(found, table, statement.line)
            continue
        for path, line in _paths(said, table, statement):
            _note(found, path, line)
    return found


def _note(found: dict[str, int], path: tuple[str | int, ...], line: int) -> None:
    """Note ``path``, and the tables around it that nothing named before it.

    But for the outermost: what is wrong with one provider is not told at another's line.
    """
    for length in range(min(2, len(path)), min(len(path), _DEEPEST) + 1):
        for spelt in _spellings(path[:length]):
            found.setdefault(spelt, line)


def _header(said: Mapping[str, Any], lists: dict[tuple[str | int, ...], int]) -> tuple[Any, ...]:
    """The path of the table that a header opens; a list's tables are counted in ``lists``."""
    path: tuple[str | int, ...] = ()
    value: Any = said
    while isinstance(value, dict) and value:
        ((name, value),) = value.items()
        path += (name,)
        if isinstance(value, list):  # [[a.list]]
            lists[path] = lists.get(path, -1) + 1
        if path in lists:
            path += (lists[path],)
    return path


def _paths(
    value: Any, path: tuple[str | int, ...], statement: _Statement
) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Every path that ``key = value`` brings; the entries of a list have lines of their own."""
    if len(path) >= _DEEPEST:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name), statement.line
            yield from _paths(inner, (*path, name), statement)
    elif isinstance(value, list):
        own = statement.entries if len(statement.entries) == len(value) else ()
        for index, inner in enumerate(value):
            line = own[index] if own else statement.line
            yield (*path, index), line
            yield from _paths(inner, (*path, index), attrs.evolve(statement, line=line, entries=()))


def _spellings(path: tuple[str | int, ...]) -> set[str]:
    """``targets."corp/m".context``: as errors write it, with and without the quotes."""
    return {_spelt(path, quoted=True), _spelt(path, quoted=False)}


def _spelt(path: tuple[str | int, ...], *, quoted: bool) -> str:
    words = ""
    for step in path:
        if isinstance(step, int):
            words += f"[{step}]"
        else:
            bare = not quoted or step.replace("_", "a").replace("-", "a").isalnum()
            words += f".{step}" if bare else f'."{step}"'
    return words.removeprefix(".")


@attrs.frozen
class _Statement:
    """A header, or ``key = value``, over as many lines as it takes.

    Attributes:
        text: The statement.
        line: Where it begins.
        entries: Where each entry of its outermost bracket begins.
    """

    text: str
    line: int
    entries: tuple[int, ...] = ()


def _statements(text: str) -> Iterator[_Statement]:
    """The statements of a text; blank lines and comments are none."""
    line, began, start, depth = 1, 0, 0, 0
    entries: list[int] = []
    due = False
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "newline" and not depth:
            if began:
                yield _Statement(text[start : token.start()], began, tuple(entries))
            began, entries = 0, []
        elif kind not in ("newline", "blank", "comment"):
            if not began:
                began, start = line, token.start()
            if due and kind != "close":
                entries.append(line)
            depth += {"open": 1, "close": -1}.get(str(kind), 0)
            due = depth == 1 and kind in ("open", "comma")
        line += token[0].count("\n")
    if began:
        yield _Statement(text[start:], began, tuple(entries))
