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
    Repair,
    Rotate,
    Row,
    Send,
    State,
    Taken,
    Target,
    Timeouts,
    entries,
    guards,
)
from orchestrator.states.effects import leave
from orchestrator.states.events import Arrival, Diagnosed
from orchestrator.states.guards import Plan
from orchestrator.states.reasons import Move, Reason
from orchestrator.states.routing import Due, Looked, retry
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


def entering(state: State, enter: Callable[[Call, Any, Any], Any]) -> tuple[Entry, ...]:
    """The states with one that asks for something else."""
    return tuple(Entry(state, enter) if one.state is state else one for one in STATES)


BILLING_ROWS = ("billing_fallback", "billing_way_back", "billing_terminal")


def any_unused(call: Call, event: Diagnosed) -> Rotate | None:
    """A rotation that does not ask the policy."""
    here = call.target
    used = call.used_at(here) if here is not None else frozenset()
    fresh = any(label not in used for label in event.standby.credentials)
    return Rotate(here, used) if here is not None and fresh and call.attempts_left > 1 else None


def leave_and_reset(call: Call, event: Looked, plan: Plan) -> None:
    leave(call, event, plan)
    call.number = 0


def leave_and_replace(call: Call, event: Looked, plan: Plan) -> None:
    leave(call, event, plan)
    call.cause = call.error


def always_retry(call: Call, event: Diagnosed) -> Due | None:
    due = retry(call, event)
    fits = due is not None and due.at < call.ends_at
    return due if fits and Move.RETRY in call.allowed else None


def always_wait(call: Call, event: Arrival) -> Due | None:
    in_time = event.at < call.ends_at
    return Due(call.target, event.at) if call.target is not None and in_time else None


def something_stands_by(call: Call, event: Diagnosed) -> tuple[Target, ...]:
    """A fallback that asks neither who was asked nor who billed."""
    here = call.target
    others = [one for one in event.standby.targets if here is None or one.name != here.name]
    return tuple(others) if Move.FALLBACK in call.allowed else ()


def retry_whoever_is_slow(call: Call, event: Diagnosed) -> Due | None:
    """A retry that does not ask how long the caller was kept waiting."""
    quick = call.copy()
    quick.kept_waiting = False
    return guards.a_retry_is_worth_it(quick, event)


@attrs.frozen
class Paid:
    """What stands by, with a budget for every retry."""

    standby: Any
    retry_affordable: bool = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.standby, name)


def retry_whatever_it_costs(call: Call, event: Diagnosed) -> Due | None:
    paid: Any = Paid(event.standby)
    return guards.a_retry_is_worth_it(call, attrs.evolve(event, standby=paid))


def rotate_whoever_is_slow(call: Call, event: Diagnosed) -> Rotate | None:
    quick = call.copy()
    quick.kept_waiting = False
    return guards.another_key_is_free(quick, event)


def repair_whatever_stands_by(call: Call, event: Diagnosed) -> Repair | None:
    here, name = call.target, event.error.repair
    fresh = here is not None and (here.name, name) not in call.repaired
    return Repair(name, here) if here is not None and name is not None and fresh else None


FALL_BACK_ON_BAD_REQUESTS = {**DEFAULT_MOVES, Reason.BAD_REQUEST: frozenset({Move.FALLBACK})}


def any_empty_answer(call: Call, event: Diagnosed) -> bool:  # noqa: ARG001 - as a guard
    """An empty answer is as good as any, whatever came before."""
    return event.error.empty


def send_to_the_end(call: Call, event: Arrival, plan: Taken) -> Send:
    """An attempt that keeps no time back for others."""
    return attrs.evolve(entries.attempt(call, event, plan), until=call.ends_at)


SLOW = attrs.evolve(ONE, timeouts=Timeouts(total=400.0))


def ask_who_was_gone(call: Call, event: Looked) -> tuple[Target, ...]:  # noqa: ARG001 - as a guard
    """A fallback to whom the one before it found gone."""
    return tuple(target for target in call.route if target.name in call.gone)


ALONE = Policy(max_attempts=1, attempts_per_target=1)
