"""What the merges rest on, searched with nothing merged: real calls, a clock that runs.

A merge assumes something of the rows. So each is held against a small setting in which nothing is
merged at all, in the same run, under the same table: a fault that a merge would hide shows there.
They say nothing of a route: where the proof that ships is of the same machine, they were searched
with it, and are not searched again.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import attrs

from orchestrator.lab.invariants import EXACT
from orchestrator.lab.verify.clocked_search import ClockedSearch
from orchestrator.lab.verify.clocked_trace import traced
from orchestrator.lab.verify.small_settings import SMALL, SmallSetting
from orchestrator.lab.verify.violations import Violation
from orchestrator.states.machine import build
from orchestrator.states.table import Entry, Row


@attrs.frozen
class Premise:
    """What one small setting stands for, and how much of it was searched.

    Attributes:
        about: The merges that it stands for, in words.
        moves: How many moves were looked at.
        depth: How many moves deep.
    """

    about: str
    moves: int
    depth: int


@attrs.frozen
class Premises:
    """What the search of the small settings found.

    Attributes:
        searched: The settings; none where the proof that ships spares them.
        violations: What is broken there, each with the shortest sequence.
        proof: The short hash of the machine whose proof they were searched with; empty where
            they were searched in this run.
    """

    searched: tuple[Premise, ...] = ()
    violations: tuple[Violation, ...] = ()
    proof: str = ""

    @property
    def moves(self) -> int:
        """How many moves were looked at in all."""
        return sum(one.moves for one in self.searched)

    @property
    def words(self) -> str:
        """One line of a report."""
        if self.proof:
            return f"the small settings were searched with the proof of this machine ({self.proof})"
        if not self.searched:
            return "not searched"
        return (
            f"{len(self.searched)} small settings, searched with a clock that runs "
            f"({self.moves:,} moves); {len(EXACT)} of the properties are asked there alone"
        )


def premises(table: Sequence[Row], entries: Sequence[Entry]) -> Premises:
    """Search the small settings under the machine of ``table``; once for each in a process.

    Args:
        table: The rows, in order.
        entries: What each state asks for when it is entered.

    Returns:
        What was searched. It ends with the first setting in which something is broken.
    """
    return _premises(tuple(table), tuple(entries))


@functools.lru_cache(maxsize=8)
def _premises(table: tuple[Row, ...], entries: tuple[Entry, ...]) -> Premises:
    searched: list[Premise] = []
    step = build(table, entries)
    for setting in SMALL:
        search = ClockedSearch(setting, step).run()
        searched.append(Premise(setting.about, search.moves, setting.moves))
        if search.broken:
            return Premises(tuple(searched), _violations(setting, search, table, entries))
    return Premises(tuple(searched))


def _violations(
    setting: SmallSetting, search: ClockedSearch, table: Sequence[Row], entries: Sequence[Entry]
) -> tuple[Violation, ...]:
    trace = traced(setting, search.broken, build(table, entries), table)
    found = {one.name: one.what for one in reversed(search.broken[-1].broken)}
    names = dict.fromkeys(one.name for one in search.broken[-1].broken)
    return tuple(Violation(name, found[name], trace) for name in names)
