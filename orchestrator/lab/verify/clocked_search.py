"""Breadth first over real calls with a running clock: nothing is merged, nothing stands still.

A place is a call and the instant of its last event. What stands by is decided where somebody
looks, by the machine or by a check; a step whose looks found the same facts before is not made
again (:mod:`orchestrator.lab.verify.footprint`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

import attrs

from orchestrator.lab.invariants import BrokenMove, CheckedMove, broken
from orchestrator.lab.invariants.memory import FIELDS
from orchestrator.lab.verify.choices import Choices
from orchestrator.lab.verify.clocked_board import ClockedStandby
from orchestrator.lab.verify.clocked_events import ClockedEvent, ClockedEvents
from orchestrator.lab.verify.footprint import Footprints, RecordingCall, identity, keep_looks
from orchestrator.lab.verify.properties import STUCK
from orchestrator.lab.verify.small_settings import SmallSetting
from orchestrator.states.call import Call
from orchestrator.states.events import Diagnosed
from orchestrator.states.machine import IllegalEvent, Stepper


@attrs.frozen(eq=False)
class ClockedMove:
    """One way that an event can go.

    Attributes:
        event: What happened.
        standby: What was decided of the board.
        changes: The fields of the call that it changes.
        ends: Whether the call is over.
        broken: What is wrong with it.
    """

    event: ClockedEvent
    standby: ClockedStandby
    changes: Mapping[str, Any]
    ends: bool = False
    broken: tuple[BrokenMove, ...] = ()


Spot = tuple[Call, float]
"""A call, and when its last event was."""


class ClockedSearch:
    """Everything that calls of one small setting can do within so many moves.

    Attributes:
        moves: How many moves were looked at.
        steps: How many of them the machine made; the others had the same footprint.
        broken: The first move that breaks something, after the moves that lead there.
    """

    def __init__(self, setting: SmallSetting, step: Stepper) -> None:
        self._setting, self._step = setting, step
        self._choices, self._events = Choices(), ClockedEvents(setting)
        self._footprints = Footprints()
        self._came: dict[Any, tuple[Any, ClockedMove] | None] = {}
        self.moves = self.steps = 0
        self.broken: tuple[ClockedMove, ...] = ()

    def run(self) -> Self:
        """Go on until nothing new is reached, or something is broken."""
        begin = self._setting.call()
        frontier: list[tuple[Any, Spot]] = [(_key(begin, 0.0), (begin, 0.0))]
        self._came[frontier[0][0]] = None
        for _ in range(self._setting.moves):
            following: list[tuple[Any, Spot]] = []
            for key, spot in frontier:
                following += self._expand(key, spot)
                if self.broken:
                    break
            frontier = following
            if self.broken or not frontier:
                break
        return self

    def __len__(self) -> int:
        """How many places were reached."""
        return len(self._came)

    def _expand(self, key: Any, spot: Spot) -> list[tuple[Any, Spot]]:
        call, now = spot
        fresh = []
        for event in self._events.of(call, now):
            for move in self._ways(call, event):
                self.moves += 1
                if move.broken:
                    self.broken = (*self._way(key), move)
                    return []
                if move.ends:
                    continue
                after = call.copy()
                after.__dict__.update(move.changes)
                there = _key(after, event.at)
                if there not in self._came:
                    self._came[there] = (key, move)
                    fresh.append((there, (after, event.at)))
        return fresh

    def _way(self, key: Any) -> tuple[ClockedMove, ...]:
        moves: list[ClockedMove] = []
        came = self._came[key]
        while came is not None:
            moves.append(came[1])
            came = self._came[came[0]]
        return tuple(reversed(moves))

    def _ways(self, call: Call, event: ClockedEvent) -> Sequence[ClockedMove]:
        found = self._footprints.find((call.state.value, event), call)
        if found is None:
            found = self._made(call, event)
        return cast(Sequence[ClockedMove], found)

    def _made(self, call: Call, event: ClockedEvent) -> Sequence[ClockedMove]:
        watched, looked = _watched(call)
        moves: dict[Any, ClockedMove] = {}
        while True:
            self._choices.begin((0, 0), (0, 0))
            move = self._run(watched, event)
            if move is not None:
                moves.setdefault(_difference(move), move)
            if not self._choices.next():
                break
            keep_looks(watched, looked)
        found = tuple(moves.values())
        self._footprints.keep((call.state.value, event), looked, found)
        return found

    def _run(self, call: RecordingCall, fact: ClockedEvent) -> ClockedMove | None:
        self.steps += 1
        standby = ClockedStandby(
            self._setting, self._choices, call, fact.at,
            diagnosed=fact.event is Diagnosed,
            taken=fact.taken.target.name if fact.taken is not None else "",
        )  # fmt: skip
        event = fact.made(cast(Any, standby))
        try:
            after = self._step(call, event)
        except (IllegalEvent, AssertionError) as error:
            if not fact.possible:
                return None
            stuck = BrokenMove(STUCK, str(error), (0, 0), (0, 0))
            return ClockedMove(fact, standby, {}, broken=(stuck,))
        found = tuple(broken(CheckedMove(call, event, after)))
        return ClockedMove(fact, standby, _changes(after.call), after.call.state.final, found)


def _difference(move: ClockedMove) -> object:
    changed = tuple((name, identity(value)) for name, value in move.changes.items())
    return changed, move.ends, tuple(one.name for one in move.broken)


def _key(call: Call, now: float) -> tuple[Any, ...]:
    own = call.__dict__
    return (now, *[identity(own[name]) for name in FIELDS])


_ALIKE = frozenset({"route", "policy", "reasoning", "streamed", "state"})
_NAMES = frozenset(FIELDS)


def _watched(call: Call) -> tuple[RecordingCall, dict[Any, Any]]:
    """A watched call in the place of ``call``, all of whose facts are noted when looked at."""
    watched, looked = object.__new__(RecordingCall), dict[Any, Any]()
    own, source = watched.__dict__, call.__dict__
    own.update((name, source[name]) for name in _ALIKE)
    own.update(_source=call, _looked=looked, _fields=_NAMES)
    return watched, looked


def _changes(after: Call) -> dict[str, Any]:
    own = after.__dict__
    looked = own["_looked"]
    return {
        name: value
        for name, value in own.items()
        if name in _NAMES and not (name in looked and value is looked[name])
    }
