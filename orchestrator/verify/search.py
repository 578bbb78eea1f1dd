"""Breadth first over nodes and counters: what can be reached, and the shortest way there.

Counters are open in a node, so a node is reached with a set of their values. The set is one
whole number, a bit for each pair of values; an edge masks it and shifts it. Level by level,
the first time that a bit appears is the shortest way to it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

import attrs

from orchestrator.verify.graph import Edge, Graph
from orchestrator.verify.nodes import Key
from orchestrator.verify.properties import Breach

Place = tuple[Key, int]
"""A node, and the place in its route that is watched; -1 for none."""

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


Second = Callable[[Edge, int], int]
"""``(edge, watched place) -> int``: how far an edge moves the second counter."""


@attrs.frozen
class Link:
    """An edge as the search needs it: which bits go, how far, and where to."""

    mask: int
    shift: int
    to: Place
    edge: Edge


class Search:
    """One sweep over the graph.

    Args:
        second: What the second counter counts; waits where it is not given.
        watched: The place of the target that is watched, -1 for none.
        first_only: Start at the first target alone, as on a board without marks.
        goal: Stop as soon as the second counter got there.
    """

    def __init__(
        self,
        graph: Graph,
        second: Second | None = None,
        *,
        watched: int = -1,
        first_only: bool = False,
        goal: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        most = graph.setting.policy.max_attempts
        self.graph, self.bits, self._second = graph, Bits(most, most), second
        self._first_only, self._goal, self._progress = first_only, goal, progress
        self.start: Place = (graph.start, watched)
        self.reached: dict[Place, int] = {}
        self.levels: dict[Place, list[tuple[int, int]]] = {}
        self.rows: dict[str, Found] = {}
        self.breaches: dict[str, tuple[Breach, Step, Found]] = {}
        self._links: dict[Place, list[Link]] = {}
        self.sends: dict[Place, Edge] = {}

    def run(self) -> Search:
        """Sweep until nothing new is reached."""
        frontier = {self.start: 1}
        self._note(0, self.start, 1)
        level = 0
        while frontier:
            frontier = self._level(level, frontier)
            level += 1
            if self._progress is not None:
                self._progress(level, len(self.reached))
            if self._goal is not None and self._arrived(frontier):
                break
        return self

    def _arrived(self, frontier: dict[Place, int]) -> bool:
        goal = self._goal if self._goal is not None else self.bits.second + 1
        wanted = self.bits.mask((0, self.bits.first), (goal, self.bits.second))
        return any(bits & wanted for bits in frontier.values())

    def _note(self, level: int, place: Place, bits: int) -> None:
        self.reached[place] = self.reached.get(place, 0) | bits
        self.levels.setdefault(place, []).append((level, bits))

    def _level(self, level: int, frontier: dict[Place, int]) -> dict[Place, int]:
        new: dict[Place, int] = {}
        reached = self.reached
        for place, bits in frontier.items():
            for link in self._links.get(place) or self._linked(place):
                moved = (bits & link.mask) << link.shift
                if moved:
                    fresh = moved & ~reached.get(link.to, 0)
                    if fresh:
                        new[link.to] = new.get(link.to, 0) | fresh
            if self._second is None:
                self._look(level, place, bits)
        for place, bits in new.items():
            self._note(level + 1, place, bits)
        return new

    def _look(self, level: int, place: Place, bits: int) -> None:
        """Note rows and breaches that these bits reach for the first time."""
        for edge in self.graph.edges(place[0]):
            if edge.row in self.rows and not edge.breaches:
                continue
            passed = bits & self.bits.mask(edge.number, edge.waits)
            if passed and edge.row:
                self.rows.setdefault(edge.row, (level, passed, place))
            for breach in edge.breaches:
                broken = bits & self.bits.mask(breach.number, breach.waits)
                if broken and breach.name not in self.breaches:
                    found = (level, (broken & -broken).bit_length() - 1, place)
                    self.breaches[breach.name] = (breach, Step(place, edge), found)

    def _linked(self, place: Place) -> list[Link]:
        found: dict[tuple[Place, int, int], Link] = {}
        key, watched = place
        for edge in self.graph.edges(key):
            if edge.to is None or (self._first_only and key is self.start[0] and edge.sent > 0):
                continue
            to = (edge.to, edge.order.index(watched) if watched >= 0 and edge.order else -1)
            link = self._link(edge, to, watched)
            found.setdefault((to, link.mask, link.shift), link)
        links = self._links[place] = list(found.values())
        return links

    def _link(self, edge: Edge, to: Place, watched: int) -> Link:
        bits, most = self.bits, self.bits.first
        number = (edge.number[0], min(edge.number[1], most - edge.sends))
        if self._second is None:
            moves = edge.sleeps
            second = (edge.waits[0], min(edge.waits[1], most - moves))
        else:
            # Waits are not counted here, and every way that needs few of them is open.
            moves = self._second(edge, watched)
            second = (0, most - moves)
        return Link(bits.mask(number, second), bits.shift(edge.sends, moves), to, edge)

    def most(self, counter: int) -> tuple[int, Found]:
        """The highest value of a counter (0 or 1), and a place where it is reached first."""
        best = max(self.bits.most(bits)[counter][counter] for bits in self.reached.values())
        interval = ((best, best), (0, self.bits.second))
        wanted = self.bits.mask(*(interval if counter == 0 else interval[::-1]))
        at = min(
            ((level, bits & wanted, place) for place, news in self.levels.items()
             for level, bits in news if bits & wanted),
            key=lambda found: found[0],
        )  # fmt: skip
        return best, (at[0], (at[1] & -at[1]).bit_length() - 1, at[2])

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

    def _before(self) -> dict[Hashable, list[tuple[Place, Link]]]:
        found: dict[Hashable, list[tuple[Place, Link]]] = {}
        for source, links in self._links.items():
            for link in links:
                found.setdefault(link.to, []).append((source, link))
        return found
