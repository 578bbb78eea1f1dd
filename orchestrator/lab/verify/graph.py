"""The edges out of a node: every event that can happen there, in every way that counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import attrs

from orchestrator.lab.invariants import BrokenMove, broken
from orchestrator.lab.verify.board import LazyStandby, Leeway, Observed
from orchestrator.lab.verify.choices import (
    NUMBER,
    WAITS,
    Choices,
    Instants,
    Jitter,
    KeptWaiting,
    OnlyEmpty,
    OpenCounter,
    OpenWait,
    Spread,
)
from orchestrator.lab.verify.footprint import Footprints, RecordingCall, changes, keep_looks, watch
from orchestrator.lab.verify.merging import MergedNodes
from orchestrator.lab.verify.moves import (
    ARRIVALS,
    Edge,
    MoveResult,
    OpenEvent,
    OpenEvents,
    difference,
)
from orchestrator.lab.verify.nodes import Key, Nodes
from orchestrator.lab.verify.properties import STUCK, OpenMove
from orchestrator.lab.verify.setting import THROTTLED, ErrorClass, Setting
from orchestrator.states.call import Call, State
from orchestrator.states.commands import Rotate, Send, Switch, Wait
from orchestrator.states.events import Cancelled, Diagnosed, Event, Failed
from orchestrator.states.facts import Taken
from orchestrator.states.limits import backoff
from orchestrator.states.machine import IllegalEvent, Step, Stepper
from orchestrator.states.reasons import Move as Allowed
from orchestrator.states.reasons import Reason

_FULLEST, _LEAST = 0.0, 0.999999
"""The jitters that make a backoff longest and shortest."""


class Graph:
    """The nodes and edges of one setting under one machine.

    Args:
        setting: What is checked.
        step: The machine.
        merged: True where the machine is the one that ships, whose nodes can be merged.

    Attributes:
        nodes: Calls as nodes.
        keys: The nodes, by number.
        start: The number of the node where calls begin.
        footprints: Which steps need not be made again.
        steps: How many steps the machine made; the others had the same footprint as one of them.
        edges_known: How many edges there are between the nodes that were looked at.
    """

    def __init__(self, setting: Setting, step: Stepper, *, merged: bool) -> None:
        self.setting, self.step = setting, step
        classes = setting.classes if merged else setting.every_kind
        self.nodes = self._make_nodes(classes, merged=merged)
        self._choices = Choices()
        self._asked = OpenWait(self._choices)
        self._kept_waiting = KeptWaiting(self._choices)
        self._spread = cast(float, Spread(self._choices))
        self._errors = tuple(
            attrs.evolve(error, retry_after=cast(Any, self._asked)) for error in self.nodes.errors
        )
        self.nodes.know(self._errors, self._kept_waiting, OnlyEmpty(self._choices))
        # The last one is for what is no failure.
        self._leeways = (*map(self._leeway, classes), Leeway())
        self._empty = [
            (one.first.empty, one.first.empty and setting.is_as_unknown(one.first))
            for one in classes
        ]
        self.footprints = Footprints()
        self._events = OpenEvents(self.nodes)
        self.keys: list[Key] = []
        self._numbers: dict[Key, int] = {}
        self._edges: dict[int, tuple[Edge, ...]] = {}
        self._distinct: dict[int, tuple[Edge, ...]] = {}
        self.start = self._node(self.nodes.encode(setting.call())[0])
        self.steps = self.edges_known = 0
        self._known: dict[object, Any] = {}

    def _make_nodes(self, classes: tuple[ErrorClass, ...], *, merged: bool) -> Nodes:
        kind = MergedNodes if merged else Nodes
        return kind(self.setting, classes)

    def edges(self, node: int) -> tuple[Edge, ...]:
        """Every edge out of a node."""
        found = self._edges.get(node)
        if found is None:
            found = self._edges[node] = tuple(self._expand(self.keys[node]))
            self.edges_known += len(found)
        return found

    def distinct_edges(self, node: int) -> tuple[Edge, ...]:
        """Edges that differ in where they lead and in what is sent, whatever else happens."""
        found = self._distinct.get(node)
        if found is None:
            ways: dict[tuple[Any, ...], Edge] = {}
            for edge in self.edges(node):
                move = edge.move
                if edge.to >= 0:
                    way = (edge.to, edge.order, move.number, move.sends, move.sent, move.rotates)
                    ways.setdefault(way, edge)
            found = self._distinct[node] = tuple(ways.values())
        return found

    def __len__(self) -> int:
        """How many nodes were looked at."""
        return len(self._edges)

    def known(self) -> Iterable[tuple[int, tuple[Edge, ...]]]:
        """Every node that was looked at, with its edges."""
        return self._edges.items()

    def _node(self, key: Key) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.keys)
            self.keys.append(key)
        return number

    def _expand(self, key: Key) -> Iterator[Edge]:
        if key[0].final:
            return
        call, find, state = self.nodes.decode(key), self.footprints.find, key[0].value
        sent, committed = len(call.asked), call.committed
        for fact in self._events.of(key, call):
            moves = find((state, sent, committed, fact), call)
            if moves is None:
                moves = self._moves(call, sent, fact)
            for move in moves:
                yield self._bound(call, move)

    def _bound(self, call: Call, move: MoveResult) -> Edge:
        """The edge that ``move`` makes of a call."""
        if move.changes is None:
            return Edge(move, -1, ())
        if move.ends is not None:
            return Edge(move, self._node(move.ends), ())
        after = call.copy()
        after.__dict__.update(move.changes)
        key, order = self.nodes.encode(after)
        return Edge(move, self._node(key), order)

    def _moves(self, call: Call, sent: int, fact: OpenEvent) -> tuple[MoveResult, ...]:
        """Every way that ``fact`` can go: the machine at work, kept under its footprint."""
        choices = self._choices
        number, waits = self._counters()
        watched, looked = watch(call, number=number, waits=waits)
        low, high = self._range(call, sent)
        choices.instants = self.setting.instants(committed=call.committed)
        found: dict[object, MoveResult] = {}
        self._known, kept = {}, 0
        while True:
            choices.begin(low, high)
            move = self._run(watched, fact)
            found.setdefault(difference(move), move)
            if not choices.next():
                break
            if len(looked) > kept:
                keep_looks(watched, looked)
                kept = len(looked)
        moves = tuple(found.values())
        self.footprints.keep((call.state.value, sent, call.committed, fact), looked, moves)
        return moves

    def _counters(self) -> tuple[OpenCounter, OpenCounter]:
        """What stands for the attempts and the waits of a call."""
        return OpenCounter(self._choices, NUMBER), OpenCounter(self._choices, WAITS)

    def _range(self, call: Call, sent: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """The least and the most that they can be at a node."""
        most = self.setting.policy.max_attempts
        return (sent, 0), (most if sent else 0, 0 if call.state is State.READY else most)

    def _run(self, call: RecordingCall, fact: OpenEvent) -> MoveResult:
        self.steps += 1
        look = LazyStandby(
            self.nodes, self._choices, call,
            diagnosed=fact.event is Diagnosed, taken=fact.taken, leeway=self._leeways[fact.reason],
            known=self._known,
        )  # fmt: skip
        if fact.event is Diagnosed:
            self._choices.is_empty, self._choices.is_as_unknown = self._empty[fact.reason]
            if not fact.spent:
                look.hasten()
        event = self._event(call, fact, look)
        try:
            after = self.step(call, event)
        except (IllegalEvent, AssertionError) as error:
            return self._stuck(fact, look, str(error))
        if fact.event is Diagnosed:
            self._settle(after.call)
        move = OpenMove(call, event, after, look.decided, self._choices, fact.spent)
        return self._move(call, fact, look, after, tuple(broken(move)))

    def _settle(self, call: Call) -> None:
        """Decide how long the failure took, where a node says so."""
        call.kept_waiting = self.nodes.keeps_waiting(call) and bool(self._kept_waiting)

    def _move(
        self,
        call: Call,
        fact: OpenEvent,
        look: LazyStandby,
        after: Step,
        found: tuple[BrokenMove, ...],
    ) -> MoveResult:
        choices, command, position = self._choices, after.command, self.nodes.position
        number, waits = (
            (choices.low[NUMBER], choices.high[NUMBER]),
            (choices.low[WAITS], choices.high[WAITS]),
        )
        # A bound that is broken for the highest values alone does not end the others.
        whole = any(one.number == number and one.waits == waits for one in found)
        ends = self.nodes.encode(after.call)[0] if after.call.state.final else None
        return MoveResult(
            after.row, None if whole else changes(after.call), ends, number, waits,
            int(isinstance(command, Send)), int(isinstance(command, Wait)),
            fact, look.decided, choices.late, choices.asked_to_wait, choices.kept_waiting,
            choices.jitter, choices.spread,
            sent=position(command.target) if isinstance(command, Send) else -1,
            rotates=isinstance(command, Rotate),
            seconds=self._seconds(call, fact, after, look.decided),
            switched=tuple(map(position, command.targets)) if isinstance(command, Switch) else (),
            broken=found,
        )  # fmt: skip

    def _stuck(self, fact: OpenEvent, look: LazyStandby, what: str) -> MoveResult:
        low, high = self._choices.low, self._choices.high
        number, waits = (low[NUMBER], high[NUMBER]), (low[WAITS], high[WAITS])
        violation = BrokenMove(STUCK, what, number, waits)
        return MoveResult(
            "", None, None, number, waits, 0, 0, fact, look.decided, broken=(violation,)
        )

    def _seconds(self, call: Call, fact: OpenEvent, after: Step, seen: Observed) -> float:
        limit, command = self._choices.instants.limit, after.command
        if isinstance(command, Send):
            return min(limit, self.setting.seconds(command.target))
        if not isinstance(command, Wait):
            return 0.0
        if fact.event is not Diagnosed or command.target is not call.target:
            return limit
        pause, asked = backoff(call.tries, _FULLEST), self._choices.asked_to_wait
        if asked or (seen.block is not None and seen.block[1]):
            return limit
        if asked is None and seen.block is None:
            return min(limit, pause)
        return min(limit, max(self.setting.policy.patience, pause))

    def _leeway(self, error_class: ErrorClass) -> Leeway:
        kind = error_class.first
        moves = kind.moves(self.setting.policy, first_target=True)
        later = kind.moves(self.setting.policy, first_target=False)
        retries, rotates = Allowed.RETRY in moves, Allowed.ROTATE in moves
        return Leeway(
            rotates and not retries,
            hesitates=(rotates or retries or kind.repair > 0) and Allowed.FALLBACK in moves | later,
            comes_back=retries and kind.reason not in THROTTLED,
            silent=kind.reason is Reason.TIMEOUT,
            takes_key=kind.takes_key,
            benches_key=kind.takes_key and kind.reason is Reason.AUTH,
        )

    def _event(self, call: Call, fact: OpenEvent, look: LazyStandby) -> Event:
        at = self._choices.instants.limit if fact.spent else 0.0
        kind = cast(Any, fact.event)
        if fact.event is Diagnosed:
            jitter = cast(float, Jitter(self._choices, lambda: self._draws(call)))
            return Diagnosed(at, self._errors[fact.reason], cast(Any, look), jitter, self._spread)
        if fact.event is Failed:
            return Failed(at, fact.tool_call)
        if fact.event is Cancelled:
            return Cancelled(at, fact.complete)
        if fact.event in ARRIVALS.values():
            return cast(Event, kind(at, self._take(fact), cast(Any, look), self._spread))
        return cast(Event, kind(at))

    def _take(self, fact: OpenEvent) -> Taken | None:
        if fact.taken < 0:
            return None
        label = self.nodes.label(fact.taken, fact.credential)
        return Taken(self.nodes.route[fact.taken], label, fact.probe)

    def _draws(self, call: Call) -> tuple[float, ...]:
        """Jitters on each side of every limit, for this backoff and the first."""
        instants, patience = self._choices.instants, self.setting.policy.patience
        draws = {_FULLEST}
        for tries in (max(1, call.tries), 1):
            least, fullest = backoff(tries, _LEAST), backoff(tries, _FULLEST)
            # What is kept back for others is at most half of what is left.
            if least <= patience < fullest or least < instants.limit <= 2 * fullest:
                draws.add(_LEAST)
            if instants.later is not None and least < instants.later < fullest:
                draws.add(2 * (1 - instants.later / fullest))
        # That a backoff ends too late adds nothing to a bench, which no guard waits for either.
        return tuple(sorted(draws if self.nodes.merged else {*draws, Instants.NEVER}))
