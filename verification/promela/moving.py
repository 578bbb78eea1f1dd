"""The moves of one setting, spin's held against those of a machine, one by one."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import attrs

from orchestrator.lab.verify import Setting
from orchestrator.states.machine import Stepper
from verification.promela.checking import ROWS, Checker, Disagreement, key_of
from verification.promela.spinning import Run
from verification.promela.vectors import FIELDS, described, reached
from verification.promela.wording import happening
from verification.promela.worlds import Layout, world

_SHOWN = 2
"""Moves that are shown of those that differ, the ones of the shortest calls."""

_WIDTH = 78

Told = tuple[bytes, bytes, bytes]
"""What the call remembered; the world; what the row did and what the call remembers then."""

Way = Callable[[bytes], tuple[str, ...]]
"""Finds the rows of the shortest way to a state."""

_NUMBER, _WAITS = FIELDS.index("number"), FIELDS.index("waits")


@attrs.frozen
class Difference:
    """A move that spin and the machine make in different ways.

    Attributes:
        by_spin, by_machine: The row that each takes.
        event: What happened, and everything that was decided of the world.
        state: What the call remembered.
        others: What else is not the same, where the rows are.
        way: The rows of the shortest way there; ``None`` where no compared moves lead there.
    """

    by_spin: str
    by_machine: str
    event: str
    state: str
    others: tuple[str, ...]
    way: tuple[str, ...] | None

    @property
    def headline(self) -> str:
        """The two rows, in one line."""
        if self.by_spin == self.by_machine:
            return f"{self.by_spin} by both, but not in the same way"
        return f"{self.by_spin} by spin, {self.by_machine} by the machine"

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything, in lines of a screen's width."""
        return (*_wrapped("state: ", self.state), *self.told())

    def told(self) -> Iterator[str]:
        """What happened, and the way there."""
        yield from _wrapped("event: ", self.event)
        yield from self.others
        if self.way is None:
            yield "way: not among the moves that are compared"
        elif self.way:
            yield from _wrapped("by ", ", ".join(self.way))


@attrs.frozen
class Moves:
    """What became of the moves of one setting.

    Attributes:
        compared: How many moves were held against the machine.
        steps: How often the machine was asked about them.
        rows: How many of them took each row, by its name.
        different: How many the machine made in another way.
        differences: The first of those.
    """

    compared: int = 0
    steps: int = 0
    rows: Counter[str] = attrs.field(factory=Counter)
    different: int = 0
    differences: tuple[Difference, ...] = ()


def compare_moves(
    setting: Setting,
    told: Sequence[Told],
    step: Stepper,
    *,
    way: Way | None = None,
    most: int | None = None,
) -> Moves:
    """Hold the moves that spin told of against a machine.

    Args:
        setting: The setting that spin searched.
        told: What it said, :func:`ordered`.
        step: The machine.
        way: Finds the way to a state to which no compared moves lead.
        most: Stop after so many differences; ``None`` to count them all.
    """
    checker, rows = Checker(setting, step), Counter[int]()
    found: list[tuple[Told, Disagreement]] = []
    different = 0
    for move in told:
        before, decided, after = move
        rows[after[0]] += 1
        differs = checker.check(before, decided, after)
        if differs is None:
            continue
        different += 1
        if len(found) < _SHOWN:
            found.append((move, differs))
        if different == most:
            break
    return Moves(
        rows.total(), checker.steps,
        Counter({ROWS[place]: count for place, count in rows.items()}), different,
        tuple(_difference(setting, move, differs, told, way) for move, differs in found),
    )  # fmt: skip


def ordered(setting: Setting, run: Run) -> list[Told]:
    """The moves that spin told of, those of short calls first, and like ones together."""
    return sorted(Layout.of(len(setting.route)).moves(run.moves), key=_order)


def _order(move: Told) -> tuple[int, bytes, bytes]:
    before = move[0]
    return before[_NUMBER] + before[_WAITS], key_of(before), before


def _difference(
    setting: Setting, move: Told, differs: Disagreement, told: Sequence[Told], way: Way | None
) -> Difference:
    before, decided, after = move
    row, known = ROWS[after[0]], _known_way(before, told)
    return Difference(
        row,
        differs.row,
        happening(setting, before, world(decided), differs.concrete),
        described(setting, reached(setting, before)),
        tuple(
            f"{name}: {spin} by spin, {machine} by the machine"
            for name, spin, machine in differs.details
            if row == differs.row
        ),
        way(before) if known is None and way is not None else known,
    )


def _wrapped(head: str, words: str) -> Iterator[str]:
    indent = " " * len(head)
    yield from textwrap.wrap(
        head + words, _WIDTH - 4, subsequent_indent=indent, break_on_hyphens=False
    )


def _known_way(to: bytes, told: Sequence[Told]) -> tuple[str, ...] | None:
    """The rows of the shortest way to a state, as far as compared moves lead there."""
    size = len(to)
    leads: dict[bytes, dict[bytes, str]] = {}
    for before, _, after in told:
        leads.setdefault(before, {}).setdefault(after[-size:], ROWS[after[0]])
    begun = next((before for before in leads if not any(before[:4])), to)
    ways: dict[bytes, tuple[str, ...]] = {begun: ()}
    level = [begun]
    while level and to not in ways:
        news = []
        for state in level:
            for after, row in leads.get(state, {}).items():
                if after not in ways:
                    ways[after] = (*ways[state], row)
                    news.append(after)
        level = news
    return ways.get(to)
