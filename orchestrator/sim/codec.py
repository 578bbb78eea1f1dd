"""Scripts and received requests as JSON, so that they can go to another process."""

from __future__ import annotations

import base64
import enum
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs

from orchestrator.sim.received import Received
from orchestrator.sim.reply import Completion, Cut, Ending, Framing, Reply
from orchestrator.sim.script import AnyScript, Script, ScriptError, as_script, nearest

T = TypeVar("T")
_Reader = Callable[[Any, str], Any]


def dump(value: Any) -> Any:
    """``value`` as JSON data; what is as by default is left out, bytes become base64."""
    match value:
        case enum.Enum():
            return value.value
        case bytes():
            return {"base64": base64.b64encode(value).decode("ascii")}
        case Mapping():
            return {name: dump(item) for name, item in value.items()}
        case list() | tuple():
            return [dump(item) for item in value]
        case Script() | Reply() | Completion() | Cut() | Received():
            return {
                field.name: dump(getattr(value, field.name))
                for field in attrs.fields(type(value))
                if getattr(value, field.name) != _default(field)
            }
        case _:
            return value


def dump_script(script: AnyScript) -> Any:
    """A script as JSON data; :func:`load_script` reads it back."""
    return dump(as_script(script))


def load_scripts(data: Any) -> dict[str, Script]:
    """The scripts of a file, by provider.

    Raises:
        ScriptError: Something in it is not known or not allowed; says where.
    """
    scripts: dict[str, Script] = _map_of(load_script)(data, "")
    return scripts


def load_script(data: Any, where: str = "script") -> Script:
    """A script from JSON data; one reply, or a list of them, will do.

    Raises:
        ScriptError: Something in it is not known or not allowed; says where.
    """
    if isinstance(data, list):
        return Script(_replies(data, where))
    if isinstance(data, Mapping) and data and data.keys() <= _REPLY.keys():
        return Script((_load(Reply, _REPLY, data, where),))
    if isinstance(data, Mapping):
        # Whoever mistypes the field of a reply is told of those that a reply has.
        _check_names(data, {**_SCRIPT, **_REPLY}, where)
    return _load(Script, _SCRIPT, data, where)


def load_received(data: Mapping[str, Any]) -> Received:
    """A received request from JSON data."""
    return Received(**({"body": None, "credential": None} | dict(data)))


def _default(field: attrs.Attribute[Any]) -> Any:
    factory = getattr(field.default, "factory", None)
    return field.default if factory is None else factory()


def _load(kind: Callable[..., T], readers: Mapping[str, _Reader], data: Any, where: str) -> T:
    if not isinstance(data, Mapping):
        raise ScriptError(f"{where}: found {type(data).__name__}, allowed: an object")
    _check_names(data, readers, where)
    values = {name: readers[name](item, f"{where}.{name}") for name, item in data.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise ScriptError(f"{where}: {error}") from None


def _check_names(data: Mapping[str, Any], known: Mapping[str, _Reader], where: str) -> None:
    for name in data:
        if name not in known:
            raise ScriptError(f"{where}.{name} is not known; {nearest(name, known)}")


def _of(*kinds: type) -> _Reader:
    def read(value: Any, where: str) -> Any:
        # True is an int to Python, and not to the person who wrote the file.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            allowed = " or ".join(kind.__name__ for kind in kinds)
            raise ScriptError(f"{where}: found {value!r}, allowed: {allowed}")
        return value

    return read


def _one_of(kind: type[enum.StrEnum]) -> _Reader:
    def read(value: Any, where: str) -> Any:
        if value not in list(kind):
            raise ScriptError(f"{where}: found {value!r}; {nearest(str(value), kind)}")
        return kind(value)

    return read


def _map_of(reader: _Reader) -> _Reader:
    def read(value: Any, where: str) -> dict[str, Any]:
        items = _of(dict)(value, where or "the scripts").items()
        return {name: reader(item, f"{where}.{name}" if where else name) for name, item in items}

    return read


def _list_of(reader: _Reader) -> _Reader:
    def read(value: Any, where: str) -> tuple[Any, ...]:
        items = enumerate(_of(list)(value, where))
        return tuple(reader(item, f"{where}[{index}]") for index, item in items)

    return read


def _bytes(value: Any, where: str) -> bytes:
    if isinstance(value, str):
        return value.encode()
    try:
        return base64.b64decode(value["base64"], validate=True)
    except (TypeError, KeyError, ValueError):
        raise ScriptError(f'{where}: allowed: text, or {{"base64": "…"}}') from None


def _body(value: Any, where: str) -> Any:
    if isinstance(value, Mapping) and value.keys() == {"base64"}:
        return _bytes(value, where)
    return _of(dict, list, str)(value, where)


def _tool_call(value: Any, where: str) -> tuple[str, str]:
    pair = _list_of(_of(str))(value, where)
    if len(pair) != 2:
        raise ScriptError(f"{where}: found {len(pair)} texts, allowed: [name, arguments]")
    return pair[0], pair[1]


_CUT: Mapping[str, _Reader] = {"after": _of(int), "ending": _one_of(Ending)}
_COMPLETION: Mapping[str, _Reader] = {
    "text": _of(str, type(None)),
    "finish_reason": _of(str),
    "tool_calls": _list_of(_tool_call),
    "usage": _of(dict),
}
_REPLY: Mapping[str, _Reader] = {
    "status": _of(int),
    "body": _body,
    "completion": lambda data, where: _load(Completion, _COMPLETION, data, where),
    "events": _list_of(_of(str)),
    "headers": _map_of(_of(str)),
    "delay": _of(int, float),
    "pace": _of(int, float),
    "framing": _one_of(Framing),
    "cut": lambda data, where: _load(Cut, _CUT, data, where),
    "malformed": _bytes,
}
_replies = _list_of(lambda data, where: _load(Reply, _REPLY, data, where))
_SCRIPT: Mapping[str, _Reader] = {
    "replies": _replies,
    "by_path": _map_of(load_script),
    "by_credential": _map_of(load_script),
    "by_model": _map_of(load_script),
}
