"""How often something can happen: a search that counts that in the place of waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.verify.graph import Graph
from orchestrator.verify.moves import Move
from orchestrator.verify.search import Link, Place, Search

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
