"""From TOML to the records of the file, by cattrs: what does not fit is told with its path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, override

from orchestrator.config import scalars
from orchestrator.config.errors import NotAllowed, Problem, nearest
from orchestrator.config.records import StreamEnd
from orchestrator.config.tables import (
    OFTEN_MEANT,
    BaseUrl,
    Count,
    Document,
    Entries,
    Fields,
    HeaderNames,
    Headers,
    KeyHeader,
    PolicyTable,
    ProviderTable,
    StreamMode,
    Table,
    TargetTable,
)
from orchestrator.health import Accounts, Strategy
from orchestrator.json_values import NotJson
from orchestrator.json_values import checked as sayable
from orchestrator.states.policy import OnInterrupted, Policy, Timeouts
from orchestrator.states.reasons import DEFAULT_MOVES, Move, Reason

Part = TypeVar("Part")


def structure(table: Mapping[str, Any]) -> tuple[Document, list[Problem]]:
    """The document in ``table``, and what is wrong with it.

    Entries are structured one by one, so that a broken one hides no problem of
    another; a stand-in takes its place.
    """
    known = {field.name: field for field in attrs.fields(Document)}
    problems = [
        Problem(name, f"unknown key{nearest(name, known)}; allowed: {', '.join(known)}")
        for name in table
        if name not in known
    ]
    parts = {
        name: _section(name, table[name], field.type, problems)
        for name, field in known.items()
        if name in table
    }
    return Document(**{n: p for n, p in parts.items() if p is not None}), problems


def _section(name: str, value: Any, type_: Any, problems: list[Problem]) -> Any:
    """One top-level key; ``None`` where it does not fit."""
    if isinstance(value, dict) and name in ("providers", "targets", "routes"):
        part = type_.__args__[1]
        made = {k: _part(f"{name}{_step(k)}", v, part, problems) for k, v in value.items()}
        if part is ProviderTable:
            made = {k: _stand_in(value[k]) if one is None else one for k, one in made.items()}
        return {k: one for k, one in made.items() if one is not None}
    return _part(name, value, type_, problems)


def _stand_in(value: Any) -> ProviderTable:
    """For a provider that does not fit: enough of it to check the rest of the file."""
    listed = value.get("credentials") if isinstance(value, dict) else None
    entries = Entries(tuple(listed) if isinstance(listed, list) else ())
    return ProviderTable(base_url=BaseUrl("http://stand-in.invalid"), credentials=entries)


def _part(path: str, value: Any, type_: Any, problems: list[Problem]) -> Any:
    try:
        return _CONVERTER.structure(value, type_)
    except (ValueError, cattrs.BaseValidationError) as error:
        problems.extend(_problems(error, path))
        return None


def _problems(error: BaseException, path: str) -> Iterator[Problem]:
    """Every leaf of cattrs' tree of exceptions, with the path that leads to it."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, cattrs.AttributeValidationNote):
            path = f"{path}.{note.name}".lstrip(".")
        elif isinstance(note, cattrs.IterableValidationNote):
            path = f"{path}{_step(note.index)}".lstrip(".")
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        allowed = [field.name for field in attrs.fields(error.cl)]
        for name in sorted(error.extra_fields):
            meant = OFTEN_MEANT.get(name, "")
            near = nearest(meant if meant in allowed else name, allowed)
            what = f"unknown key{near}; allowed: {', '.join(allowed)}"
            yield Problem(f"{path}{_step(name)}", what)
    elif isinstance(error, cattrs.BaseValidationError):
        for inner in error.exceptions:
            yield from _problems(inner, path)
    else:
        yield Problem(path, str(error))


def _step(index: int | str) -> str:
    if isinstance(index, int):
        return f"[{index}]"
    return f".{index}" if index.replace("_", "a").replace("-", "a").isalnum() else f'."{index}"'


def _checked(allowed: type, words: str) -> Callable[[Any, Any], Any]:
    """A hook that takes a value as it is, if it is of that very type."""

    def hook(value: Any, _: Any) -> Any:
        if type(value) is not allowed:
            raise NotAllowed(f"{scalars.found(value)}; allowed: {words}")
        return value

    return hook


def _stream_mode(value: Any, _: Any) -> StreamMode:
    """``stream``: the two booleans, and one word."""
    if isinstance(value, bool):
        return StreamMode(str(value).lower())
    if value != "always":
        near = nearest(value, ["always"]) if isinstance(value, str) else ""
        raise NotAllowed(f'{scalars.found(value)}; allowed: true, false, "always"{near}')
    return StreamMode("always")


def _table(value: Any, _: Any) -> Table:
    """A table whose values can be sent: TOML knows dates and ``nan``, which JSON does not."""
    if not isinstance(value, dict):
        raise NotAllowed(f"{scalars.found(value)}; allowed: a table")
    try:
        return Table(sayable(value))
    except NotJson as error:
        place = error.place("the table")
        raise NotAllowed(f"{place} {error.what}; allowed: what JSON can say") from None


def _entries(value: Any, _: Any) -> Entries:
    # The values may be secrets, so not even a wrong one is shown.
    if not isinstance(value, list):
        raise NotAllowed(f'found {scalars.kind(value)}; allowed: a list such as ["env:MY_KEY"]')
    return Entries(tuple(value))


def _moves(value: Any, _: Any) -> Mapping[Reason, frozenset[Move]]:
    """``[policy.on]``: each list replaces the default of its reason."""
    if not isinstance(value, dict):
        raise NotAllowed(f"{scalars.found(value)}; allowed: a table of reasons")
    return {**DEFAULT_MOVES, **dict(_each(value.items(), _allowed_moves))}


def _allowed_moves(name: str, listed: Any) -> tuple[Reason, frozenset[Move]]:
    reason = scalars.member(name, Reason)
    if not isinstance(listed, list):
        raise NotAllowed(f'{scalars.found(listed)}; allowed: a list such as ["fallback"]')
    moves = frozenset(scalars.member(one, Move) for one in listed)
    Policy(on={reason: moves})  # refuses what may not be listed, and says why
    return reason, moves


def _each(
    pairs: Iterable[tuple[int | str, Any]], structure_one: Callable[[Any, Any], Part]
) -> list[Part]:
    """Structure every part, and raise all that is wrong together."""
    parts: list[Part] = []
    errors: list[Exception] = []
    for index, value in pairs:
        try:
            parts.append(structure_one(index, value))
        except (ValueError, cattrs.BaseValidationError) as error:
            error.add_note(cattrs.IterableValidationNote("", index, str))
            errors.append(error)
    if errors:
        raise cattrs.IterableValidationError("entries", errors, dict)
    return parts


def _list_hook(type_: Any) -> Callable[[Any, Any], Any]:
    # cattrs would take a text letter by letter where a list is due.
    inner, part = _CONVERTER.get_structure_hook(type_.__args__[0]), type_.__args__[0]

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, list):
            raise NotAllowed(f"{scalars.found(value)}; allowed: a list")
        return tuple(_each(enumerate(value), lambda _, one: inner(one, part)))

    return hook


def _table_hook(type_: Any) -> Callable[[Any, Any], Any]:
    inner, part = _CONVERTER.get_structure_hook(type_.__args__[1]), type_.__args__[1]

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise NotAllowed(f"{scalars.found(value)}; allowed: a table")
        return dict(_each(value.items(), lambda name, one: (name, inner(one, part))))

    return hook


def _register(kind: type, **fields: Callable[[Any], Any]) -> None:
    """Structure ``kind`` from a table and from nothing else; ``fields`` read single values."""
    readers: dict[str, Any] = {name: override(struct_hook=_reader(f)) for name, f in fields.items()}
    inner: Callable[[Any, Any], Any] = make_dict_structure_fn(
        kind, _CONVERTER, _cattrs_forbid_extra_keys=True, **readers
    )

    def hook(value: Any, type_: Any) -> Any:
        if not isinstance(value, dict):
            raise NotAllowed(f"{scalars.found(value)}; allowed: a table")
        return inner(value, type_)

    _CONVERTER.register_structure_hook(kind, hook)


def _reader(read: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda value, _: read(value)


def _converter() -> None:
    """Teach the converter what each table may hold, the innermost first."""
    _CONVERTER.register_structure_hook(str, _checked(str, "a text"))
    _CONVERTER.register_structure_hook(bool, _checked(bool, "true or false"))
    _CONVERTER.register_structure_hook(Table, _table)
    _CONVERTER.register_structure_hook(Entries, _entries)
    _CONVERTER.register_structure_hook(Count, lambda value, _: scalars.count(value))
    _CONVERTER.register_structure_hook(BaseUrl, lambda value, _: scalars.base_url(value))
    _CONVERTER.register_structure_hook(Headers, lambda value, _: scalars.headers(value))
    _CONVERTER.register_structure_hook(HeaderNames, lambda value, _: scalars.header_names(value))
    _CONVERTER.register_structure_hook(Fields, lambda value, _: scalars.names(value))
    _CONVERTER.register_structure_hook(KeyHeader, lambda value, _: scalars.header_name(value))
    _CONVERTER.register_structure_hook(StreamMode, _stream_mode)
    _CONVERTER.register_structure_hook(Strategy, scalars.member)
    _CONVERTER.register_structure_hook(Accounts, scalars.member)
    _CONVERTER.register_structure_hook(StreamEnd, scalars.member)
    _CONVERTER.register_structure_hook(OnInterrupted, scalars.member)
    _CONVERTER.register_structure_hook_factory(_is(tuple), _list_hook)
    _CONVERTER.register_structure_hook_factory(_is(dict), _table_hook)
    durations = dict.fromkeys(("connect", "idle", "total", "stream_total"), scalars.seconds)
    _register(Timeouts, first_token=scalars.first_token, **durations)
    counts = dict.fromkeys(("max_attempts", "attempts_per_target"), scalars.count)
    _register(
        PolicyTable,
        deadline=scalars.seconds,
        patience=scalars.seconds_or_zero,
        on=lambda value: _moves(value, None),
        **counts,
    )
    for kind in (ProviderTable, TargetTable):
        _register(kind)
    attrs.resolve_types(Document)


def _is(origin: type) -> Callable[[Any], bool]:
    return lambda type_: getattr(type_, "__origin__", None) is origin


_CONVERTER = cattrs.Converter(detailed_validation=True)
_converter()
