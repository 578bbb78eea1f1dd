"""Breadth first over nodes and counters: what can be reached, and the shortest way there.

Counters are open in a node, so a node is reached with a set of their values. The set is one
whole number, a bit for each pair of values; an edge masks it and shifts it. Level by level,
the first time that a bit appears is the shortest way to it.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Self

import attrs

from orchestrator.lab.invariants import BrokenMove
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.moves import Edge

Place = tuple[int, int]
"""A node's number, and the place in its route that is watched; -1 for none."""

Found = tuple[int, int, Place]
"""A level, a bit and where it is."""


@attrs.frozen
class Step:
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


class Search:
    """Everything that can be reached, with what is left of attempts and waits.

    Attributes:
        reached: The bits of each place.
        levels: For each place, the levels at which bits of it were first reached.
        rows: For each row, where it was first taken.
        breaches: For each property that is broken, where that was first.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        watched: int = -1,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        most = graph.setting.policy.max_attempts
        self.graph, self.bits, self._progress = graph, Bits(most, most), progress
        self.start: Place = (graph.start, watched)
        self.reached: dict[Place, int] = {}
        self.levels: dict[Place, list[tuple[int, int]]] = {}
        self.rows: dict[str, Found] = {}
        self.breaches: dict[str, tuple[BrokenMove, Step, Found]] = {}
        self._links: dict[Place, list[Link]] = {}
        self._unseen: dict[Place, list[Edge]] = {}

    def run(self) -> Self:
        """Go on until nothing new is reached."""
        frontier = {self.start: 1}
        self._note(0, self.start, 1)
        level = 0
        while not self._arrived(frontier):
            frontier = self._level(level, frontier)
            level += 1
            if self._progress is not None:
                self._progress(level, len(self.reached))
        return self

    def _arrived(self, frontier: dict[Place, int]) -> bool:
        """Whether what is looked for was found."""
        return not frontier

    def _note(self, level: int, place: Place, bits: int) -> None:
        self.reached[place] = self.reached.get(place, 0) | bits
        self.levels.setdefault(place, []).append((level, bits))

    def _level(self, level: int, frontier: dict[Place, int]) -> dict[Place, int]:
        new: dict[Place, int] = {}
        reached, links = self.reached, self._links
        for place, bits in frontier.items():
            for mask, shift, to, _ in links[place] if place in links else self._linked(place):
                moved = (bits & mask) << shift
                if moved:
                    fresh = moved & ~reached.get(to, 0)
                    if fresh:
                        new[to] = new.get(to, 0) | fresh
            self._look(level, place, bits)
        for place, bits in new.items():
            self._note(level + 1, place, bits)
        return new

    def _look(self, level: int, place: Place, bits: int) -> None:
        """Note rows and breaches that these bits reach for the first time."""
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
            for breach in move.breaches:
                self._broken(breach, Step(place, edge), level, bits)
            if move.breaches or (move.row not in self.rows and not passed):
                left.append(edge)
        self._unseen[place] = left

    def _broken(self, breach: BrokenMove, last: Step, level: int, bits: int) -> None:
        broken = bits & self.bits.mask(breach.number, breach.waits)
        if broken and breach.name not in self.breaches:
            found = (level, (broken & -broken).bit_length() - 1, last.start)
            self.breaches[breach.name] = (breach, last, found)

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

    def way(self, found: Found) -> Sequence[Step]:
        """The shortest way to a bit."""
        level, bit, place = found
        steps: list[Step] = []
        before = self._before()
        while level:
            for source, link in before.get(place, ()):
                origin = bit - link.shift
                if origin < 0 or not link.mask >> origin & 1:
                    continue
                if any(at == level - 1 and bits >> origin & 1 for at, bits in self.levels[source]):
                    steps.append(Step(source, link.edge))
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
