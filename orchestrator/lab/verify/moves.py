"""What can happen at a node, before a guard looks, and what it leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import attrs

from orchestrator.lab.invariants import BrokenMove
from orchestrator.lab.verify.board import Observed
from orchestrator.lab.verify.footprint import identity
from orchestrator.lab.verify.nodes import Key, Nodes
from orchestrator.states.call import Call, State
from orchestrator.states.events import (
    Arrival,
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Event,
    Failed,
    Repaired,
    Rotated,
    Started,
    Streaming,
    Succeeded,
    Switched,
    Waited,
)
from orchestrator.states.policy import OnInterrupted


@attrs.frozen(eq=False)
class OpenEvent:
    """One event, as far as it is decided before a guard looks.

    Attributes:
        event: Its class.
        spent: True where it comes after the call's time.
        taken: The place that was taken, -1 for none.
        credential: The number of the credential that was taken.
        probe: True where the take is a probe.
        reason: The class of reasons that was diagnosed, -1 for none.
        tool_call: True where a part of a tool call was delivered.
        complete: True where the whole answer was, before the caller went away.
    """

    event: type[Event]
    spent: bool = False
    taken: int = -1
    credential: int = 0
    probe: bool = False
    reason: int = -1
    tool_call: bool = False
    complete: bool = False


@attrs.frozen(eq=False)
class MoveResult:
    """What an event leads to, for all calls with the same facts where a guard looked.

    Attributes:
        row: The row that was taken, empty where none led on.
        changes: The fields of the call that it changes; ``None`` after a violation.
        ends: The node where it ends the call, ``None`` where the call goes on.
        number, waits: The values of the counters for which the move is made.
        sends, sleeps: How far it moves attempts and waits.
        fact: What happened.
        seen, late, asked_to_wait, kept_waiting, jitter, spread: What was decided on the way.
        sent: The place that is sent to, -1 for none.
        rotates: True where another credential is asked for.
        seconds: The longest that what it asks for can take.
        switched: The places that it falls back to.
        broken: What is wrong with it.
    """

    row: str
    changes: Mapping[str, Any] | None
    ends: tuple[Any, ...] | None
    number: tuple[int, int]
    waits: tuple[int, int]
    sends: int
    sleeps: int
    fact: OpenEvent
    seen: Observed
    late: bool = False
    asked_to_wait: float | None = None
    kept_waiting: bool | None = None
    jitter: float | None = None
    spread: float | None = None
    sent: int = -1
    rotates: bool = False
    seconds: float = 0.0
    switched: tuple[int, ...] = ()
    broken: tuple[BrokenMove, ...] = ()


class Edge(NamedTuple):
    """A move between two nodes.

    Attributes:
        move: What happens.
        to: The node's number, -1 after a violation.
        order: For each place of ``to``, the place in the node before.
    """

    move: MoveResult
    to: int
    order: tuple[int, ...]


def difference(move: MoveResult) -> object:
    """Moves that do not differ here need not be told apart."""
    changed = move.changes
    return (
        move.row, move.number, move.waits, move.sends, move.sleeps, move.sent, move.rotates,
        move.seconds, move.switched, tuple(one.name for one in move.broken),
        None if changed is None else
        frozenset((name, identity(value)) for name, value in changed.items()),
    )  # fmt: skip


ARRIVALS: Mapping[State, type[Arrival]] = {
    State.READY: Started,
    State.ROTATE_CREDENTIAL: Rotated,
    State.EAGER_FALLBACK: Switched,
    State.RETRY: Waited,
    State.REPAIR: Repaired,
}
"""The event that a state waits for, where it waits for an arrival."""


class OpenEvents:
    """The events that are possible under one setting."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._known: dict[tuple[Any, ...], OpenEvent] = {}

    def _one(
        self, event: type[Event], *, spent: bool = False, taken: int = -1, credential: int = 0,
        probe: bool = False, reason: int = -1, tool_call: bool = False, complete: bool = False,
    ) -> OpenEvent:  # fmt: skip
        """The one fact of these parts, so that a footprint is found by it."""
        parts = (event, spent, taken, credential, probe, reason, tool_call, complete)
        known = self._known.get(parts)
        if known is None:
            known = self._known[parts] = OpenEvent(*parts)
        return known

    def of(self, key: Key, call: Call) -> Iterator[OpenEvent]:
        """Everything that can happen at a node; ``call`` stands for it."""
        state, slots = key[0], key[-1]
        yield self._one(Cancelled)
        yield self._one(DeadlineReached)
        if state is State.ATTEMPT:
            yield from (self._one(Succeeded), self._one(Failed))
            if self._nodes.setting.streamed:
                yield self._one(Streaming)
        elif state is State.STREAM:
            yield from (self._one(Succeeded), self._one(Failed))
            yield self._one(Cancelled, complete=True)
            if self._nodes.setting.policy.on_interrupted is OnInterrupted.CONTINUE:
                yield self._one(Failed, tool_call=True)
        elif state is State.CLASSIFY:
            for reason in range(len(self._nodes.errors)):
                yield self._one(Diagnosed, reason=reason)
                yield self._one(Diagnosed, spent=True, reason=reason)
        else:
            kind = ARRIVALS[state]
            yield from (self._one(kind), self._one(kind, spent=True))
            yield from self._takes(kind, slots, call)

    def _takes(self, kind: type[Event], slots: Any, call: Call) -> Iterator[OpenEvent]:
        others = sum(not slot.asked and not slot.billed for slot in slots)
        done: set[object] = set()
        for place, slot in enumerate(slots):
            if not self._may_take(kind, place, slot, call):
                continue
            group = next((one[0] for one in self._nodes.groups if place in one), place)
            if (group, slot) in done:
                continue
            done.add((group, slot))
            alone = self._nodes.merged and others <= (0 if slot.asked else 1)
            for credential in self._credentials(kind, place, slot.used):
                for probe in (False,) if alone else (False, True):
                    yield self._one(kind, taken=place, credential=credential, probe=probe)

    def _may_take(self, kind: type[Event], place: int, slot: Any, call: Call) -> bool:
        if kind is Started:
            return True
        if kind is Switched:
            return bool(slot.gone) and self._nodes.open_to(call, place)
        return bool(slot.here) and not slot.billed

    def _credentials(self, kind: type[Event], place: int, used: int) -> Iterator[int]:
        if used and kind is not Rotated:
            yield 0
        if used < self._nodes.credentials[place]:
            yield used
