"""How often something can happen: a search that counts that in the place of waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Self

from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.moves import Move
from orchestrator.lab.verify.search import Found, Link, Place, Search, Step

Counted = Callable[[Move, int], int]
"""``(move, watched place) -> int``: how often it happens in a move."""


class Sweep(Search):
    """Counts something, as far as attempts allow it; every way that needs few waits is open.

    Args:
        counted: What is counted.
        watched: The place of the target that is watched, -1 for none.
        over: Says of a node and the watched place that nothing more can be counted there.
        first_only: Start at the first target alone, as on a board without marks.
        goal: Stop as soon as so much was counted.
    """

    def __init__(
        self,
        graph: Graph,
        counted: Counted,
        *,
        watched: int = -1,
        over: Callable[[int, int], bool] | None = None,
        first_only: bool = False,
        goal: int | None = None,
    ) -> None:
        super().__init__(graph, watched=watched)
        self._counted, self._over, self._first_only = counted, over, first_only
        self._came: dict[Place, list[tuple[int, Place, Link]]] = {}
        self._goal = self.bits.second if goal is None else goal

    def _arrived(self, frontier: dict[Place, int]) -> bool:
        wanted = self.bits.mask((0, self.bits.first), (self._goal, self.bits.second))
        return not frontier or any(bits & wanted for bits in frontier.values())

    def _look(self, level: int, place: Place, bits: int) -> None:
        """Rows and breaches are for the search that counts waits."""

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

    def _masked(self, move: Move, counted: int) -> tuple[int, int]:
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
        while waiting:
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

    def way(self, found: Found) -> Sequence[Step]:
        """A way to a bit."""
        _, bit, place = found
        steps: list[Step] = []
        while place in self._came and (place, bit) != (self.start, 0):
            source, link = next(
                (source, link) for new, source, link in self._came[place] if new >> bit & 1
            )
            steps.append(Step(source, link.edge))
            bit, place = bit - link.shift, source
        return steps[::-1]
