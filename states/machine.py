"""``step``: the table at work. The only module that knows the state machine library.

One machine, built at import from :data:`orchestrator.states.table.TABLE`, serves every call; a call
is only its model, never decorated. ``step`` copies the call, notes the event's facts on
the copy and fires the event; the library evaluates guards in row order, sets the state
and calls the entered state's ``enter``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import attrs
from transitions import Event as MachineEvent
from transitions import EventData, Machine, MachineError, Transition
from transitions import State as MachineState

from orchestrator.states.call import Call, State
from orchestrator.states.commands import Command
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


class _State(MachineState):
    """A state whose name is looked up once: enum members compute theirs at each use."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.state, on_enter=_on_enter(entry), final=entry.state.final)
        self._label = entry.state.name

    @property
    def name(self) -> str:
        return self._label


class _Transition(Transition):
    """A row without the callbacks that no row has: they are most of what the stock class costs."""

    def settle(self, machine: Machine) -> None:
        """Look up once what each step would look up."""
        entered = machine.get_state(cast(str, self.dest))
        self._holds = [cast(_Guarded, condition.func) for condition in self.conditions]
        self._to, self._then = entered.value, cast(list[_Callback], [*self.before])
        self._enter = cast(list[_Callback], [*entered.on_enter])

    def execute(self, event_data: EventData) -> bool:
        for holds in self._holds:
            if not holds(event_data):
                return False
        for then in self._then:
            then(event_data)
        model: Any = event_data.model
        model.state = self._to
        for enter in self._enter:
            enter(event_data)
        return True


class _Event(MachineEvent):
    """An event that is fired at once: nothing is queued, prepared or finalized here."""

    def trigger(self, model: Any, *args: Any, **kwargs: Any) -> bool:
        data = EventData(None, self, self.machine, model, args, kwargs)
        for row in self.transitions.get(model.state.name, ()):
            if row.execute(data):
                return True
        raise MachineError(f"no row leads on by {self.name}")


class _Machine(Machine):
    """The library's machine over the slimmer classes, which halve what a step costs."""

    transition_cls = _Transition
    event_cls = _Event


_Guarded = Callable[[EventData], bool]
_Callback = Callable[[EventData], None]


def _conditions(row: Row) -> list[str | Callable[..., bool | None]]:
    guard = row.guard
    if guard is None:
        return []

    # The library types its model as object; it is the copy that ``step`` fired with.
    def holds(data: Any) -> bool:
        return guard(data.model, data.args[0])

    return [holds]


def _before(row: Row) -> Callable[[Any], None]:
    name, effect = row.name, row.effect

    def before(data: Any) -> None:
        event, taken = data.args
        taken.row = name
        effect(data.model, event)

    return before


def _on_enter(entry: Entry) -> list[str | Callable[..., bool | None]]:
    enter = entry.enter
    if enter is None:
        return []

    def on_enter(data: Any) -> None:
        event, taken = data.args
        taken.command = enter(data.model, event)

    return [on_enter]


def _triggers(table: Sequence[Row], entries: Sequence[Entry]) -> dict[str, Callable[..., Any]]:
    machine = _Machine(
        model=None,
        states=[_State(entry) for entry in entries],
        initial=State.READY,
        auto_transitions=False,
        send_event=True,
    )
    for row in table:
        machine.add_transition(
            row.event.__name__, row.state, row.to, conditions=_conditions(row), before=_before(row)
        )
    for event in machine.events.values():
        for rows in event.transitions.values():
            for settled in rows:
                cast(_Transition, settled).settle(machine)
    return {name: event.trigger for name, event in machine.events.items()}


_TRIGGERS = _triggers(TABLE, STATES)
