"""The search: every interleaving to a depth, breadth first, so that what it finds is shortest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import Any

import attrs

from orchestrator.health.records import Record
from orchestrator.lab.fleet.event_queue import EPOCH
from verification.board.facts import Fact
from verification.board.world import BrokenBoard, Call, MakeWorld, Move, Process, Saved

STARTS: tuple[tuple[Move, ...], ...] = (
    (),
    (("begin", 0, 0.0), ("402", 0, 0.0), ("pass", 0, 300.0)),
    (("begin", 0, 0.0), ("connect", 0, 0.0), ("begin", 0, 0.0), ("connect", 0, 0.0)),
    (
        *(("begin", 0, 0.0), ("503", 0, 0.0)) * 3,
        ("pass", 0, 5.0),
    ),
    (("begin", 0, 0.0), ("402", 0, 0.0), ("begin", 0, 0.0), ("402", 0, 0.0)),
)
"""What went before a search begins: nothing; a bench that is due; two failing calls of the three
that open a circuit; a circuit that is due; nothing that stands by."""


@attrs.frozen
class FoundBreach:
    """What broke, and the shortest way to it."""

    moves: tuple[Move, ...]
    what: str


@attrs.define
class SearchResult:
    """What a search came to.

    Attributes:
        states: How many different ones were seen.
        steps: How many moves were made.
        depth: Moves after each start that were made in every order.
        seconds: Of processor time.
        breach: What broke first; ``None`` for nothing.
        frontier: States at the greatest depth, which were not gone on from.
    """

    states: int = 0
    steps: int = 0
    depth: int = 0
    seconds: float = 0.0
    breach: FoundBreach | None = None
    frontier: int = 0


Way = tuple[Move, ...]
"""The moves that lead to a state."""


class Search:
    """Every move at every state, depth by depth.

    Args:
        make_world: Makes the processes.
        starts: What went before.

    Attributes:
        result: What was found so far.
    """

    def __init__(self, make_world: MakeWorld, starts: Sequence[Sequence[Move]] = STARTS) -> None:
        self._began = time.process_time()
        self.world, self.result = make_world(), SearchResult()
        self._seen: set[object] = set()
        self._frontier: list[tuple[Saved, Way]] = []
        empty = self.world.save()
        for start in starts:
            self._start(empty, tuple(start))

    def run(
        self,
        depth: int,
        seconds: float | None = None,
        progress: Callable[[SearchResult], None] | None = None,
    ) -> SearchResult:
        """Go to ``depth``.

        Args:
            depth: Moves after each start.
            seconds: Stop after so much processor time; the depth told is the last that was ended.
            progress: Is told after each depth.
        """
        result = self.result
        ends_at = float("inf") if seconds is None else self._began + seconds
        while result.breach is None and self._frontier and result.depth < depth:
            if not self._deepen(ends_at):
                break
            result.depth, result.frontier = result.depth + 1, len(self._frontier)
            self._count()
            if progress is not None:
                progress(result)
        self._count()
        return result

    def _count(self) -> None:
        self.result.states = len(self._seen)
        self.result.seconds = time.process_time() - self._began

    def _start(self, empty: Saved, start: Way) -> None:
        self.world.restore(empty)
        for number, move in enumerate(start):
            if not self._does(move, start[:number]):
                return
        self._seen.add(normal(saved := self.world.save()))
        self._frontier.append((saved, start))

    def _deepen(self, ends_at: float) -> bool:
        """Make one more move everywhere; whether that was done."""
        following: list[tuple[Saved, Way]] = []
        for saved, way in self._frontier:
            if time.process_time() > ends_at:
                return False
            self.world.restore(saved)
            for move in tuple(self.world.moves()):
                self.world.restore(saved)
                if not self._does(move, way):
                    return False
                after = self.world.save()
                if (form := normal(after)) not in self._seen:
                    self._seen.add(form)
                    following.append((after, (*way, move)))
        self._frontier = following
        return True

    def _does(self, move: Move, way: Way) -> bool:
        """Make a move; whether all is well after it."""
        self.result.steps += 1
        try:
            self.world.do(move)
        except BrokenBoard as broken:
            self.result.breach = self.result.breach or FoundBreach((*way, move), str(broken))
            return False
        return True


def normal(saved: Saved) -> object:
    """What of a state makes a difference to what follows.

    Instants count from now, what has long been over is over, calls are known by their place, and
    processes are alike.
    """
    order = range(len(saved.processes))
    forms = (_form(saved, list(places)) for places in permutations(order))
    return min(forms, key=repr)


def _form(saved: Saved, places: list[int]) -> object:
    processes = [saved.processes[place] for place in places]
    calls = {
        call.sent.call: (number, slot)
        for number, process in enumerate(processes)
        for slot, call in enumerate(process.calls)
    }
    now = saved.now
    return (
        saved.is_up,
        _marks(saved.marks, now, calls),
        tuple(_process(process, now, calls) for process in processes),
    )


def _process(process: Process, now: float, calls: dict[str, Any]) -> object:
    unsaved = tuple(
        sorted(
            (key, _record(base, now, calls), _record(new, now, calls))
            for key, (base, new) in process.view.unsaved.items()
        )
    )
    return (
        process.is_connected,
        process.ahead,
        unsaved,
        tuple(_call(call, now) for call in process.calls),
        _facts(process.own, now),
    )


def _call(call: Call, now: float) -> object:
    sent, state = call.sent, call.session
    # Whether a mark is newer than a request is all that its instant is for.
    return (
        *(sent.provider, sent.label, round(now - sent.at, 3), sent.probes, state.claims),
        *(tuple(sorted(state.pending)), tuple(sorted(state.counted)), state.caller.early),
    )


def _marks(marks: dict[str, Record], now: float, calls: dict[str, Any]) -> object:
    return tuple(sorted((key, _record(record, now, calls)) for key, record in marks.items()))


def _record(record: Record | None, now: float, calls: dict[str, Any]) -> tuple[object, ...]:
    if record is None:
        return ()
    claim = record.claim
    held = () if claim is None else _claim(claim.holder, claim.expires - EPOCH - now, calls)
    return (
        *(str(record.mark), _since(record.until - EPOCH, now), _since(record.failed - EPOCH, now)),
        *(_since(record.requested - EPOCH, now), record.level, min(record.failures, 3), held),
        *(record.credentials, bool(claim and claim.early)),
    )


def _facts(facts: dict[Any, Fact] | None, now: float) -> object:
    if facts is None:
        return ()
    return tuple(
        sorted(
            (name, fact.marked, _since(fact.until, now), fact.level, min(fact.count, 3))
            for name, fact in facts.items()
        )
    )


def _claim(holder: str, left: float, calls: dict[str, Any]) -> tuple[object, ...]:
    return (str(calls.get(holder, "gone")), round(left, 3)) if left > 0 else ()


def _since(instant: float, now: float) -> float:
    """Seconds from now; what was over for an hour is over."""
    return round(max(instant - now, -3600.0), 3)


def told(moves: Sequence[Move]) -> Iterator[str]:
    """The moves in words, one a line."""
    for what, process, amount in moves:
        yield _WORDS.get(what, "{process} is told {what}").format(
            process=f"process {process}", what=what, amount=abs(amount),
            way="back" if amount < 0 else "forward",
        )  # fmt: skip


_WORDS = {
    "begin": "{process} begins a call",
    "ok": "{process} is answered",
    "leave": "{process}'s call goes away",
    "connect": "{process} cannot connect",
    "crash": "{process} dies, and is started again",
    "clock": "{process}'s clock is set {way} by {amount:g} s",
    "pass": "{amount:g} s pass",
    "lose": "the store is away",
    "find": "the store is back",
}
