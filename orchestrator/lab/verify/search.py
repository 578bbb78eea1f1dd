"""Breadth first over nodes and counters: what can be reached, and the shortest way there.

Counters are open in a node, so a node is reached with a set of their values. The set is one
whole number, a bit for each pair of values; an edge masks it and shifts it. Level by level,
the first time that a bit appears is the shortest way to it. A sweep counts something else in
the place of waits: how often it can happen.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Self

import attrs

from orchestrator.lab.invariants import BrokenMove
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.moves import Edge, MoveResult
from orchestrator.lab.verify.stopping import INTERRUPTED, SearchLimits, Stopped

Place = tuple[int, int]
"""A node's number, and the place in its route that is watched; -1 for none."""

Found = tuple[int, int, Place]
"""A level, a bit and where it is."""


_ENDLESS = SearchLimits()

_OFTEN = 50
"""Calls that are looked at between two looks at the limits: a few hundredths of a second."""


@attrs.frozen
class PathStep:
    """One step of a way: where it starts and what happens."""

    start: Place
    edge: Edge


class Bits:
    """Pairs of counters as bits of one number.

    Args:
        first: The most that the first counter, attempts sent, can be.
        second: The most that the second counter can be.
    """

    def __init__(self, first: int, second: int) -> None:
        self.first, self.second, self.stride = first, second, second + 2
        self._masks: dict[tuple[int, int, int, int], int] = {}

    def mask(self, first: tuple[int, int], second: tuple[int, int]) -> int:
        """The bits of all pairs within these bounds, both ends counted."""
        key = (*first, *second)
        found = self._masks.get(key)
        if found is None:
            line = sum(1 << value for value in range(second[0], min(second[1], self.second) + 1))
            values = range(first[0], min(first[1], self.first) + 1)
            found = self._masks[key] = sum(line << (value * self.stride) for value in values)
        return found

    def shift(self, first: int, second: int) -> int:
        """How far a move shifts the bits."""
        return first * self.stride + second

    def pair(self, bit: int) -> tuple[int, int]:
        """The counters that a bit stands for."""
        return divmod(bit, self.stride)

    def most(self, bits: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """The bits with the highest first counter, and with the highest second one."""
        pairs = [self.pair(bit) for bit in _ones(bits)]
        return max(pairs), max(pairs, key=lambda pair: (pair[1], -pair[0]))


def _ones(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


class Link(NamedTuple):
    """An edge as the search needs it: which bits go, how far, and where to."""

    mask: int
    shift: int
    to: Place
    edge: Edge


_Leads = tuple[tuple[int, int, tuple[tuple[Place, list[int]], ...]], ...]
"""The links of a place by which bits go and how far: all places that they lead to, each with the
bits that it was not reached with yet, alone in a list."""


class Search:
    """Everything that can be reached, with what is left of attempts and waits.

    Attributes:
        reached: The bits of each place.
        levels: For each place, the levels at which bits of it were first reached.
        rows: For each row, where it was first taken.
        broken: For each property that is broken, where that was first.
        depth: How many moves deep everything was looked at.
        stopped: Why it ended before its end; empty where it did not.
        anytime: Whether what it found by then is of use.
    """

    anytime = True

    def __init__(
        self,
        graph: Graph,
        *,
        watched: int = -1,
        progress: Callable[[int, int, int], None] | None = None,
        limits: SearchLimits = _ENDLESS,
    ) -> None:
        most = graph.setting.policy.max_attempts
        self.graph, self.bits = graph, Bits(most, most)
        self._progress, self._limits = progress, limits
        self.depth, self.stopped = 0, ""
        self.start: Place = (graph.start, watched)
        self.reached: dict[Place, int] = {}
        self.levels: dict[Place, list[tuple[int, int]]] = {}
        self.rows: dict[str, Found] = {}
        self.broken: dict[str, tuple[BrokenMove, PathStep, Found]] = {}
        self._links: dict[Place, list[Link]] = {}
        self._leads: dict[Place, _Leads] = {}
        self._open: dict[Place, list[int]] = {}
        self._unseen: dict[Place, list[Edge]] = {}

    def run(self) -> Self:
        """Go on until nothing new is reached, or a limit is."""
        frontier = {self.start: 1}
        self._note(0, self.start, 1)
        try:
            while not self._arrived(frontier):
                frontier = self._level(self.depth, frontier)
                self.depth += 1
        except (Stopped, KeyboardInterrupt) as stopped:
            if not self.anytime:
                raise
            # What was looked at by now is worth being told.
            self.stopped = str(stopped) or INTERRUPTED
        return self

    def _arrived(self, frontier: dict[Place, int]) -> bool:
        """Whether what is looked for was found."""
        return not frontier

    def _note(self, level: int, place: Place, bits: int) -> None:
        self.reached[place] = self.reached.get(place, 0) | bits
        self._open_at(place)[0] &= ~bits
        self.levels.setdefault(place, []).append((level, bits))

    def _level(self, level: int, frontier: dict[Place, int]) -> dict[Place, int]:
        new: dict[Place, int] = {}
        leads = self._leads
        for count, (place, bits) in enumerate(frontier.items()):
            if count % _OFTEN == 0:
                self._pause(level, len(frontier) - count + len(new))
            for mask, shift, places in leads[place] if place in leads else self._led(place):
                moved = (bits & mask) << shift
                if moved:
                    for to, left in places:
                        fresh = moved & left[0]
                        if fresh:
                            new[to] = new.get(to, 0) | fresh
            self._look(level, place, bits)
        for place, bits in new.items():
            self._note(level + 1, place, bits)
        return new

    def _open_at(self, place: Place) -> list[int]:
        """The bits that a place was not reached with yet, alone in a list that is kept up."""
        found = self._open.get(place)
        if found is None:
            found = self._open[place] = [-1]
        return found

    def _led(self, place: Place) -> _Leads:
        """The links of a place, those of the same bits together: most differ in where to alone."""
        alike: dict[tuple[int, int], list[tuple[Place, list[int]]]] = {}
        for mask, shift, to, _ in self._linked(place):
            alike.setdefault((mask, shift), []).append((to, self._open_at(to)))
        found = tuple([(*how, tuple(places)) for how, places in alike.items()])
        self._leads[place] = found
        return found

    def _pause(self, level: int, waiting: int) -> None:
        """Say how far it is, and whether to go on."""
        self._limits.check()
        if self._progress is not None:
            self._progress(level, waiting, len(self.graph))

    def _look(self, level: int, place: Place, bits: int) -> None:
        """Note rows and broken moves that these bits reach for the first time."""
        edges = self._unseen.get(place)
        if edges is None:
            edges = self._unseen[place] = list(self.graph.edges(place[0]))
        if not edges:
            return
        left = []
        for edge in edges:
            move = edge.move
            passed = bits & self.bits.mask(move.number, move.waits)
            if passed and move.row and move.row not in self.rows:
                self.rows[move.row] = (level, passed, place)
            for violation in move.broken:
                self._broken(violation, PathStep(place, edge), level, bits)
            if move.broken or (move.row not in self.rows and not passed):
                left.append(edge)
        self._unseen[place] = left

    def _broken(self, violation: BrokenMove, last: PathStep, level: int, bits: int) -> None:
        broken = bits & self.bits.mask(violation.number, violation.waits)
        if broken and violation.name not in self.broken:
            found = (level, (broken & -broken).bit_length() - 1, last.start)
            self.broken[violation.name] = (violation, last, found)

    def _linked(self, place: Place) -> list[Link]:
        found: dict[tuple[int, int, int], Link] = {}
        bits, most = self.bits, self.bits.first
        for edge in self.graph.edges(place[0]):
            move, to = edge.move, edge.to
            if to < 0:
                continue
            number = (move.number[0], min(move.number[1], most - move.sends))
            waits = (move.waits[0], min(move.waits[1], most - move.sleeps))
            mask, shift = bits.mask(number, waits), bits.shift(move.sends, move.sleeps)
            way = (to, mask, shift)
            if way not in found:
                found[way] = Link(mask, shift, (to, -1), edge)
        links = self._links[place] = list(found.values())
        return links

    def most(self, counter: int) -> tuple[int, Found]:
        """The highest value of a counter (0 or 1), and a place where it is reached first."""
        best, wanted = self._highest(counter)
        at = min(
            ((level, bits & wanted, place) for place, news in self.levels.items()
             for level, bits in news if bits & wanted),
            key=lambda found: found[0],
        )  # fmt: skip
        return best, (at[0], (at[1] & -at[1]).bit_length() - 1, at[2])

    def _highest(self, counter: int) -> tuple[int, int]:
        """The highest value of a counter, and the bits that have it."""
        bits = functools.reduce(operator.or_, self.reached.values())
        best = self.bits.most(bits)[counter][counter]
        interval = ((best, best), (0, self.bits.second))
        return best, self.bits.mask(*(interval if counter == 0 else interval[::-1]))

    def way(self, found: Found) -> Sequence[PathStep]:
        """The shortest way to a bit."""
        level, bit, place = found
        steps: list[PathStep] = []
        before = self._before()
        while level:
            for source, link in before.get(place, ()):
                origin = bit - link.shift
                if origin < 0 or not link.mask >> origin & 1:
                    continue
                if any(at == level - 1 and bits >> origin & 1 for at, bits in self.levels[source]):
                    steps.append(PathStep(source, link.edge))
                    level, bit, place = level - 1, origin, source
                    break
            else:
                raise AssertionError("every bit came from somewhere")
        return steps[::-1]

    def _before(self) -> dict[Place, list[tuple[Place, Link]]]:
        found: dict[Place, list[tuple[Place, Link]]] = {}
        for source, links in self._links.items():
            for link in links:
                found.setdefault(link.to, []).append((source, link))
        return found


Counted = Callable[[MoveResult, int], int]
"""``(move, watched place) -> int``: how often it happens in a move."""


class Sweep(Search):
    """Counts something, as far as attempts allow it; every way that needs few waits is open.

    It comes to nothing unless it comes to its end, so a limit ends what it is part of.

    Args:
        counted: What is counted.
        watched: The place of the target that is watched, -1 for none.
        over: Says of a node and the watched place that nothing more can be counted there.
        first_only: Start at the first target alone, as on a board without marks.
        goal: Stop as soon as so much was counted.
        limits: What it may take.
    """

    anytime = False

    def __init__(
        self,
        graph: Graph,
        counted: Counted,
        *,
        watched: int = -1,
        over: Callable[[int, int], bool] | None = None,
        first_only: bool = False,
        goal: int | None = None,
        limits: SearchLimits = _ENDLESS,
    ) -> None:
        super().__init__(graph, watched=watched, limits=limits)
        self._counted, self._over, self._first_only = counted, over, first_only
        self._came: dict[Place, list[tuple[int, Place, Link]]] = {}
        self._goal = self.bits.second if goal is None else goal

    def _arrived(self, frontier: dict[Place, int]) -> bool:
        wanted = self.bits.mask((0, self.bits.first), (self._goal, self.bits.second))
        return not frontier or any(bits & wanted for bits in frontier.values())

    def _look(self, level: int, place: Place, bits: int) -> None:
        """Rows and broken moves are for the search that counts waits."""

    def _linked(self, place: Place) -> list[Link]:
        node, watched = place
        found: dict[tuple[Any, ...], Link] = {}
        if self._over is None or not self._over(node, watched):
            for edge in self.graph.distinct_edges(node):
                move, order = edge.move, edge.order
                if self._first_only and node == self.start[0] and move.sent != 0:
                    continue
                to = (edge.to, order.index(watched) if watched >= 0 and order else -1)
                counted = self._counted(move, watched)
                way = (to, move.number, move.sends, counted)
                if way not in found:
                    found[way] = Link(*self._masked(move, counted), to, edge)
        links = self._links[place] = list(found.values())
        return links

    def _masked(self, move: MoveResult, counted: int) -> tuple[int, int]:
        bits, most = self.bits, self.bits.first
        number = (move.number[0], min(move.number[1], most - move.sends))
        return bits.mask(number, (0, most - counted)), bits.shift(move.sends, counted)


class Count(Sweep):
    """A sweep that goes through its places as they come, and not level by level.

    It looks at a place once where a level after level would look often, and the ways that it
    finds need not be the shortest.
    """

    def run(self) -> Self:
        """See :meth:`Search.run`."""
        waiting, fresh, reached = deque([self.start]), {self.start: 1}, self.reached
        reached[self.start] = 1
        for count in itertools.count():
            if not waiting:
                break
            if count % _OFTEN == 0:
                self._limits.check()
            place = waiting.popleft()
            bits = fresh.pop(place)
            for link in self._links[place] if place in self._links else self._linked(place):
                moved = (bits & link.mask) << link.shift
                new = moved & ~reached.get(link.to, 0)
                if new:
                    self._reach(place, link, new)
                    if link.to not in fresh:
                        waiting.append(link.to)
                    fresh[link.to] = fresh.get(link.to, 0) | new
        return self

    def _reach(self, place: Place, link: Link, new: int) -> None:
        self.reached[link.to] = self.reached.get(link.to, 0) | new
        self._came.setdefault(link.to, []).append((new, place, link))

    def most(self, counter: int) -> tuple[int, Found]:
        """See :meth:`Search.most`."""
        best, wanted = self._highest(counter)
        ends = [
            (0, (found & -found).bit_length() - 1, place)
            for place, bits in self.reached.items()
            if (found := bits & wanted)
        ]
        return best, min(ends, key=lambda end: len(self.way(end)))

    def way(self, found: Found) -> Sequence[PathStep]:
        """A way to a bit."""
        _, bit, place = found
        steps: list[PathStep] = []
        while place in self._came and (place, bit) != (self.start, 0):
            source, link = next(
                (source, link) for new, source, link in self._came[place] if new >> bit & 1
            )
            steps.append(PathStep(source, link.edge))
            bit, place = bit - link.shift, source
        return steps[::-1]
