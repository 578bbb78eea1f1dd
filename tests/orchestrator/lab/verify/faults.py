"""Planted faults: tables, entries and settings that are wrong in one way each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from orchestrator.lab.verify import Setting
from orchestrator.states import (
    DEFAULT_MOVES,
    STATES,
    TABLE,
    Call,
    Policy,
    Row,
    Send,
    State,
    Switch,
    Target,
    Timeouts,
    attempt,
    guards,
)
from orchestrator.states.chain import Looked, retry_at, unasked, unused_credentials
from orchestrator.states.effects import leave
from orchestrator.states.events import Arrival, Diagnosed
from orchestrator.states.reasons import Move, Reason
from orchestrator.states.table import Entry

ONE, TWO = Target("acme", "one"), Target("beta", "two")
SOME = (Reason.BILLING, Reason.RATE_LIMIT, Reason.AUTH, Reason.TIMEOUT, Reason.UNKNOWN)
"""Reasons that a changed table is searched with, where nothing is merged."""

SMALL = Policy(max_attempts=3, attempts_per_target=2)


def setting(
    route: Sequence[Target] = (ONE, TWO),
    policy: Policy = SMALL,
    *,
    streamed: bool = False,
    diagnosed: tuple[Reason, ...] = SOME,
) -> Setting:
    return Setting(tuple(route), {"acme": 2}, policy, streamed=streamed, diagnosed=diagnosed)


def changed(name: str, **changes: Any) -> tuple[Row, ...]:
    """The table with one row changed."""
    assert any(row.name == name for row in TABLE)
    return tuple(attrs.evolve(row, **changes) if row.name == name else row for row in TABLE)


def moved(names: Sequence[str], below: str) -> tuple[Row, ...]:
    """The table with some rows moved below another."""
    taken = [row for row in TABLE if row.name in names]
    rest = [row for row in TABLE if row.name not in names]
    place = next(index for index, row in enumerate(rest) if row.name == below) + 1
    return (*rest[:place], *taken, *rest[place:])


def without(*names: str) -> tuple[Row, ...]:
    """The table without some rows."""
    return tuple(row for row in TABLE if row.name not in names)


def entering(state: State, enter: Callable[[Call, Any], Any]) -> tuple[Entry, ...]:
    """The states with one that asks for something else."""
    return tuple(Entry(state, enter) if one.state is state else one for one in STATES)


BILLING_ROWS = ("billing_fallback", "billing_way_back", "billing_terminal")


def any_unused(call: Call, event: Diagnosed) -> bool:
    """A rotation that does not ask the policy."""
    return bool(unused_credentials(call, event)) and call.attempts_left > 1


def leave_and_reset(call: Call, event: Looked) -> None:
    leave(call, event)
    call.number = 0


def leave_and_replace(call: Call, event: Looked) -> None:
    leave(call, event)
    call.cause = call.error


def always_retry(call: Call, event: Diagnosed) -> bool:
    until = retry_at(call, event)
    return Move.RETRY in call.allowed and until is not None and until < call.ends_at


def always_wait(call: Call, event: Arrival) -> bool:
    return call.target is not None and event.at < call.ends_at


def wait_here(call: Call, event: Arrival) -> None:
    call.resume_at = event.at


def switch_to_all(call: Call, event: Looked) -> Switch:
    """A fallback that asks neither who was asked nor who billed."""
    here, call.target = call.target, None
    targets = tuple(one for one in event.standby.targets if here is None or one.name != here.name)
    call.switches += 1
    call.gone |= {target.name for target in targets}
    return Switch(targets)


def something_stands_by(call: Call, event: Diagnosed) -> bool:
    here = call.target
    others = [one for one in event.standby.targets if here is None or one.name != here.name]
    return Move.FALLBACK in call.allowed and bool(others)


def retry_whoever_is_slow(call: Call, event: Diagnosed) -> bool:
    """A retry that does not ask how long the caller was kept waiting."""
    quick = call.copy()
    quick.kept_waiting = False
    return guards.retry_allowed(quick, event)


def rotate_whoever_is_slow(call: Call, event: Diagnosed) -> bool:
    quick = call.copy()
    quick.kept_waiting = False
    return guards.rotation_allowed(quick, event)


def repair_whatever_stands_by(call: Call, event: Diagnosed) -> bool:
    here, repair = call.target, event.error.repair
    return here is not None and repair is not None and (here.name, repair) not in call.repaired


FALL_BACK_ON_BAD_REQUESTS = {**DEFAULT_MOVES, Reason.BAD_REQUEST: frozenset({Move.FALLBACK})}


def any_empty_answer(call: Call, event: Diagnosed) -> bool:  # noqa: ARG001 - as a guard
    """An empty answer is as good as any, whatever came before."""
    return event.error.empty


def send_to_the_end(call: Call, event: Arrival) -> Send:
    """An attempt that keeps no time back for others."""
    return attrs.evolve(attempt.enter(call, event), until=call.ends_at)


SLOW = attrs.evolve(ONE, timeouts=Timeouts(total=400.0))


def switch_for_ever(call: Call, event: Looked) -> Switch:
    """A fallback that forgets who was gone."""
    targets = unasked(call, event)
    call.target = None
    return Switch(targets)


ALONE = Policy(max_attempts=1, attempts_per_target=1)
