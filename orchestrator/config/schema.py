"""The file as it is written: one record a table, and how TOML becomes it, by cattrs.

A value is read by the function that its type names; what does not fit is told with its path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, override

from orchestrator.config import scalars
from orchestrator.config.config import GatewaySettings, OtelSettings
from orchestrator.config.errors import NotAllowed, Problem, nearest
from orchestrator.json_values import NotJson
from orchestrator.json_values import checked as sayable
from orchestrator.pooling import RETRY_BUDGET, Accounts, Strategy
from orchestrator.provider import BALANCE_EVERY, LARGEST_ANSWER, StreamEnd
from orchestrator.states.policy import OnInterrupted, Policy, Timeouts
from orchestrator.states.reasons import DEFAULT_MOVES, Move, Reason

Part = TypeVar("Part")

DEFAULT_GATEWAY = GatewaySettings()
DEFAULT_OTEL = OtelSettings()

OFTEN_MEANT = {
    "api_key": "credentials",
    "key": "credentials",
    "keys": "credentials",
    "url": "base_url",
    "api_base": "base_url",
    "endpoint": "base_url",
    "drop_params": "drop",
    "auth_header": "key_header",
    "max_retries": "attempts_per_target",
    "context_window": "context",
    "https_proxy": "proxy",
    "proxy_url": "proxy",
    "ca_bundle": "verify",
    "ca_file": "verify",
    "cafile": "verify",
    "ssl_verify": "verify",
    "max_response_size": "largest_answer",
}
"""What other tools call the keys of this file."""


def _stream_mode(value: Any) -> str:
    """``stream``: the two booleans, and one word."""
    if isinstance(value, bool):
        return str(value).lower()
    if value != "always":
        near = nearest(value, ["always"]) if isinstance(value, str) else ""
        raise NotAllowed(f'{scalars.found(value)}; allowed: true, false, "always"{near}')
    return "always"


def _propagation(value: Any) -> bool | tuple[str, ...]:
    """``propagate``: the two booleans, or names of providers."""
    if isinstance(value, bool):
        return value
    allowed = 'allowed: true, false, or a list of providers such as ["corp"]'
    if not isinstance(value, list):
        raise NotAllowed(f"{scalars.found(value)}; {allowed}")
    for name in value:
        if not isinstance(name, str):
            raise NotAllowed(f"{scalars.found(name)} in the list; {allowed}")
    return tuple(value)


def _table(value: Any) -> dict[str, Any]:
    """A table whose values can be sent: TOML knows dates and ``nan``, which JSON does not."""
    if not isinstance(value, dict):
        raise NotAllowed(f"{scalars.found(value)}; allowed: a table")
    try:
        return dict(sayable(value))
    except NotJson as error:
        place = error.place("the table")
        raise NotAllowed(f"{place} {error.what}; allowed: what JSON can say") from None


def _entries(value: Any) -> tuple[Any, ...]:
    # The values may be secrets, so not even a wrong one is shown.
    if not isinstance(value, list):
        raise NotAllowed(f'found {scalars.kind(value)}; allowed: a list such as ["env:MY_KEY"]')
    return tuple(value)


def _moves(value: Any) -> Mapping[Reason, frozenset[Move]]:
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


# The tables.

_Table = Annotated[dict[str, Any], _table]


@attrs.frozen
class ProviderTable:
    """``[providers.NAME]``; ``None`` is what the file does not say."""

    vendor: str | None = None
    dialect: str | None = None
    base_url: Annotated[str, scalars.base_url] | None = None
    key_header: Annotated[str, scalars.header_name] | None = None
    credentials: Annotated[tuple[Any, ...], _entries] | None = None
    headers: Annotated[Mapping[str, str], scalars.headers] = attrs.field(factory=dict)
    stream: Annotated[str, _stream_mode] = "true"
    end: StreamEnd = StreamEnd.FINISH
    public_headers: Annotated[frozenset[str], scalars.header_names] = frozenset()
    strategy: Strategy = Strategy.FILL_FIRST
    accounts: Accounts = Accounts.SEPARATE
    proxy: Annotated[str, scalars.proxy] | None = None
    verify: Annotated[str | bool, scalars.verify] = ""
    http2: bool = False
    balance: Annotated[float, scalars.question_interval] = BALANCE_EVERY
    warn_below: Annotated[float, scalars.money] | None = None
    rules: tuple[_Table, ...] = ()


@attrs.frozen
class TargetTable:
    """``[targets."provider/model"]``; which timeouts were given is asked of the document."""

    context: Annotated[int, scalars.count] | None = None
    overrides: _Table = attrs.field(factory=dict)
    timeouts: Timeouts = Timeouts()
    reasoning: bool | None = None


@attrs.frozen
class PolicyTable(Policy):
    """``[policy]``: what the machine may do, what may be left out, how much may come."""

    drop: Annotated[frozenset[str], scalars.names] = frozenset()
    largest_answer: Annotated[int, scalars.size] = LARGEST_ANSWER
    retry_budget: Annotated[int, scalars.retry_tokens] = RETRY_BUDGET

    def policy(self) -> Policy:
        """What of it is the machine's."""
        return Policy(**{field.name: getattr(self, field.name) for field in attrs.fields(Policy)})


@attrs.frozen
class GatewayTable:
    """``[gateway]``; ``None`` is what the file does not say."""

    keys: str | None = None
    drain: Annotated[float, scalars.seconds_or_zero] = DEFAULT_GATEWAY.drain
    max_body: Annotated[int, scalars.size] = DEFAULT_GATEWAY.max_body
    max_in_flight: Annotated[int, scalars.count] = DEFAULT_GATEWAY.max_in_flight
    cors: Annotated[tuple[str, ...], scalars.origins] = ()
    calls_kept: Annotated[int, scalars.count] = DEFAULT_GATEWAY.calls_kept


@attrs.frozen
class OtelTable:
    """``[otel]``."""

    traces: bool = DEFAULT_OTEL.traces
    propagate: Annotated[bool | tuple[str, ...], _propagation] = False
    clean_ratio: Annotated[float, scalars.ratio] = DEFAULT_OTEL.clean_ratio


@attrs.frozen
class Document:
    """The whole file."""

    health: str = "file"
    ledger: str | None = None
    ledger_max: Annotated[int, scalars.ledger_size] | None = None
    policy: PolicyTable = PolicyTable()
    timeouts: Timeouts = Timeouts()
    providers: dict[str, ProviderTable] = attrs.field(factory=dict)
    targets: dict[str, TargetTable] = attrs.field(factory=dict)
    routes: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    gateway: GatewayTable = GatewayTable()
    otel: OtelTable = OtelTable()


# From TOML to the tables.


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
    if name in ("providers", "targets", "routes"):
        if not isinstance(value, dict):
            problems.append(Problem(name, f"{scalars.found(value)}; allowed: a table"))
            return None
        part = type_.__args__[1]
        made = {k: _part(f"{name}{_step(k)}", v, part, problems) for k, v in value.items()}
        if part is ProviderTable:
            made = {k: _stand_in(value[k]) if one is None else one for k, one in made.items()}
        return {k: one for k, one in made.items() if one is not None}
    return _part(name, value, type_, problems)


def _stand_in(value: Any) -> ProviderTable:
    """For a provider that does not fit: enough of it to check the rest of the file."""
    listed = value.get("credentials") if isinstance(value, dict) else None
    entries = tuple(listed) if isinstance(listed, list) else ()
    return ProviderTable(base_url="http://stand-in.invalid", credentials=entries)


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


# The converter. A hook is called with a value and its type.

Hook = Callable[[Any, Any], Any]


def _checked(allowed: type, words: str) -> Hook:
    """A hook that takes a value as it is, if it is of that very type."""

    def hook(value: Any, _: Any) -> Any:
        if type(value) is not allowed:
            raise NotAllowed(f"{scalars.found(value)}; allowed: {words}")
        return value

    return hook


def _reader(read: Callable[[Any], Any]) -> Hook:
    return lambda value, _: read(value)


def _list_hook(type_: Any) -> Hook:
    # cattrs would take a text letter by letter where a list is due.
    part = get_args(type_)[0]
    inner = _CONVERTER.get_structure_hook(part)

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, list):
            shown = scalars.found(value).removeprefix("found ")
            such = f" such as [{shown}]" if isinstance(value, str) and shown.endswith("'") else ""
            raise NotAllowed(f"{scalars.found(value)}; allowed: a list{such}")
        return tuple(_each(enumerate(value), lambda _, one: inner(one, part)))

    return hook


def _record_hook(kind: type, **fields: Callable[[Any], Any]) -> Hook:
    """A hook for a record, from a table and nothing else; ``fields`` read single values."""
    readers: dict[str, Any] = {name: override(struct_hook=_reader(f)) for name, f in fields.items()}
    inner: Hook = make_dict_structure_fn(
        kind, _CONVERTER, _cattrs_forbid_extra_keys=True, **readers
    )

    def hook(value: Any, type_: Any) -> Any:
        if not isinstance(value, dict):
            raise NotAllowed(f"{scalars.found(value)}; allowed: a table")
        return inner(value, type_)

    return hook


def _is(origin: Any) -> Callable[[Any], bool]:
    return lambda type_: get_origin(type_) is origin


def _converter() -> None:
    """Teach the converter what each table may hold, the innermost first."""
    _CONVERTER.register_structure_hook(str, _checked(str, "a text"))
    _CONVERTER.register_structure_hook(bool, _checked(bool, "true or false"))
    for enumeration in (Strategy, Accounts, StreamEnd, OnInterrupted):
        _CONVERTER.register_structure_hook(enumeration, scalars.member)
    _CONVERTER.register_structure_hook_factory(_is(tuple), _list_hook)
    _CONVERTER.register_structure_hook_factory(
        _is(Annotated), lambda type_: _reader(get_args(type_)[1])
    )
    durations = dict.fromkeys(("connect", "idle", "total", "stream_total"), scalars.seconds)
    readers: dict[type, dict[str, Callable[[Any], Any]]] = {
        Timeouts: {"first_token": scalars.first_token, **durations},
        PolicyTable: {
            "deadline": scalars.seconds,
            "patience": scalars.seconds_or_zero,
            "on": _moves,
            **dict.fromkeys(("max_attempts", "attempts_per_target"), scalars.count),
        },
        ProviderTable: {},
        TargetTable: {},
        GatewayTable: {},
        OtelTable: {},
    }
    for kind, fields in readers.items():
        _CONVERTER.register_structure_hook(kind, _record_hook(kind, **fields))
    attrs.resolve_types(Document)


_CONVERTER = cattrs.Converter(detailed_validation=True)
_converter()
