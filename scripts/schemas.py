"""Write docs/schemas/*.json: what is written for programs to read, from the records it shows.

    python scripts/schemas.py [--check]

With ``--check`` nothing is written, and the exit status is 1 where a file is not what the
records say. Types and meanings are those of the records' own docstrings.
"""

from __future__ import annotations

import enum
import inspect
import json
import re
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from orchestrator.api.errors import Rejected
from orchestrator.cli.check_connections import ProviderConnection
from orchestrator.cli.check_live import LiveCheck
from orchestrator.cli.demo import ReceivedRequests
from orchestrator.config.errors import Problem
from orchestrator.config.lint import Finding
from orchestrator.execution.move_reasons import MoveReason
from orchestrator.gateway.call_store import CallDetails, CallSummary
from orchestrator.gateway.control import GatewayStatus
from orchestrator.gateway.inspector.board_page import ShownBalance, ShownMark
from orchestrator.gateway.inspector.edge_calls import EdgeCall
from orchestrator.gateway.inspector.live_events import (
    Behind,
    CallBegun,
    CallMoved,
    CallOver,
    Hello,
)
from orchestrator.gateway.inspector.minute_figures import Minute
from orchestrator.gateway.inspector.replayed_call import PlayedCall
from orchestrator.gateway.key_file import GatewayKey
from orchestrator.health import BoardRow
from orchestrator.importing.carrying import ImportFinding
from orchestrator.lab.simulation.dry_run import DryAttempt
from orchestrator.lab.simulation.workloads import Mix
from orchestrator.ledger import FORMAT, Attempt, Closed, Opened, Skipped, Transition
from orchestrator.ledger.figures import TargetFigures
from orchestrator.states import Clear, Error, Mark, Move, Reason, StoppedBy

FOLDER = Path(__file__).parent.parent / "docs" / "schemas"

Schema = dict[str, Any]


class Ready(dict[str, Any]):
    """A schema as it stands, where other mappings are fields by name."""


class EntryLine:
    """One line of a ledger, whatever its kind."""


class Output:
    """One kind of output: its fields by name, a type or a schema each."""

    def __init__(self, about: str, *optional: str, **fields: Any) -> None:
        self.about, self.optional, self.fields = about, optional, fields


def _format() -> Ready:
    return Ready(const=FORMAT)


def _fields(kind: type[attrs.AttrsInstance]) -> dict[str, attrs.Attribute[Any]]:
    """The fields of a record by name, for an output that holds them beside others."""
    attrs.resolve_types(kind)
    return {field.name: field for field in attrs.fields(kind)}


_TEXTS = tuple[str, ...]
_OBJECT = Ready(type="object")
_ATTEMPTS = tuple[Attempt, ...]
_SKIPPED = tuple[Skipped, ...]
_NUMBERS = dict.fromkeys(("mean", "median", "p95", "most"), float)

_EXPLAINED = {"curl": str, "moves": tuple[MoveReason, ...]}

_FAILED = {
    "type": str,
    "message": str,
    "reason": Reason,
    "status": int | None,
    "rule": str,
    "provider_message": str,
    "target": str,
    "stopped_by": StoppedBy,
    "hint": str,
    "attempts": _ATTEMPTS,
    "skipped": _SKIPPED,
    "rejected": tuple[Rejected, ...],
}

_SURVEYED = {
    "answered_at_once": int,
    "rescued": int,
    "lost": int,
    "rescue_rate": float | None,
    "attempts": int,
    "seconds": float,
    "requests": Mapping[str, int],
}

_COUNTED = {"calls": int, "answered_at_once": int} | dict.fromkeys(
    ("rescued", "lost", "left", "unfinished"), int
)
_SUMMED = {
    **{field.name: field.type for field in _fields(TargetFigures).values()},
    "money": float | None,
}
_STATISTICS = {
    "files": _TEXTS,
    "since": float | None,
    "until": float | None,
    **_COUNTED,
    **_SUMMED,
    "rescues": Mapping[str, int],
    "losses": Mapping[str, int],
    "targets": ({"target": str, **_SUMMED},),
    "days": ({"day": str, **_COUNTED, **_SUMMED, "targets": ({"target": str, **_SUMMED},)},),
    "cut_off": int,
}

OUTPUTS = {
    "run": Output(
        "`run --json`: a chat.completion, and how it was come by. More fields are the provider's.",
        id=str,
        object=str,
        created=int,
        model=str,
        choices=(_OBJECT,),
        usage=_OBJECT,
        orchestrator={
            "config": str,
            "provider": str,
            "model": str,
            "credential": str,
            "attempts": _ATTEMPTS,
            "skipped": _SKIPPED,
            "explain?": _EXPLAINED,
        },
    ),
    "error": Output(
        "What any command prints with `--json` where it cannot do what it was asked: the call "
        "failed (exit status 1), or its arguments or the config cannot be used (2).",
        error=(
            "anyOf",
            {**_FAILED, "explain?": _EXPLAINED},
            {"type": str, "message": str, "source?": str, "problems?": tuple[Problem, ...]},
        ),
    ),
    "check": Output(
        "`check --json`; `live` with `--live` alone.",
        "live",
        config=str,
        findings=tuple[Finding, ...],
        routes=Mapping[str, _TEXTS],
        providers=tuple[ProviderConnection, ...],
        live=tuple[LiveCheck, ...],
    ),
    "classify": Output(
        "`classify --json`: the classified error, and what would be done about it.",
        **_fields(Error),
        why=str,
        moves=tuple[Move, ...],
        then=tuple[DryAttempt, ...],
        assumed=bool,
        config=str | None,
        notes=_TEXTS,
    ),
    "status": Output(
        "`status --json`: the gateways that run, the health board, and the ledger's calls of the "
        "last 24 hours (`recent`, as `stats --json`); with `--reset`, `reset` and `removed` alone.",
        *("gateways", "now", "entries", "recent", "reset", "removed"),
        config=str,
        gateways=({"address": str, "problem": str, "status": GatewayStatus | None},),
        now=float,
        entries=(
            {
                **_fields(BoardRow),
                "mark": Mark | None,
                "low": bool,
                "source": str | None,
                "state": str,
            },
        ),
        recent=("anyOf", _STATISTICS, None),
        reset=str,
        removed=int,
    ),
    "stats": Output(
        "`stats --json`: what became of recorded calls, and what their attempts cost; `money` is "
        "in US dollars, `null` without the extra `prices`.",
        config=str | None,
        **_STATISTICS,
    ),
    "demo": Output(
        "`demo --json`.",
        ok=bool,
        wrong=_TEXTS,
        question=str,
        calls=(
            {
                "question": str,
                "answer": str,
                "provider": str,
                "model": str,
                "attempts": _ATTEMPTS,
                "skipped": _SKIPPED,
                "path": _TEXTS,
            },
        ),
        received=Mapping[str, ReceivedRequests],
    ),
    "init": Output("`init --json`: the file that was written.", path=str, keys=_OBJECT),
    "import": Output(
        "`import --json`: how many settings of the file are `carried` over, `left`, and `apart`, "
        "which nobody misses; of those not carried, and of those in other words, the `findings`. "
        "`config` is its text where no file was named; `unset` are the variables that it lacks.",
        tool=str,
        source=str,
        path=str | None,
        config=str | None,
        settings=int,
        carried=int,
        left=int,
        apart=int,
        unset=_TEXTS,
        findings=tuple[ImportFinding, ...],
    ),
    "restart": Output(
        "`restart --json`: the instance `before`, the one that serves now and its process, and how "
        "long the start and the drain took.",
        before=str,
        instance=str,
        pid=int,
        start_seconds=float,
        drain_seconds=float,
    ),
    "simulate": Output(
        "`simulate SCRIPT --json`.",
        config=str,
        route=_TEXTS,
        calls=(
            {
                "answered": bool,
                "seconds": float,
                "streamed": bool,
                "attempts": _ATTEMPTS,
                "skipped": _SKIPPED,
                "rows": _TEXTS,
                "error": ("anyOf", _FAILED, None),
                "difference?": str,
            },
        ),
        seconds=float,
        not_played=_TEXTS,
    ),
    "simulate-random": Output(
        "`simulate --random N --json`: many calls over a day.",
        config=str,
        mix=Mix,
        seed=int,
        calls=int,
        **{name: _SURVEYED[name] for name in ("answered_at_once", "rescued", "lost")},
        rescue_rate=float | None,
        attempts=_NUMBERS,
        seconds=_NUMBERS,
        requests=Mapping[str, int],
        hours=(
            {
                "at_once": int,
                "rescued": int,
                "lost": int,
                "attempts": float,
                "seconds_p95": float,
            },
        ),
    ),
    "replay": Output(
        "`replay --json`: recorded calls under another config.",
        config=str,
        changes=_TEXTS,
        assume=str,
        assumed=int,
        unchanged=int,
        lost=_TEXTS,
        saved=_TEXTS,
        before=_SURVEYED,
        after=_SURVEYED,
        calls=(
            {
                "call": str,
                "before": str,
                "after": str,
                "attempts": tuple[int, ...],
                "seconds": tuple[float, ...],
                "assumed": int,
                "path": str,
            },
        ),
    ),
    "call": Output(
        "`GET /v1/calls/{id}` of the gateway: one call, its ledger, and why each move was made.",
        **(_fields(CallSummary) | _fields(CallDetails)),
        ledger=(EntryLine,),
    ),
    "calls": Output(
        "`GET /v1/calls` of the gateway: calls, the newest first.", calls=tuple[CallSummary, ...]
    ),
    "inspector-board": Output(
        "`GET /inspector/board` of the gateway: what is known of each provider, its credentials "
        "and its targets.",
        now=float,
        providers=(
            {
                "provider": str,
                "vendor": str | None,
                "balance": ShownBalance | None,
                **_fields(ShownMark),
                "credentials": ({"label": str, "model": str | None, **_fields(ShownMark)},),
                "targets": ({"target": str, "model": str, **_fields(ShownMark)},),
            },
        ),
    ),
    "inspector-edges": Output(
        "`GET /inspector/edges` of the gateway: the newest times that calls went from one state "
        "to another.",
        calls=tuple[EdgeCall, ...],
    ),
    "inspector-figures": Output(
        "`GET /inspector/figures` of the gateway: what the calls of the last 24 hours came to, by "
        "buckets of `step` seconds; one in which no call ended is left out.",
        step=int,
        buckets=tuple[Minute, ...],
    ),
    "inspector-replay": Output(
        "`POST /inspector/replay` of the gateway: a call as it was, and as it would be.",
        call=str,
        before=PlayedCall,
        after=PlayedCall,
        changes=_TEXTS,
        difference=_TEXTS,
    ),
    "key": Output(
        "`key --json`: of `list` the `keys`, of `new` whose key was `made` and the `key` itself, "
        "of `remove` whose was `removed`.",
        *("keys", "made", "key", "removed"),
        keys_file=str,
        keys=(
            {
                **_fields(GatewayKey),
                "ends": str,
                "expired": bool,
                "tokens_today": int | None,
            },
        ),
        made=str,
        key=str,
        removed=str,
    ),
    "verify": Output(
        "`verify --json`: a verdict for each route.",
        config=str,
        routes=(_OBJECT,),
        exceeded=_TEXTS,
    ),
}


class Writer:
    """Writes one schema, with the records that it names as definitions."""

    def __init__(self) -> None:
        self._definitions: dict[str, Schema] = {}

    def output(self, name: str, output: Output) -> Schema:
        """The schema of a ``--json`` output."""
        fields = {
            f"{key}{'?' if key in output.optional else ''}": value
            for key, value in output.fields.items()
        }
        return self._whole(name, output.about, self._object({"format": _format(), **fields}))

    def ledger(self) -> Schema:
        """The schema of one line of a ledger."""
        about = "One line of a ledger file; a call is all lines with its id."
        return self._whole("ledger", about, self._line())

    def event(self) -> Schema:
        """The schema of an event of the inspector's stream."""
        about = "One event of `GET /inspector/events` of the gateway."
        kinds = (Hello, CallBegun, CallMoved, Attempt, CallOver, Behind)
        return self._whole("inspector-event", about, {"anyOf": [*map(self._event, kinds)]})

    def _event(self, kind: Any) -> Schema:
        schema = self._record(kind)
        fields = {name.rstrip("_"): one for name, one in schema["properties"].items()}
        schema["properties"] = {"kind": {"const": kind.kind}, **fields}
        schema["required"] = ["kind", *(name.rstrip("_") for name in schema["required"])]
        return schema

    def _line(self) -> Schema:
        kinds = (Opened, Transition, Attempt, Closed)
        return {"anyOf": [self._entry(kind) for kind in kinds]}

    def _whole(self, name: str, about: str, schema: Schema) -> Schema:
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": name,
            "description": about,
            **schema,
            **({"$defs": dict(sorted(self._definitions.items()))} if self._definitions else {}),
        }

    def _entry(self, kind: Any) -> Schema:
        schema = self._record(kind)
        own = {"kind": {"const": kind.kind}, "format": _format()}
        schema["properties"] = own | schema["properties"]
        schema["required"] = [*own, *schema["required"]]
        return schema

    def _record(self, kind: Any) -> Schema:
        attrs.resolve_types(kind)
        meanings = _meanings(kind)
        properties = {}
        for field in attrs.fields(kind):
            schema = self.of(field.type)
            if kind is Clear and field.name in ("at", "since"):
                schema = {"anyOf": [schema, {"enum": ["inf", "-inf"]}]}  # it never comes
            meaning = meanings.get(field.name)
            properties[field.name] = {**schema, **({"description": meaning} if meaning else {})}
        # What a later version of the record adds is not in lines of an earlier one.
        required = [field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING]
        return {"type": "object", "properties": properties, "required": required}

    def _object(self, fields: Mapping[str, Any]) -> Schema:
        return {
            "type": "object",
            "properties": {name.rstrip("?"): self.of(value) for name, value in fields.items()},
            "required": [name for name in fields if not name.endswith("?")],
        }

    def of(self, value: Any) -> Schema:
        """The schema of a type, of a record's field, or of fields by name."""
        match value:
            case attrs.Attribute():
                return self.of(value.type)
            case None | types.NoneType:
                return {"type": "null"}
            case ("anyOf", *others):
                return {"anyOf": [self.of(other) for other in others]}
            case (one,):
                return {"type": "array", "items": self.of(one)}
            case Ready():
                return dict(value)
            case Mapping():
                return self._object(value)
            case _ if isinstance(value, type) and value in _PLAIN:
                return {"type": _PLAIN[value]}
        return self._of_type(value)

    def _of_type(self, kind: Any) -> Schema:
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if kind is Any:
            return {}
        if kind is EntryLine:
            return self._line()
        if origin in (types.UnionType, typing.Union):
            return {"anyOf": [self.of(each) for each in arguments]}
        if origin in (tuple, frozenset):
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is not None and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if issubclass(kind, enum.Enum):
            return {"enum": [str(one.value) for one in kind]}
        if kind.__name__ not in self._definitions:
            self._definitions[kind.__name__] = {}  # it may name itself
            self._definitions[kind.__name__] = self._record(kind)
        return {"$ref": f"#/$defs/{kind.__name__}"}


_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number"}


def _meanings(kind: type) -> dict[str, str]:
    """What the docstring says of each attribute, in one line."""
    _, _, listed = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    listed = re.split(r"\n\n|\nRaises:", listed)[0]
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \w)", f"\n{listed}"):
        names, colon, meaning = " ".join(entry.split()).partition(": ")
        if colon:
            found |= dict.fromkeys(names.split(", "), meaning)
    return found


def written() -> dict[str, str]:
    """Every file's text, by its name."""
    schemas = {"ledger": Writer().ledger(), "inspector-event": Writer().event()}
    schemas |= {name: Writer().output(name, output) for name, output in OUTPUTS.items()}
    return {
        f"{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }


def main() -> int:
    """Write, or check."""
    texts = written()
    if "--check" in sys.argv[1:]:
        there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
        wrong = sorted(name for name in {*there, *texts} if there.get(name) != texts.get(name))
        for name in wrong:
            print(f"docs/schemas/{name} is not what the records say: python scripts/schemas.py")
        return 1 if wrong else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
