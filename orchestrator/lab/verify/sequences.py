"""From a way through the graph to a call: real targets, real keys, a clock that runs.

A node does not say which of two targets that are alike was meant; walking the way from its
start does. Every event is made concrete and given to the machine again, so that a sequence
that is shown is one that was run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import attrs

from orchestrator.lab.verify.moves import Edge
from orchestrator.lab.verify.nodes import Nodes
from orchestrator.lab.verify.search import PathStep
from orchestrator.lab.verify.setting import errors
from orchestrator.ledger import Attempt, Closed, Entry, Opened, Transition
from orchestrator.states.call import State
from orchestrator.states.commands import Finish, Send
from orchestrator.states.error import Error
from orchestrator.states.events import (
    Arrival,
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Event,
    Failed,
)
from orchestrator.states.facts import Clear, Mark, Standby, Taken
from orchestrator.states.machine import IllegalEvent, Step, Stepper
from orchestrator.states.reasons import Reason
from orchestrator.states.table import Row

CALL = "verify"
"""The call's id in a ledger of the checker."""

_ATTEMPT, _SOON, _BENCH, _MARGIN = 0.1, 0.5, 3600.0, 0.2
"""Seconds: an attempt, a wait within the patience, a bench, what no backoff fits into."""

REMEMBERED = Error(Reason.OVERLOADED, "verify.remembered", message="remembered by the board")


@attrs.frozen
class TargetLeg:
    """What happened at one target, or on the way to the next.

    Attributes:
        target: Its name; empty where the call was at none.
        moves: ``reason→row`` for each failure, the row for what came back empty, the label for
            each other key that was sent with.
    """

    target: str
    moves: tuple[str, ...]


@attrs.frozen
class Trace:
    """A way as a call.

    Attributes:
        words: One line for each attempt, wait and failure.
        stays: The same, target by target.
        entries: The ledger.
        ran: True where the machine took the same rows again with a running clock. False
            where only free time, or keys that were forgotten, allow the way.
    """

    words: tuple[str, ...]
    stays: tuple[TargetLeg, ...]
    entries: tuple[Entry, ...]
    ran: bool


class TraceBuilder:
    """Tells ways of one setting under one machine."""

    def __init__(self, nodes: Nodes, step: Stepper, table: Sequence[Row]) -> None:
        self._nodes, self._step = nodes, step
        self._rows: Mapping[str, Row] = {row.name: row for row in table}

    def build(self, way: Sequence[PathStep]) -> Trace:
        """The way as a call."""
        walk = _Walk(self._nodes, self._step, self._rows)
        for place, leg in enumerate(way):
            walk.advance(leg.edge, slow=any(_is_slow(one.edge) for one in way[place + 1 :][:1]))
        stays = tuple(TargetLeg(target, tuple(moves)) for target, moves in walk.stays)
        return Trace(tuple(walk.words), stays, tuple(walk.closed()), walk.ran)


def _is_slow(diagnosis: Edge) -> bool:
    """Whether a guard was told that the failure kept the caller waiting."""
    return bool(diagnosis.move.kept_waiting)


class _Walk:
    """One call on its way."""

    def __init__(self, nodes: Nodes, step: Stepper, rows: Mapping[str, Row]) -> None:
        self._setting, self._step, self._rows = nodes.setting, step, rows
        self._classes = nodes.classes
        self._errors = errors(nodes.classes)
        setting = nodes.setting
        self._call = setting.call()
        self._places = list(range(len(setting.route)))
        self._clock = 0.0
        self._sent = 0.0
        self._last: Error | None = None
        self.words: list[str] = []
        self.stays: list[tuple[str, list[str]]] = []
        self._key = ""
        self.ran = True
        self._entries: list[Entry] = [
            Opened(
                CALL,
                0.0,
                setting.route,
                setting.policy,
                False,
                {"route": setting.name},
                streamed=setting.streamed,
            )
        ]

    def advance(self, edge: Edge, *, slow: bool = False) -> None:
        """One move; a failure that is ``slow`` kept the caller waiting."""
        self._say(edge)
        if self.ran:
            event = self._event(edge, slow=slow)
            after = self._moved(edge, event)
            if after is not None:
                self._record(event, after)
                self._call = after.call
        if edge.order:
            self._places = [self._places[place] for place in edge.order]

    def _moved(self, edge: Edge, event: Event) -> Step | None:
        try:
            after = self._step(self._call, event)
        except (IllegalEvent, AssertionError):
            self.ran = not edge.move.row
            return None
        self.ran = after.row == edge.move.row
        return after if self.ran else None

    def closed(self) -> Iterator[Entry]:
        """The ledger, with its last entry where the call has ended."""
        yield from self._entries
        call = self._call
        if call.state.final:
            outcome = call.state.value
            reason = call.cause.reason if call.cause is not None else None
            yield Closed(CALL, self._clock, outcome, reason, call.stopped_by, call.number, ())

    # Words.

    def _say(self, edge: Edge) -> None:
        fact, row = edge.move.fact, edge.move.row
        if fact.reason >= 0:
            reason = self._classes[fact.reason].name
            reason = f"slow {reason}" if _is_slow(edge) else reason
            self.words.append(f"{reason} -> {row}")
            self._move(f"{reason}→{row}")
        elif edge.move.sent >= 0:
            self._say_sent(edge)
        elif fact.event is not Failed:
            self.words.append(row)
            self._move(row)

    def _say_sent(self, edge: Edge) -> None:
        fact = edge.move.fact
        target = str(self._setting.route[self._places[edge.move.sent]])
        key, probe = f"key#{fact.credential + 1}", " (probe)" if fact.probe else ""
        self.words.append(f"{edge.move.row} {target} {key}{probe}")
        if not self.stays or self.stays[-1][0] != target:
            self.stays.append((target, []))
            if probe:
                self._move("probe")
        elif key != self._key:
            self._move(key)
        self._key = key

    def _move(self, words: str) -> None:
        if not self.stays:
            self.stays.append(("", []))
        self.stays[-1][1].append(words)

    # Events.

    def _event(self, edge: Edge, *, slow: bool) -> Event:
        fact = edge.move.fact
        waited = self._setting.policy.patience + _MARGIN if slow else _ATTEMPT
        self._pass_time(edge, waited)
        kind = fact.event
        if kind is Diagnosed:
            error = self._error(edge)
            self._last = error
            jitter, spread = _drawn(edge.move.jitter), _drawn(edge.move.spread)
            return Diagnosed(self._clock, error, self._standby(edge), jitter, spread)
        if kind is Failed:
            return Failed(self._clock, fact.tool_call, waited)
        if kind is Cancelled:
            return Cancelled(self._clock, fact.complete)
        if issubclass(kind, Arrival):
            spread = _drawn(edge.move.spread)
            return kind(self._clock, self._taken(edge), self._standby(edge), spread)
        plain: Callable[[float], Event] = cast(Any, kind)
        return plain(self._clock)

    def _pass_time(self, edge: Edge, waited: float) -> None:
        call, fact = self._call, edge.move.fact
        if call.state in (State.ATTEMPT, State.STREAM):
            self._clock += waited
        if call.state is State.RETRY and call.resume_at is not None:
            self._clock = max(self._clock, call.resume_at)
        if fact.spent or fact.event is DeadlineReached:
            self._clock = max(self._clock, call.ends_at)
        elif edge.move.late:
            self._clock = max(self._clock, call.ends_at - _MARGIN)

    def _error(self, edge: Edge) -> Error:
        error = self._errors[edge.move.fact.reason]
        if not edge.move.asked_to_wait:
            return error
        return attrs.evolve(error, retry_after=self._setting.policy.patience + 1.0)

    def _taken(self, edge: Edge) -> Taken | None:
        fact = edge.move.fact
        if fact.taken < 0:
            return None
        index = self._places[fact.taken]
        target = self._setting.route[index]
        used = self._call.used_at(target)
        fresh = [label for label in self._labels(index) if label not in used]
        fits = fact.credential == 0 and used
        label = min(used) if fits else (fresh or self._labels(index))[0]
        return Taken(target, label, fact.probe)

    def _labels(self, index: int) -> list[str]:
        return [f"key#{number + 1}" for number in range(self._setting.credentials[index])]

    # What stands by.

    def _standby(self, edge: Edge) -> Standby:
        seen, route = edge.move.seen, self._setting.route
        clears = {
            self._places[place]: clear
            for place in range(len(route))
            if (clear := self._clear(edge, place)) is not None
        }
        targets = tuple(target for index, target in enumerate(route) if index not in clears)
        credentials = self._credentials(edge) if seen.credentials else ()
        blocked = tuple(clears[index] for index in sorted(clears))
        paid = seen.affordable is not False
        return Standby(credentials, targets, blocked, retry_affordable=paid)

    def _clear(self, edge: Edge, place: int) -> Clear | None:
        seen, fact, call = edge.move.seen, edge.move.fact, self._call
        target = self._setting.route[self._places[place]]
        here = call.target is not None and call.target.name == target.name
        if fact.event is Diagnosed and here:
            if seen.block is not None and not seen.ready:
                late = self._setting.policy.patience + 1.0 if seen.block[1] else _SOON
                return Clear(target, seen.block[0], self._clock + late, REMEMBERED)
            return self._bench(target) if seen.ready is False else None
        if fact.taken >= 0:
            skipped = seen.skipped and self._places[place] == 0
            return self._bench(target) if skipped else None
        if place == seen.winner:
            return Clear(target, Mark.COOLDOWN, self._clock + _SOON, REMEMBERED)
        if place in (seen.standing or ()):
            return None
        closed = target.provider in call.billed or (
            target.name in call.asked
            and not here
            and all(target.name != name for name, _ in call.returnable)
        )
        return None if closed else self._bench(target)

    def _bench(self, target: object) -> Clear:
        found = next(one for one in self._setting.route if one is target)
        return Clear(found, Mark.BENCH, self._clock + _BENCH, REMEMBERED)

    def _credentials(self, edge: Edge) -> tuple[str, ...]:
        call, wanted = self._call, edge.move.seen.credentials or ()
        if call.target is None:
            return ()
        labels = self._labels(self._setting.route.index(call.target))
        used = call.used_at(call.target)
        mine = [label for label in labels if label == call.credential]
        others = [label for label in labels if label in used and label not in mine]
        fresh = [label for label in labels if label not in used]
        return tuple([*mine, *others, *fresh][: len(wanted)])

    # The ledger.

    def _record(self, event: Event, after: Step) -> None:
        row = self._rows[after.row]
        guard = row.guard.__name__ if row.guard is not None else None
        sending = self._call.state in (State.ATTEMPT, State.STREAM)
        ended = sending and isinstance(after.command, Finish)
        if isinstance(event, Diagnosed) or ended:
            self._entries.append(self._attempt(event, after))
        if isinstance(after.command, Send):
            self._sent = self._clock
        self._entries.append(
            Transition(
                CALL,
                row.state.value,
                row.event.__name__,
                row.name,
                guard,
                row.to.value,
                event,
                after.command,
            )
        )

    def _attempt(self, event: Event, after: Step) -> Attempt:
        call = self._call
        name = call.target.name if call.target is not None else ""
        provider, _, model = name.partition("/")
        error = event.error if isinstance(event, Diagnosed) else None
        reason = error.reason if error else _CUT_BY.get(type(event))
        return Attempt(
            CALL, call.number, name, provider, model,
            call.credential or "", None, reason,
            error.rule if error else None, error.message if error else None,
            error.retry_after if error else None, None, self._sent,
            max(0.0, self._clock - self._sent), after.call.state.value, call.probe,
        )  # fmt: skip


_CUT_BY: Mapping[type, Reason] = {Cancelled: Reason.CANCELLED, DeadlineReached: Reason.DEADLINE}
"""The reason of an attempt that nothing was diagnosed of."""


def _drawn(jitter: float | None) -> float:
    """What was drawn, where a driver can draw it."""
    return jitter if jitter is not None and 0 <= jitter < 1 else 0.0
