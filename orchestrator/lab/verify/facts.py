"""What can happen at a node, before a guard looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.lab.verify.moves import Fact
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

ARRIVALS: Mapping[State, type[Arrival]] = {
    State.READY: Started,
    State.ROTATE_CREDENTIAL: Rotated,
    State.EAGER_FALLBACK: Switched,
    State.RETRY: Waited,
    State.REPAIR: Repaired,
}
"""The event that a state waits for, where it waits for an arrival."""


class Facts:
    """The facts of one setting."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._known: dict[tuple[Any, ...], Fact] = {}

    def _one(
        self, event: type[Event], *, spent: bool = False, taken: int = -1, credential: int = 0,
        probe: bool = False, reason: int = -1, tool_call: bool = False, complete: bool = False,
    ) -> Fact:  # fmt: skip
        """The one fact of these parts, so that a footprint is found by it."""
        parts = (event, spent, taken, credential, probe, reason, tool_call, complete)
        known = self._known.get(parts)
        if known is None:
            known = self._known[parts] = Fact(*parts)
        return known

    def of(self, key: Key, call: Call) -> Iterator[Fact]:
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

    def _takes(self, kind: type[Event], slots: Any, call: Call) -> Iterator[Fact]:
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
        if used < self._nodes.setting.credentials[place]:
            yield used
