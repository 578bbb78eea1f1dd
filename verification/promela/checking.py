"""The machine at work on moves that the model told of: does it take the same row?"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestrator.lab.verify import Setting
from orchestrator.states.call import Call, State
from orchestrator.states.commands import Send, Wait
from orchestrator.states.events import Diagnosed
from orchestrator.states.machine import IllegalEvent, Step, Stepper
from orchestrator.states.table import TABLE
from verification.promela.concrete import CAUSE, Before, Concrete, Decoder
from verification.promela.instants import Moment
from verification.promela.vectors import FIELDS, TARGET_FIELDS, Encoder
from verification.promela.worlds import (
    LATE,
    NEVER,
    NO_CAUSE,
    OF_THE_ERROR,
    OF_THE_MARK,
    OTHERWISE,
    SET_EARLIER,
    SOON,
    TOLD_FIELDS,
    World,
    world,
)

ROWS = tuple(row.name for row in TABLE)
_PLACES = {name: place for place, name in enumerate(ROWS)}
_NOBODYS = 255
"""The rank of an instant that the world did not name."""

_ROUNDED = 1e-9
"""Seconds that are lost where an instant is made of two."""

_SEEN = ("tries", "here", "committed", "too_small")
_KEPT = tuple(FIELDS.index(name) for name in _SEEN)
_UNSEEN = TARGET_FIELDS.index("repaired")


@attrs.frozen
class Disagreement:
    """A move that the machine makes in another way.

    Attributes:
        concrete: The event at which it did.
        row: The machine's row; empty where it refused the event.
        details: What else is not the same, by name: what spin says, what the machine says.
    """

    concrete: Concrete
    row: str
    details: tuple[tuple[str, int, int], ...]


class Checker:
    """Holds moves of one setting against one machine.

    Attributes:
        steps: How often the machine was asked.
    """

    def __init__(self, setting: Setting, step: Stepper) -> None:
        self.steps = 0
        self._step, self._setting = step, setting
        self._decoder, self._encode = Decoder(setting, step), Encoder(setting)
        self._calls: dict[tuple[bytes, int], Call] = {}
        self._worlds: dict[bytes, World] = {}
        self._events: dict[bytes, tuple[Concrete, ...]] = {}
        self._key, self._before, self._parsed = b"", b"", Before.of(b"")

    def check(self, before: bytes, decided: bytes, expected: bytes) -> Disagreement | None:
        """How the machine moves otherwise, if it does; calls that are alike should come together.

        Args:
            before: What the call remembered.
            decided: The world.
            expected: What spin says that the row did, and what the call remembers then.
        """
        if before != self._before:
            self._turn_to(before)
        found = self._worlds.get(decided)
        if found is None:
            found = self._worlds[decided] = world(decided)
        events = self._events.get(decided)
        if events is None:
            events = tuple(self._decoder.events(self._parsed, found))
            self._events[decided] = events
        call = self._calls.get((before, found.kept_waiting))
        if call is None:
            call = self._decoder.call(self._parsed, kept_waiting=bool(found.kept_waiting))
            self._calls[before, found.kept_waiting] = call
        for concrete in events:
            self.steps += 1
            differs = self._ask(_returning(call, concrete), concrete, expected)
            if differs is not None:
                return differs
        return None

    def _turn_to(self, before: bytes) -> None:
        self._before, self._parsed = before, Before.of(before)
        if key_of(before) != self._key:
            self._key = key_of(before)
            self._events.clear()
            self._calls.clear()

    def _ask(self, call: Call, concrete: Concrete, expected: bytes) -> Disagreement | None:
        try:
            got = self._step(call, concrete.event)
        except (IllegalEvent, AssertionError) as refused:
            return Disagreement(concrete, f"none ({refused})", ())
        told = bytes(
            (
                _PLACES.get(got.row, 255), _cause(got), _until(call, concrete, got),
                _cut_short(got), self._back_later(call, concrete.moment, got),
            )
        ) + self._encode(got.call)  # fmt: skip
        if told == expected:
            return None
        return Disagreement(concrete, got.row, tuple(self._details(expected, told)))

    def _details(self, expected: bytes, told: bytes) -> Iterator[tuple[str, int, int]]:
        names = [*TOLD_FIELDS, *(f"{name} then" for name in FIELDS)]
        names += [f"{name} of {one}" for one in self._setting.route for name in TARGET_FIELDS]
        for name, spin, machine in zip(names, expected, told, strict=True):
            if spin != machine and name != "row":
                yield name, spin, machine

    def _back_later(self, call: Call, moment: Moment, got: Step) -> bool:
        """Whether a target that was left asked not to come back within the patience."""
        new = got.call.returnable - call.returnable
        latest = max((instant for _, instant in new), default=0.0)
        patience = self._setting.policy.patience
        return latest > moment.at + patience + _ROUNDED or latest >= moment.limit


def key_of(before: bytes) -> bytes:
    """What events depend on: calls with the same can be asked about the same ones."""
    width = len(TARGET_FIELDS)
    rest = bytes(
        number for place, number in enumerate(before[len(FIELDS) :]) if place % width != _UNSEEN
    )
    begun = before[FIELDS.index("number")] > 0
    return bytes([before[place] for place in _KEPT] + [begun]) + rest


def _returning(call: Call, concrete: Concrete) -> Call:
    """The call, where targets that it left asked not to be asked before an instant."""
    if not concrete.late_returns:
        return call
    returning = {call.route[place].name: instant for place, instant in concrete.late_returns}
    changed = call.copy()
    changed.returnable = frozenset(
        (name, returning.get(name, instant)) for name, instant in call.returnable
    )
    return changed


def _cause(got: Step) -> int:
    call = got.call
    if call.cause is None:
        return OTHERWISE if call.state is State.FAIL_TERMINAL else NO_CAUSE
    if call.cause is CAUSE:
        return SET_EARLIER
    if call.cause is call.error:
        return OF_THE_ERROR
    return OF_THE_MARK if call.cause is call.passed_over else OTHERWISE


def _until(call: Call, concrete: Concrete, got: Step) -> int:
    """How long a wait is; on an arrival the rank of its instant."""
    command, moment = got.command, concrete.moment
    if not isinstance(command, Wait):
        return 0
    if command.until >= moment.limit:
        return NEVER if isinstance(concrete.event, Diagnosed) else len(call.route)
    if not isinstance(concrete.event, Diagnosed):
        return _rank(moment, command.until)
    waits = command.until - moment.at
    if got.call.target is not call.target:
        # Tries start again on the way back, and so does the backoff.
        return SOON if waits >= moment.back - _ROUNDED else NEVER
    return SOON if waits <= call.policy.patience + _ROUNDED else LATE


def _rank(moment: Moment, until: float) -> int:
    """The rank of the instant that is waited for, beside what is drawn on top; 255 for none."""
    rank = sum(instant <= until for instant in moment.ranks) - 1
    return rank if rank >= 0 and until <= moment.drawn(moment.ranks[rank]) + _ROUNDED else _NOBODYS


def _cut_short(got: Step) -> bool:
    return isinstance(got.command, Send) and got.command.until < got.command.ends_at
