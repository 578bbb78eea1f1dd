"""Fields of a payload, wherever a dialect has them: found, removed, replaced on a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Payload = Mapping[str, Any]
Path = tuple[str, ...]


def found(payload: Payload, paths: Iterable[Path]) -> list[Any]:
    """The values at those of ``paths`` that lead to one; ``None`` is none."""
    values = (_at(payload, path) for path in paths)
    return [value for value in values if value is not None]


def removed(payload: Payload, paths: Iterable[Path]) -> Payload:
    """A copy without the fields at ``paths``; an object that is left empty goes too."""
    for path in paths:
        payload = _changed(payload, path, None)
    return payload


def replaced(payload: Payload, paths: Iterable[Path], by: Callable[[Any], Any]) -> Payload:
    """A copy with ``by`` done to the values at ``paths``."""
    for path in paths:
        payload = _changed(payload, path, by)
    return payload


def _at(value: Any, path: Path) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _changed(payload: Payload, path: Path, by: Callable[[Any], Any] | None) -> Payload:
    name, *rest = path
    if name not in payload:
        return payload
    others = {key: value for key, value in payload.items() if key != name}
    if not rest:
        return others if by is None else {**payload, name: by(payload[name])}
    inner = payload[name]
    if not isinstance(inner, Mapping):
        return payload
    changed = _changed(inner, tuple(rest), by)
    if changed == inner:
        return payload
    return {**payload, name: changed} if changed else others
