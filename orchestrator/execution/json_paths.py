"""Fields of a payload by their paths: found, removed, replaced on a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from orchestrator.dialects import Payload
from orchestrator.dialects.shape import Path

_EACH = "*"
"""In a path: each item of a list."""

_GONE = object()


def find_values(payload: Payload, paths: Iterable[Path]) -> list[Any]:
    """The values at those of ``paths`` that lead to one; ``None`` is none."""
    values = (value for path in paths for value in _at(payload, path))
    return [value for value in values if value is not None]


def remove_fields(payload: Payload, paths: Iterable[Path]) -> Payload:
    """A copy without the fields at ``paths``; an object that is left empty goes too."""
    return replace_values(payload, paths, lambda _: _GONE)


def replace_values(payload: Payload, paths: Iterable[Path], by: Callable[[Any], Any]) -> Payload:
    """A copy with ``by`` done to the values at ``paths``."""
    for path in paths:
        payload = _changed(payload, path, by)
    return payload


def _at(value: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield value
    elif path[0] == _EACH:
        for item in value if isinstance(value, list | tuple) else ():
            yield from _at(item, path[1:])
    elif isinstance(value, Mapping):
        yield from _at(value.get(path[0]), path[1:])


def _changed(value: Any, path: Path, by: Callable[[Any], Any]) -> Any:
    if not path:
        return by(value)
    name, rest = path[0], path[1:]
    if name == _EACH:
        is_listed = isinstance(value, list | tuple)
        return [_changed(item, rest, by) for item in value] if is_listed else value
    if not isinstance(value, Mapping) or name not in value:
        return value
    changed = _changed(value[name], rest, by)
    if changed == value[name]:
        return value
    # What held nothing else would be refused as empty: `reasoning: {}`.
    if changed is _GONE or (rest and not changed):
        return {key: inner for key, inner in value.items() if key != name}
    return {**value, name: changed}
