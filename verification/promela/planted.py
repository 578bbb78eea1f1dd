"""Mistakes planted in a table, each with the invariant that must name it.

An opinion that never objects is worth nothing: so spin is shown these each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from orchestrator.lab.verify import Setting
from orchestrator.states.call import Call, State
from orchestrator.states.effects import leave, nothing
from orchestrator.states.events import Diagnosed
from orchestrator.states.facts import Target
from orchestrator.states.guards import Plan, a_retry_is_worth_it
from orchestrator.states.policy import Policy
from orchestrator.states.reasons import Reason
from orchestrator.states.routing import Due
from orchestrator.states.table import TABLE, Row
from verification.promela.exported import export
from verification.promela.spinning import Run, circles, shortest
from verification.promela.translations import SHIPPED, Translations


@attrs.frozen
class Planted:
    """One mistake.

    Attributes:
        name: What was done.
        table: The table with it.
        broken: The invariant that does not hold any more.
        translations: What stands for the functions that it uses.
        goes_round: Whether it lets a call go round for ever, which takes a search of its own.
    """

    name: str
    table: tuple[Row, ...]
    broken: str
    translations: Translations = SHIPPED
    goes_round: bool = False

    def model(self) -> str:
        """The table as Promela, under a setting that is large enough to show the mistake."""
        return export(SETTING, table=self.table, translations=self.translations)

    def found(self) -> Run:
        """What spin says of it."""
        return (circles if self.goes_round else shortest)(self.model())


SETTING = Setting(
    (Target("acme", "one"), Target("beta", "two")),
    {"acme": 2},
    Policy(max_attempts=3, attempts_per_target=2),
    diagnosed=(Reason.BILLING, Reason.RATE_LIMIT, Reason.BAD_REQUEST, Reason.INVALID_RESPONSE),
)
"""Large enough to show each mistake."""

LEFT_OUT = tuple(row for row in TABLE if row.name not in ("way_back", "billing_way_back"))
"""A table that breaks no invariant, and reaches less: only a comparison shows that."""


def unbounded(call: Call, event: Diagnosed) -> Due | None:
    """A retry that does not count its tries."""
    return a_retry_is_worth_it(attrs.evolve(call, tries=0), event)


def whoever_is_slow(call: Call, event: Diagnosed) -> Due | None:
    """A retry that asks neither how long the caller was kept waiting nor who stands by."""
    return a_retry_is_worth_it(attrs.evolve(call, kept_waiting=False), event)


def whatever_it_costs(call: Call, event: Diagnosed) -> Due | None:
    """A retry that does not ask whether it can be paid for."""
    paid = attrs.evolve(event.standby, retry_affordable=True)
    return a_retry_is_worth_it(call, attrs.evolve(event, standby=paid))


def any_empty_answer(call: Call, event: Diagnosed) -> bool:  # noqa: ARG001 - as a guard
    """To take an empty answer for the answer, whatever came before."""
    return event.error.empty


def leave_and_replace(call: Call, event: Diagnosed, plan: Plan) -> None:
    """To leave a target with its own error as the cause, whatever the cause was."""
    leave(call, event, plan)
    call.cause = call.error


def _moved(names: Sequence[str], below: str) -> tuple[Row, ...]:
    moved = [row for row in TABLE if row.name in names]
    rest = [row for row in TABLE if row.name not in names]
    place = next(index for index, row in enumerate(rest) if row.name == below) + 1
    return (*rest[:place], *moved, *rest[place:])


def _changed(name: str, **changes: Any) -> tuple[Row, ...]:
    return tuple(attrs.evolve(row, **changes) if row.name == name else row for row in TABLE)


PLANTED = (
    Planted(
        "billing rows below rotate",
        _moved(("billing_fallback", "billing_way_back", "billing_terminal"), "rotate"),
        "billing_bypasses_the_pool",
    ),
    Planted(
        "a retry without its bound",
        _changed("retry", guard=unbounded),
        "tries_are_bounded",
        SHIPPED.with_(guards={unbounded: "(RETRY_HELPS && RETRY_FITS && !unpaid)"}),
    ),
    Planted(
        "a later error as the cause",
        _changed("fallback", effect=leave_and_replace),
        "the_cause_is_never_replaced",
        SHIPPED.with_(effects={leave_and_replace: "effect_leave(); cause = THE_ERROR"}),
    ),
    Planted(
        "a retry at who fails slowly",
        _changed("retry", guard=whoever_is_slow),
        "who_fails_slowly_is_left",
        SHIPPED.with_(
            guards={
                whoever_is_slow: "(RETRY_HELPS && tries < TRIES_ALLOWED && WAITS_REMAIN && "
                "wait == SOON && !unpaid)"
            }
        ),
    ),
    Planted(
        "a retry that nobody has paid for",
        _changed("retry", guard=whatever_it_costs),
        "a_retry_is_paid_for",
        SHIPPED.with_(
            guards={whatever_it_costs: "(RETRY_HELPS && tries < TRIES_ALLOWED && RETRY_FITS)"}
        ),
    ),
    Planted(
        "an empty answer among others",
        _changed("empty_answer", guard=any_empty_answer),
        "an_empty_answer_is_the_last_resort",
        SHIPPED.with_(guards={any_empty_answer: "IS(EMPTY)"}),
    ),
    Planted(
        "a repair that leads to itself",
        _changed("repaired_terminal", to=State.REPAIR, effect=nothing),
        "non-progress cycle",
        goes_round=True,
    ),
)
"""Every planted mistake."""
