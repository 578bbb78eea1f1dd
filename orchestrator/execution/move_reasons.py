"""Reasons of a call's moves: which row of the table was taken each time, and why that one."""

from __future__ import annotations

import attrs

from orchestrator.api.errors import one_line
from orchestrator.ledger import Ledger, Transition
from orchestrator.states import (
    TABLE,
    Diagnosed,
    Event,
    Repaired,
    Rotated,
    Started,
    Switched,
    Waited,
)

UNPAID = "no retry could be paid for, its budget is spent"
"""What is said of a failure after which the budget of retries allowed none."""

_GUARDS = {row.name: row.guard for row in TABLE}


@attrs.frozen
class MoveReason:
    """The reason of one move.

    Attributes:
        state, event, to: Where the call was, what happened, and where it went.
        row: The row of the table that was taken.
        guard: Its condition; ``None`` where the row holds whenever those above do not.
        facts: What the event told; empty where its name says all.
        because: The condition in words; empty where there is no other row.
    """

    state: str
    event: str
    row: str
    guard: str | None
    to: str
    facts: str
    because: str


def move_reasons(ledger: Ledger) -> tuple[MoveReason, ...]:
    """The reason of each move of a call, in order."""
    return tuple(_why(transition) for transition in ledger.transitions)


def _why(transition: Transition) -> MoveReason:
    return MoveReason(
        transition.state,
        transition.event,
        transition.row,
        transition.guard,
        transition.to,
        _facts(transition.facts),
        _because(transition),
    )


def _facts(event: Event) -> str:
    match event:
        case Diagnosed():
            said = one_line(str(event.error))
            return said if event.standby.retry_affordable else f"{said}; {UNPAID}"
        case Started() | Rotated() | Switched() | Waited() | Repaired():
            taken = event.taken
            return f"took {taken.target.name} {taken.credential}" if taken else "nothing to take"
        case _:
            return ""


def _because(transition: Transition) -> str:
    guard = _GUARDS.get(transition.row)
    if guard is not None:
        return " ".join((guard.__doc__ or "").partition("\n\n")[0].split())
    rivals = [row for row in TABLE if row.state.value == transition.state
              and row.event.__name__ == transition.event]  # fmt: skip
    return "None of the rows above it holds." if len(rivals) > 1 else ""
