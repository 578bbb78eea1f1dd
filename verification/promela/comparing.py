"""Two searches of one setting held against each other: spin's and the model checker's own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from functools import partial

import attrs

from orchestrator.lab.verify import Setting
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.search import Search
from orchestrator.states.machine import Stepper, step
from orchestrator.states.table import TABLE, Row
from verification.promela.exported import export
from verification.promela.misled import Misled
from verification.promela.moving import Moves, compare_moves, ordered
from verification.promela.spinning import Run, search, shortest
from verification.promela.translations import SHIPPED, Translations
from verification.promela.vectors import Reached, described, expression, reached

_SHOWN = 2
"""Differing states that are shown, with the way there."""


@attrs.frozen
class Comparison:
    """What two searches of one setting found.

    Attributes:
        setting: The setting.
        by_verify, by_spin: The abstract states that each reached.
        broken: The invariant that spin found broken, empty where all hold.
        rows: The rows on the way there.
        untold: How many states spin stored besides those that the model told of; more than
            none would mean that the model tells apart what it does not tell.
        seconds: How long each search took, verify's first.
        differences: The first states that only one of them reached, in words, with the way.
        made: How many moves spin made.
        moves: What became of those that it told of.
        misled: The same for machines with a mistake, by the mistake.
    """

    setting: Setting
    by_verify: frozenset[Reached]
    by_spin: frozenset[Reached]
    broken: str
    rows: tuple[str, ...]
    untold: int
    seconds: tuple[float, float]
    differences: tuple[str, ...] = ()
    made: int = 0
    moves: Moves = attrs.field(factory=Moves)
    misled: tuple[tuple[str, Moves], ...] = ()

    @property
    def same(self) -> bool:
        """Whether both reached the same states by the same moves, and nothing is broken."""
        fine = not self.broken and not self.untold and not self.moves.different
        return fine and self.by_verify == self.by_spin

    def by_state(self) -> list[tuple[str, int, int]]:
        """For each state of the machine how many abstract states verify and spin reached."""
        verify, spin = (
            Counter(key[0].value for key, _, _ in found) for found in (self.by_verify, self.by_spin)
        )
        return [(name, verify[name], spin[name]) for name in sorted(verify | spin)]


def compare(
    setting: Setting,
    *,
    table: Sequence[Row] = TABLE,
    translations: Translations = SHIPPED,
    every: int = 0,
    machine: Stepper = step,
    misled: Sequence[Misled] = (),
) -> Comparison:
    """Search ``setting`` twice: the machine that ships by verify, ``table`` by spin.

    Args:
        setting: What is searched.
        table: What spin searches.
        translations: What stands for its functions.
        every: Of so many of spin's moves one is held against ``machine``; 0 for none.
        machine: What is asked about moves.
        misled: Machines with a mistake that are asked too, until it shows.

    Raises:
        Unavailable: Spin or gcc is missing.
        Refused: One of them does not take the model.
        TooSlow: One of them did not end in its time.
        Untranslated: The table calls a function that has no translation.
    """
    # Spin first: where it does not end in time, nothing else needs to.
    model = export(setting, table=table, translations=translations)
    theirs = search(model, every=every)
    began = time.perf_counter()
    # Spin's world knows no board: there a key that was refused may be good again at once.
    free = attrs.evolve(setting, untied=frozenset(target.provider for target in setting.route))
    ours = Search(Graph(free, step, merged=False)).run()
    by_verify = frozenset(_found(ours))
    middle = time.perf_counter()
    by_spin = frozenset(reached(setting, vector) for vector in theirs.vectors)
    broken, rows = _named(model, theirs)
    told = [] if broken else ordered(setting, theirs)
    return Comparison(
        setting, by_verify, by_spin, broken, rows, 0 if broken else _untold(theirs, by_spin),
        (middle - began, theirs.seconds),
        () if broken else (
            *_only_spin(setting, model, theirs, by_verify),
            *_only_verify(setting, ours, by_spin),
        ),
        theirs.made,
        compare_moves(setting, told, machine, way=partial(way_to, model)),
        tuple(
            (
                one.name,
                compare_moves(setting, told, one.machine(), way=partial(way_to, model), most=1),
            )
            for one in misled
        ),
    )  # fmt: skip


def way_to(model: str, vector: Sequence[int]) -> tuple[str, ...]:
    """The rows of the shortest way to a state that the model reaches."""
    return shortest(model, unwanted=expression(vector)).rows


def _named(model: str, run: Run) -> tuple[str, tuple[str, ...]]:
    """What is broken, with the shortest way there."""
    if not run.stopped_by:
        return "", ()
    found = shortest(model)
    return found.stopped_by or run.stopped_by, found.rows or run.rows


def _untold(run: Run, by_spin: frozenset[Reached]) -> int:
    # Where a call is over the model tells of it and then stops: that is stored twice.
    ended = [key for key, _, _ in by_spin if key[0].final]
    return run.stored - len(by_spin) - len(ended)


def _found(ours: Search) -> set[Reached]:
    return {
        (ours.graph.keys[place[0]], *ours.bits.pair(bit))
        for place, bits in ours.reached.items()
        for bit in range(bits.bit_length())
        if bits >> bit & 1
    }


def _only_spin(setting: Setting, model: str, run: Run, by_verify: frozenset[Reached]) -> list[str]:
    unknown = sorted(
        {vector for vector in run.vectors if reached(setting, vector) not in by_verify},
        key=lambda vector: (vector[1] + vector[2], vector),
    )
    return [
        f"only spin reaches: {described(setting, reached(setting, vector))}\n"
        f"    by {', '.join(way_to(model, vector))}"
        for vector in unknown[:_SHOWN]
    ]


def _only_verify(setting: Setting, ours: Search, by_spin: frozenset[Reached]) -> list[str]:
    unknown = sorted(
        (level, bit, place)
        for place, news in ours.levels.items()
        for level, bits in news
        for bit in range(bits.bit_length())
        if bits >> bit & 1 and (ours.graph.keys[place[0]], *ours.bits.pair(bit)) not in by_spin
    )
    return [
        "only verify reaches: "
        f"{described(setting, (ours.graph.keys[found[2][0]], *ours.bits.pair(found[1])))}\n"
        f"    by {', '.join(one.edge.move.row for one in ours.way(found))}"
        for found in unknown[:_SHOWN]
    ]
