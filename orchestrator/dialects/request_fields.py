"""Fields of a caller's request, checked: what is of another type is the caller's to mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")

_KINDS: Mapping[type, str] = {bool: "true or false", int: "a whole number", str: "text"}


class RequestError(ValueError):
    """The request cannot be sent to anybody as it is; the caller must change it."""


def kind_of(value: object) -> str:
    """What ``value`` is, in words that follow "is"."""
    if value is None:
        return "missing"
    if isinstance(value, Mapping):
        names = ", ".join(map(repr, list(value)[:5]))
        return f"a mapping with the keys {names}" if names else "an empty mapping"
    return f"of type {type(value).__name__}"


def typed_field(fields: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """The field where it is of that kind; ``None`` where it is missing.

    Raises:
        RequestError: It is something else.
    """
    value = fields.get(name)
    if value is None or (isinstance(value, kind) and isinstance(value, bool) is (kind is bool)):
        return value
    raise RequestError(f"{name!r} is {kind_of(value)}; allowed: {_KINDS[kind]}")


def number_field(fields: Mapping[str, Any], name: str) -> float | None:
    """The number of that name; ``None`` where it is missing.

    Raises:
        RequestError: It is something else.
    """
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise RequestError(f"{name!r} is {kind_of(value)}; allowed: a number")
    return value


def list_field(fields: Mapping[str, Any], name: str) -> list[Any]:
    """The list of that name; empty where it is missing.

    Raises:
        RequestError: It is something else.
    """
    value = fields.get(name)
    if value is None or isinstance(value, list | tuple):
        return list(value or ())
    raise RequestError(f"{name!r} is {kind_of(value)}; allowed: a list")


def mapping_field(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object of that name; empty where it is missing.

    Raises:
        RequestError: It is something else.
    """
    value = fields.get(name)
    if not isinstance(value, Mapping | None):
        raise RequestError(f"{name!r} is {kind_of(value)}; allowed: a mapping")
    return value or {}
