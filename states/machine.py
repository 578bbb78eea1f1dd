"""``step``: the table at work. The only module that knows the state machine library.

One machine of the library is built at import from :data:`orchestrator.states.table.TABLE`, and
its transitions are read out once, into a dictionary of rows: to fire an event through the
library costs more than most rows do. ``step`` holds what the event claims against the call,
copies the call, notes the event's facts on the copy, takes the first row whose guard holds, sets
the state and calls its ``enter``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import attrs
from transitions import Machine, Transition

from orchestrator.states.call import NOTES, Call, Note, State
from orchestrator.states.commands import Command
from orchestrator.states.effects import Effect, nothing
from orchestrator.states.entries import Enter
from orchestrator.states.events import Event
from orchestrator.states.guards import Guard
from orchestrator.states.legality import CLAIMS, Claim, objection
from orchestrator.states.table import STATES, TABLE, Entry, Row


class IllegalEvent(Exception):
    """The event has no row in the call's state, or claims what cannot be true.

    Attributes:
        state: Where the call is.
        event: What was to happen.
        call: The call, unchanged.
        why: What stands against it.
    """

    def __init__(self, call: Call, event: Event, why: str) -> None:
        super().__init__(
            f"{type(event).__name__} is not possible in {call.state.value}: {why} ({call!r})"
        )
        self.state = call.state
        self.event = event
        self.call = call
        self.why = why

    def __reduce__(self) -> tuple[type[IllegalEvent], tuple[Call, Event, str]]:
        return type(self), (self.call, self.event, self.why)


@attrs.frozen(slots=False)  # with slots each field is set by a function call
class Step:
    """What a step brought.

    Attributes:
        call: The call after the event; the one before is unchanged.
        command: What the entered state asks its driver to do.
        row: The name of the row that was taken.
    """

    call: Call
    command: Command
    row: str


Stepper = Callable[[Call, Event], Step]
"""A machine at work, as :func:`step` is."""


def step(call: Call, event: Event) -> Step:
    """Advance ``call`` by ``event``; pure.

    Raises:
        IllegalEvent: The event has no row in this state, or what it claims to have
            taken is not what the call asked for. The call is unchanged.
    """
    return _advance(_GROUPS, call, event)


def build(table: Sequence[Row] = TABLE, entries: Sequence[Entry] = STATES) -> Stepper:
    """:func:`step` for another table, built in the same way: for tools that compare machines.

    Args:
        table: The rows, in order.
        entries: What each state asks for when it is entered.
    """
    groups = _compiled(table, entries)

    def advance(call: Call, event: Event) -> Step:
        return _advance(groups, call, event)

    return advance


def _advance(groups: _Groups, call: Call, event: Event) -> Step:
    group = groups.get((call.state, type(event)))
    if group is None:
        raise IllegalEvent(call, event, _refusal(call, event))
    claim, note, rows = group
    if not event.at >= 0 or (claim is not None and claim(call, event) is not None):
        raise IllegalEvent(call, event, _refusal(call, event))
    successor = call.copy()
    if note is not None:
        note(successor, event)
    for guard, effect, name, to, enter in rows:
        plan = guard(successor, event) if guard is not None else True
        if plan:
            if effect is not None:
                effect(successor, event, plan)
            successor.state = to
            return Step(successor, enter(successor, event, plan), name)
    raise IllegalEvent(call, event, "no row leads on")


def _refusal(call: Call, event: object) -> str:
    """What stands against an event, or that it has no row in the call's state."""
    if not isinstance(event, Event):
        return "it is no event"
    return objection(call, event) or "no row leads on"


_Row = tuple[Guard | None, Effect | None, str, State, Enter]
"""A row: its guard, its effect, its name, where it leads, and what is entered there."""

_Group = tuple[Claim | None, Note | None, Sequence[_Row]]
"""What is looked at before the rows, what is noted of the event, and the rows in order."""

_Groups = Mapping[tuple[State, type[Event]], _Group]
"""The rows that lead out of a state by an event."""


class _RowTransition(Transition):
    """A row as a transition of the library."""

    def __init__(self, *args: Any, row: Row, **options: Any) -> None:
        super().__init__(*args, **options)
        self.row = row


class _RowMachine(Machine):
    """The library's machine over rows."""

    transition_cls = _RowTransition


def _compiled(table: Sequence[Row], entries: Sequence[Entry]) -> _Groups:
    enter = {entry.state: entry.enter for entry in entries if entry.enter is not None}
    machine = _RowMachine(
        model=None,
        states=[entry.state for entry in entries],
        initial=State.READY,
        auto_transitions=False,
    )
    for row in table:
        machine.add_transition(row.event.__name__, row.state, row.to, row=row)
    groups: dict[tuple[State, type[Event]], list[_Row]] = {}
    for each in cast(list[_RowTransition], machine.get_transitions()):
        row, source = each.row, State(machine.get_state(each.source).value)
        to = State(machine.get_state(str(each.dest)).value)
        effect = row.effect if row.effect is not nothing else None
        compiled = (row.guard, effect, row.name, to, enter[to])
        groups.setdefault((source, row.event), []).append(compiled)
    return {
        (state, kind): (CLAIMS.get(kind), NOTES.get(kind), rows)
        for (state, kind), rows in groups.items()
    }


_GROUPS = _compiled(TABLE, STATES)
