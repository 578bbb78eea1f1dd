"""Outputs that programs read: what stands in each, by the records it shows."""

from __future__ import annotations

from collections.abc import Mapping
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
from orchestrator.gateway.inspector.minute_figures import Minute
from orchestrator.gateway.inspector.replayed_call import PlayedCall
from orchestrator.gateway.key_file import GatewayKey
from orchestrator.health import BoardRow
from orchestrator.importing.carrying import ImportFinding
from orchestrator.lab.audit import AuditedCall, CallVerdict
from orchestrator.lab.simulation.dry_run import DryAttempt
from orchestrator.lab.simulation.workloads import Mix
from orchestrator.ledger import Attempt, Skipped
from orchestrator.ledger.figures import TargetFigures
from orchestrator.states import Error, Mark, Move, Reason, StoppedBy


class Ready(dict[str, Any]):
    """A schema as it stands, where other mappings are fields by name."""


class EntryLine:
    """One line of a ledger, whatever its kind."""


class Output:
    """One kind of output: its fields by name, a type or a schema each."""

    def __init__(self, about: str, *optional: str, **fields: Any) -> None:
        self.about, self.optional, self.fields = about, optional, fields


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
        *("gateways", "now", "board", "entries", "recent", "reset", "removed"),
        config=str,
        gateways=({"address": str, "problem": str, "status": GatewayStatus | None},),
        now=float,
        board=str,
        entries=(
            {
                **_fields(BoardRow),
                "mark": Mark | None,
                "low": bool,
                "source": str | None,
                "state": str,
                "retries_paused": bool,
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
    "audit": Output(
        "`audit --json`: recorded calls held against the table, their own record and the "
        "invariants; of those that failed at most a thousand are in `failed`, all are counted.",
        holds=bool,
        files=_TEXTS,
        lines=int,
        since=float | None,
        until=float | None,
        calls=int,
        verdicts={each.value: int for each in CallVerdict},
        may_run=int,
        let_go=int,
        broken=Mapping[str, int],
        versions=Mapping[str, int],
        damaged_lines=int,
        damaged_at=_TEXTS,
        torn_ends=int,
        failed=tuple[AuditedCall, ...],
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
        trouble=str | None,
        providers=(
            {
                "provider": str,
                "vendor": str | None,
                "balance": ShownBalance | None,
                "retries": {"left": int | None, "of": int, "paused": bool},
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
        "`verify --json`: for each route the verdict, and what failures do to its calls (`faults`, "
        "`single_points`, `pairs`, `longest`); `retry_budget` is what retries of all calls at "
        "one provider may spend.",
        config=str,
        routes=(_OBJECT,),
        exceeded=_TEXTS,
        retry_budget=int,
    ),
}
