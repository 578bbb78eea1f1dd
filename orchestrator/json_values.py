"""Values that JSON can say: what a caller hands in is judged, or made legible for a record.

An encoder that is lenient changes what it is given: bytes become base64, ``nan`` becomes
``null``, a set a list in some order, a ``Decimal`` a text. What is sent to a model is therefore
judged first, and refused with its place. What is only written down is made legible instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

DEEPEST = 100
"""Levels of a request: far above any schema that a vendor takes (OpenAI: 10 levels, its guide
to structured outputs, 2026-11), and far below where Python's own stack ends."""

MOST = 1_000_000
"""Values in a request. A list that holds the same list twice, and so on, is small in memory
and endless when it is written."""

_LEAST_NUMBER, _MOST_NUMBER = -(2**63), 2**64 - 1
"""What JSON readers take as whole numbers; others they round or refuse."""

_SHALLOW = 16
_FEW = 10_000
_LONG = 1_000
"""Levels and values of what is made legible, and characters of what is told of an object."""


_MANY = f"is more than {MOST:,} values, or holds one thing many times over"


class NotJson(ValueError):
    """A value that JSON cannot say.

    Attributes:
        what: What it is, in words.
        steps: The keys and places that lead to it, the innermost first.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.steps: list[str | int] = []

    def place(self, root: str) -> str:
        """Where it stands: ``messages[1].content[0]``; ``root`` where it is the whole value."""
        text = ""
        for step in reversed(self.steps):
            if isinstance(step, int):
                text += f"[{step}]"
            else:
                named = step.replace("-", "_").isidentifier() and len(step) <= _NAMED
                text += f".{step}" if named else f"[{step[:_NAMED]!r}]"
        return text.removeprefix(".") or root


_NAMED = 60


def checked(value: Any) -> Any:
    """``value`` in the types that JSON has; the very same where it is made of them.

    Objects with ``model_dump()``, as clients of vendors return them, become what they dump, at
    any place; what was never set in one is left out. Other mappings become dicts, other
    sequences lists, and a text or number of a class of its own (an ``enum.StrEnum``) a plain one.

    Raises:
        NotJson: Something in it has no such type.
    """
    return _Check().value(value, 0)


def _is_all_text(value: dict[Any, Any]) -> bool:
    # Two or three: a generator, or sets of their types, take twice as long.
    for key, part in value.items():  # noqa: SIM110
        if type(key) is not str or type(part) is not str:
            return False
    return True


class _Check:
    """One look through a value."""

    def __init__(self) -> None:
        self._left = MOST

    def value(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is int or kind is float:
            return _number(value)
        if kind is dict:
            return self._mapping(value, depth)
        if kind is list:
            return self._sequence(value, depth)
        return self._other(value, depth)

    def _mapping(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        self._enter(value, depth)
        changed: dict[str, Any] = {}
        for key, part in value.items():
            if type(key) is not str:
                raise NotJson(f"has the key {_told(key)}, which is no text")
            kind = type(part)
            # Most of a conversation: a call each would double the time.
            if kind is str or kind is bool or part is None:
                continue
            try:
                is_list = kind is list
                made = self._sequence(part, depth + 1) if is_list else self.value(part, depth + 1)
            except NotJson as error:
                error.steps.append(key)
                raise
            if made is not part:
                changed[key] = made
        return {**value, **changed} if changed else value

    def _sequence(self, value: list[Any], depth: int) -> list[Any]:
        self._enter(value, depth)
        changed: dict[int, Any] = {}
        inside, counted = depth + 1 < DEEPEST, 0
        for index, part in enumerate(value):
            # Most messages of a conversation, in a fifth of the time.
            if inside and type(part) is dict and _is_all_text(part):
                counted += len(part)
                continue
            try:
                made = self.value(part, depth + 1)
            except NotJson as error:
                error.steps.append(index)
                raise
            if made is not part:
                changed[index] = made
        if counted:
            self._count(counted)
        return [changed.get(at, part) for at, part in enumerate(value)] if changed else value

    def _enter(self, value: Any, depth: int) -> None:
        if depth >= DEEPEST:
            raise NotJson(f"lies more than {DEEPEST} levels deep, or holds itself")
        self._left -= len(value)
        if self._left < 0:
            raise NotJson(_MANY)

    def _count(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise NotJson(_MANY)

    def _other(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return _number(int(value))
        if isinstance(value, float):
            return _number(float(value))
        if callable(getattr(value, "model_dump", None)):
            return self.value(_dumped(value), depth)
        if isinstance(value, Mapping):
            return self._mapping(dict(value.items()), depth)
        if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
            return self._sequence(list(value), depth)
        raise NotJson(f"is of type {type(value).__name__}, which JSON cannot say")


def _number(value: float) -> float:
    if isinstance(value, int):
        if _LEAST_NUMBER <= value <= _MOST_NUMBER:
            return value
        raise NotJson("is a whole number of more than 64 bits")
    if math.isfinite(value):
        return value
    raise NotJson(f"is {value}, which JSON cannot say")


def _dumped(value: Any) -> Any:
    """What an object dumps, without what was never set in it, as clients send it themselves."""
    try:
        try:
            dumped = value.model_dump(exclude_unset=True)
        except TypeError:
            dumped = value.model_dump()
    except Exception as error:
        name, why = type(value).__name__, type(error).__name__
        raise NotJson(f"is of type {name}, whose model_dump() raised {why}") from error
    if isinstance(dumped, Mapping | list):
        return dumped
    name, found = type(value).__name__, type(dumped).__name__
    raise NotJson(f"is of type {name}, whose model_dump() gave a {found}")


def legible(value: Any) -> Any:
    """``value`` for a record: what JSON cannot say as text, and cut where it is deep or long.

    Never raises, whatever it is given; the result is a copy, so that a record stays as it was
    written whatever becomes of the value.
    """
    return {} if type(value) is dict and not value else _Legible().value(value, 0)


class _Legible:
    """One value that is being made legible."""

    def __init__(self) -> None:
        self._left = _FEW

    def value(self, value: Any, depth: int) -> Any:
        try:
            return self._value(value, depth)
        except Exception:  # noqa: BLE001 - foreign code: a __len__, an __iter__, a __repr__
            return f"<{type(value).__name__}>"

    def _value(self, value: Any, depth: int) -> Any:
        self._left -= 1
        kind = type(value)
        if kind is bool or value is None:
            return value
        if kind is str:
            return _writable(value)
        if kind is int or kind is float:
            return value if _is_sayable(value) else str(value)[:_LONG]
        if not isinstance(value, Mapping | list | tuple):
            return _told(value)
        if depth >= _SHALLOW or self._left < 0:
            return "…"
        if isinstance(value, Mapping):
            return {
                _writable(key if type(key) is str else _told(key)): self.value(part, depth + 1)
                for key, part in self._some(value.items())
            }
        return [self.value(part, depth + 1) for part in self._some(value)]

    def _some(self, parts: Any) -> Any:
        """As many of ``parts`` as there is room for."""
        return [part for part, _ in zip(parts, range(max(0, self._left)), strict=False)]


def _is_sayable(number: float) -> bool:
    try:
        return bool(_number(number) == number)
    except NotJson:
        return False


def _writable(text: str) -> str:
    """``text`` without halves of characters, which no file takes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _told(value: object) -> str:
    """The repr of ``value``, or its type where it has none that can be written."""
    try:
        return _writable(repr(value)[:_LONG])
    except Exception:  # noqa: BLE001 - a __repr__ may raise anything
        return f"<{type(value).__name__}>"
