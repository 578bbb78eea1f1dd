"""Machines that are wrong in one way each: what ships, with one thing changed of what it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from orchestrator.states import (
    Call,
    Cancelled,
    Diagnosed,
    Error,
    Event,
    Failed,
    Finish,
    IllegalEvent,
    Send,
    Step,
    StoppedBy,
    Switch,
    Wait,
    step,
)
from orchestrator.states.commands import Rotate
from orchestrator.states.events import Arrival
from orchestrator.states.guards import (
    a_retry_is_worth_it,
    a_target_clears,
    an_earlier_target_clears,
    another_key_is_free,
)
from orchestrator.states.machine import build
from orchestrator.states.routing import Due
from tests.orchestrator.lab.verify.faults import changed

Stepper = Callable[[Call, Event], Step]


def asking(command: type[Any], change: Callable[[Any], Any]) -> Stepper:
    """A machine that asks for something else where it asks for a ``command``."""

    def machine(call: Call, event: Event) -> Step:
        after = step(call, event)
        if not isinstance(after.command, command):
            return after
        return attrs.evolve(after, command=change(after.command))

    return machine


def noting(change: Callable[[Call, Event, Call], None]) -> Stepper:
    """A machine that remembers something else: changes the call after the move."""

    def machine(call: Call, event: Event) -> Step:
        after = step(call, event)
        change(call, event, after.call)
        return after

    return machine


def believing(**fields: Any) -> Stepper:
    """A machine that decides as if the call's fields had these values, and keeps the real ones."""

    def machine(call: Call, event: Event) -> Step:
        believed = call.copy()
        for name, value in fields.items():
            setattr(believed, name, value)
        after = step(believed, event)
        for name, value in fields.items():
            if getattr(after.call, name) == value:
                setattr(after.call, name, getattr(call, name))
        return after

    return machine


def hearing(change: Callable[[Error], Error]) -> Stepper:
    """A machine that decides on another error, and remembers the real one."""

    def machine(call: Call, event: Event) -> Step:
        if not isinstance(event, Diagnosed):
            return step(call, event)
        after = step(call, attrs.evolve(event, error=change(event.error)))
        after.call.error = event.error
        after.call.not_before = event.at + (event.error.retry_after or 0.0)
        return after

    return machine


def gullible(call: Call, event: Event) -> Step:
    """A machine that refuses nothing."""
    try:
        return step(call, event)
    except IllegalEvent:
        if isinstance(event, Arrival):
            return step(call, attrs.evolve(event, taken=None))
        return step(call, Cancelled(0.0) if not isinstance(event, Failed) else Failed(0.0))


def giving_up(call: Call, event: Event) -> Step:
    """A machine that ends where it should fall back."""
    after = step(call, event)
    if not isinstance(event, Diagnosed) or not isinstance(after.command, Switch):
        return after
    ended = step(call, Cancelled(event.at)).call
    ended.error, ended.stopped_by = event.error, StoppedBy.EXHAUSTED
    ended.cause = call.cause or event.error
    return Step(ended, Finish(ended.cause, StoppedBy.EXHAUSTED), "terminal")


def early(wait: Wait) -> Wait:
    """A wait that ends a second before it should."""
    return attrs.evolve(wait, until=wait.until - 1.0)


def long(wait: Wait) -> Wait:
    """A wait that ends a second after it should."""
    return attrs.evolve(wait, until=wait.until + 1.0)


def short(send: Send) -> Send:
    """An attempt that ends before it must."""
    return attrs.evolve(send, until=send.until - 2.0)


def guarded(name: str, guard: Callable[[Call, Any], Any]) -> Stepper:
    """A machine with another guard in one row."""
    return build(changed(name, guard=guard))


def never(call: Call, event: Event) -> None:
    """A row that never holds."""


def retry_after_a_probe(call: Call, event: Diagnosed) -> Due | None:
    """A retry as if nothing had been probed."""
    again = call.copy()
    again.probe = False
    return a_retry_is_worth_it(again, event)


def retry_in_the_time_of_others(call: Call, event: Diagnosed) -> Due | None:
    """A retry that keeps no time back, as after content."""
    again = call.copy()
    again.stream_ends_at = call.ends_at
    return a_retry_is_worth_it(again, event)


def rotate_to_the_last(call: Call, event: Diagnosed) -> Rotate | None:
    """A rotation that keeps no attempt for the others."""
    fits = call.copy()
    fits.number = 0
    return another_key_is_free(fits, event)


def back_again(call: Call, event: Diagnosed) -> Due | None:
    """The way back, as often as there is one."""
    again = call.copy()
    again.went_back = False
    return an_earlier_target_clears(again, event)


def wait_for_the_last(call: Call, event: Arrival) -> Due | None:
    """A wait for what clears last."""
    dues = [Due(one.target, one.at) for one in event.standby.clears if one.at < call.ends_at]
    found = a_target_clears(call, event)
    return max(dues, key=lambda due: due.at, default=None) if found is not None else None
