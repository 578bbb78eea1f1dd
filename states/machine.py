"""``step``: the table at work. The only module that knows the state machine library.

One machine, built at import from :data:`orchestrator.states.table.TABLE`, serves every call; a call
is only its model, never decorated. ``step`` copies the call, notes the event's facts on
the copy and fires the event; the library evaluates guards in row order, sets the state
and calls the entered state's ``enter``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
from transitions import Event as MachineEvent
from transitions import EventData, Machine, MachineError, Transition
from transitions import State as MachineState

from orchestrator.states.call import Call, State
from orchestrator.states.commands import Command
from orchestrator.states.entries import Enter
from orchestrator.states.events import Event
from orchestrator.states.legality import objection
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


@attrs.frozen
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
    return _advance(_TRIGGERS, call, event)


def build(table: Sequence[Row] = TABLE, entries: Sequence[Entry] = STATES) -> Stepper:
    """:func:`step` for another table, built in the same way: for tools that compare machines.

    Args:
        table: The rows, in order.
        entries: What each state asks for when it is entered.
    """
    triggers = _triggers(table, entries)

    def advance(call: Call, event: Event) -> Step:
        return _advance(triggers, call, event)

    return advance


def _advance(triggers: Mapping[str, Callable[..., Any]], call: Call, event: Event) -> Step:
    trigger = triggers.get(type(event).__name__)
    why = objection(call, event) if trigger is not None else "it is no event"
    if trigger is None or why is not None:
        raise IllegalEvent(call, event, why or "")
    successor, taken = call.copy(), _Taken()
    successor.note(event)
    try:
        trigger(successor, event, taken)
    except MachineError as error:
        raise IllegalEvent(call, event, "no row leads on") from error
    assert taken.command is not None, "each state but the initial one asks for something"
    return Step(successor, taken.command, taken.row)


@attrs.define
class _Taken:
    """Where the callbacks of one step leave the row and the command."""

    row: str = ""
    command: Command | None = None


class _Transition(Transition):
    """A row: its guard, effect and entry in the place of the library's lists of callbacks."""

    def __init__(self, *args: Any, row: Row, enter: Enter, **options: Any) -> None:
        super().__init__(*args, **options)
        self._row, self._guard, self._effect, self._enter = row.name, row.guard, row.effect, enter
        self._to = row.to

    def execute(self, event_data: EventData) -> bool:
        call: Any = event_data.model  # the library types it as object
        event, taken = event_data.args
        plan = self._guard(call, event) if self._guard is not None else True
        if not plan:
            return False
        self._effect(call, event, plan)
        call.state = self._to
        taken.row, taken.command = self._row, self._enter(call, event, plan)
        return True


class _Event(MachineEvent):
    """An event that is fired at once: nothing is queued, prepared or finalized here.

    That is most of what the stock class costs.
    """

    def trigger(self, model: Any, *args: Any, **kwargs: Any) -> bool:
        data = EventData(None, self, self.machine, model, args, kwargs)
        for row in self.transitions.get(model.state.name, ()):
            if row.execute(data):
                return True
        raise MachineError(f"no row leads on by {self.name}")


class _Machine(Machine):
    """The library's machine over rows."""

    transition_cls = _Transition
    event_cls = _Event


def _triggers(table: Sequence[Row], entries: Sequence[Entry]) -> dict[str, Callable[..., Any]]:
    enter = {entry.state: entry.enter for entry in entries}
    machine = _Machine(
        model=None,
        states=[MachineState(state, final=state.final) for state in enter],
        initial=State.READY,
        auto_transitions=False,
        send_event=True,
    )
    for row in table:
        machine.add_transition(row.event.__name__, row.state, row.to, row=row, enter=enter[row.to])
    return {name: event.trigger for name, event in machine.events.items()}


_TRIGGERS = _triggers(TABLE, STATES)
