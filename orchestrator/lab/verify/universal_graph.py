"""The search of a setting that stands for many: what can be reached, whatever was counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from typing import cast

import attrs

from orchestrator.lab.invariants import ATTEMPTS, BrokenMove
from orchestrator.lab.verify.choices import NUMBER, WAITS, OpenCounter
from orchestrator.lab.verify.footprint import RecordingCall, identity
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.moves import ARRIVALS, MoveResult, OpenEvent
from orchestrator.lab.verify.nodes import SENT, Key, Nodes
from orchestrator.lab.verify.properties import CIRCLES, ENDS
from orchestrator.lab.verify.setting import ErrorClass
from orchestrator.lab.verify.universal import (
    MOST,
    TRIES,
    FreeContext,
    FreeKind,
    FreeNodes,
    FreeNumber,
    FreePolicy,
    FreeSetting,
    late_jitters,
    tries_after,
)
from orchestrator.states.call import Call, State
from orchestrator.states.events import Cancelled, DeadlineReached, Diagnosed, Repaired, Rotated
from orchestrator.states.limits import backoff
from orchestrator.states.machine import Stepper

_INTERRUPTIONS = (Cancelled, DeadlineReached)
_SAME_TRY = (Rotated, Repaired)


class FreeGraph(Graph):
    """Nodes and moves of a setting that stands for many."""

    def __init__(self, setting: FreeSetting, step: Stepper) -> None:
        super().__init__(setting, step, merged=True)
        latest = cast(FreePolicy, setting.policy).latest
        self._latest, latest.choices = latest, self._choices
        latest.kinds = {
            one.first.error().rule: cast(FreeKind, one.first) for one in setting.classes
        }
        for target in setting.route:
            if isinstance(target.context, FreeContext):
                target.context.choices = self._choices
        self._ways: dict[Hashable, int] = {}
        self._way_of: dict[int, int] = {}

    def _make_nodes(self, classes: tuple[ErrorClass, ...], *, merged: bool) -> Nodes:  # noqa: ARG002 - as a graph
        return FreeNodes(self.setting, classes)

    def _counters(self) -> tuple[OpenCounter, OpenCounter]:
        return FreeNumber(self._choices, NUMBER), FreeNumber(self._choices, WAITS)

    def _range(self, call: Call, sent: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """An attempt is left wherever a send may follow; :meth:`_left` shows it of each move."""
        most = MOST if call.state in SENT else MOST - 1
        return (sent, 0), (most if sent else 0, 0 if call.state is State.READY else MOST)

    def _run(self, call: RecordingCall, fact: OpenEvent) -> MoveResult:
        self._latest.call, self._choices.running = call, True
        diagnosed = fact.event is Diagnosed
        kind = self.nodes.classes[fact.reason].first if diagnosed else None
        self._latest.diagnosed = cast("FreeKind | None", kind)
        try:
            move = super()._run(call, fact)
        finally:
            self._choices.running, self._latest.diagnosed = False, None
        return self._left(move)

    def _left(self, move: MoveResult) -> MoveResult:
        """The move, broken where it leads to a send although no attempt may be left."""
        state = None if move.changes is None else move.changes.get("state")
        spent = move.number[1] + move.sends >= MOST and move.ends is None
        if state not in ARRIVALS or not spent:
            return move
        what = f"{move.row} goes on although no attempt may be left"
        broken = BrokenMove(ATTEMPTS, what, move.number, move.waits)
        return attrs.evolve(move, changes=None, broken=(*move.broken, broken))

    def _draws(self, call: Call) -> tuple[float, ...]:
        """See :meth:`Graph._draws`: this backoff ends wherever it may, whatever its length."""
        return late_jitters(backoff(max(1, call.tries), 0.0), self._choices.instants)

    def successors(self, node: int) -> Iterator[tuple[MoveResult, int]]:
        """Every move out of a node that differs, and where it leads; -1 after a violation."""
        key = self.keys[node]
        if key[0].final:
            return
        call, find, state = self.nodes.decode(key), self.footprints.find, key[0].value
        sent, committed, seen = len(call.asked), call.committed, set[int]()
        for fact in self._events.of(key, call):
            moves = find((state, sent, committed, fact), call)
            for move in self._moves(call, sent, fact) if moves is None else moves:
                way = self._way(move)
                if way not in seen:
                    seen.add(way)
                    yield from ((move, to) for to in self._targets(call, move))

    def _way(self, move: MoveResult) -> int:
        """Moves with the same number lead from one call to the same."""
        found = self._way_of.get(id(move))
        if found is None:
            changed = move.changes
            way = (
                move.ends, move.sends, move.sleeps, move.fact.event in _INTERRUPTIONS,
                move.fact.event in _SAME_TRY,
                move.broken and id(move),
                None if changed is None
                else frozenset((name, identity(value)) for name, value in changed.items()),
            )  # fmt: skip
            found = self._way_of[id(move)] = self._ways.setdefault(way, len(self._ways))
        return found

    def _targets(self, call: Call, move: MoveResult) -> Iterator[int]:
        if move.changes is None:
            yield -1
        elif move.ends is not None:
            yield self._node(move.ends)
        else:
            after = call.copy()
            after.__dict__.update(move.changes)
            tried = move.sends and move.fact.event not in _SAME_TRY
            for tries in tries_after(after) if tried else (after.tries,):
                after.tries = min(TRIES, tries)
                yield self._node(self.nodes.encode(after)[0])


@attrs.frozen
class UnprovedProperty:
    """What does not hold of every config.

    Attributes:
        name: The property.
        what: What happens.
        rows: The rows of a way to it.
    """

    name: str
    what: str
    rows: tuple[str, ...]


@attrs.frozen
class Searched:
    """What the search of one setting came to.

    Attributes:
        nodes, edges, steps: How many calls and moves were looked at, and how many the machine
            made.
        broken: What does not hold, one for each property; empty where all do.
    """

    nodes: int
    edges: int
    steps: int
    broken: tuple[UnprovedProperty, ...]


class UniversalSearch:
    """Everything that can be reached from the start of a setting that stands for many.

    Args:
        graph: Its graph.
        progress: Told the nodes that were looked at and those that wait, now and then.
    """

    def __init__(
        self, graph: FreeGraph, progress: Callable[[int, int], None] | None = None
    ) -> None:
        self._graph, self._progress = graph, progress
        self._came: dict[int, tuple[int, str]] = {graph.start: (-1, "")}
        self._before: dict[int, list[int]] = {}
        self._idle: dict[int, set[int]] = {}
        self._broken: dict[str, UnprovedProperty] = {}
        self._edges = 0

    def run(self) -> Searched:
        """Look at every node once."""
        waiting, looked = deque([self._graph.start]), 0
        while waiting:
            node = waiting.popleft()
            waiting.extend(self._look(node))
            looked += 1
            if self._progress is not None and looked % _OFTEN == 0:
                self._progress(looked, len(waiting))
        if not self._broken:
            self._whole()
        graph = self._graph
        return Searched(len(self._came), self._edges, graph.steps, tuple(self._broken.values()))

    def _look(self, node: int) -> Iterator[int]:
        for move, to in self._graph.successors(node):
            self._edges += 1
            for broken in move.broken:
                self._note(broken.name, broken.what, node, move.row)
            if to < 0:
                continue
            if move.fact.event not in _INTERRUPTIONS:
                self._before.setdefault(to, []).append(node)
            if not (move.sends or move.sleeps):
                self._idle.setdefault(node, set()).add(to)
            if to not in self._came:
                self._came[to] = (node, move.row)
                yield to

    def _note(self, name: str, what: str, node: int, row: str) -> None:
        if name not in self._broken:
            rows = [row]
            while node != self._graph.start:
                node, row = self._came[node]
                rows.append(row)
            self._broken[name] = UnprovedProperty(name, what, tuple(rows[::-1]))

    def _whole(self) -> None:
        """What only the whole shows: ends, and circles."""
        keys = self._graph.keys
        ends = [node for node in self._came if keys[node][0].final]
        good = set(ends)
        while ends:
            for node in self._before.get(ends.pop(), ()):
                if node not in good:
                    good.add(node)
                    ends.append(node)
        for node in self._came:
            if node not in good:
                self._note(ENDS, f"nothing leads on from {_state(keys[node])}", node, "")
        for node in self._circle():
            self._note(CIRCLES, f"comes back to {_state(keys[node])} for nothing", node, "")

    def _circle(self) -> list[int]:
        """Nodes that lead back to themselves with neither an attempt nor a wait."""
        left = {node: len(following) for node, following in self._idle.items()}
        before: dict[int, list[int]] = {}
        for node, following in self._idle.items():
            for to in following:
                before.setdefault(to, []).append(node)
        done = [node for node in self._came if node not in left]
        while done:
            for node in before.get(done.pop(), ()):
                left[node] -= 1
                if not left[node]:
                    done.append(node)
        return [node for node, count in left.items() if count]


def _state(key: Key) -> str:
    return str(key[0].value)


_OFTEN = 200
