"""How often each row was taken, from the ledgers of many calls.

A ledger is read line by line, so it may be larger than memory. Rows that this table does
not have are counted apart: logs outlive versions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import attrs

from orchestrator.lab.diagrams.plain import Table, plain
from orchestrator.lab.diagrams.trace import BrokenLedger, entries, field
from orchestrator.states.table import TABLE

ROWS = "rows"
"""The kind of a line that holds counts and no call: what a test run took, say."""


@attrs.frozen
class Heat:
    """What was counted.

    Attributes:
        counts: By the row's name; rows of the table that were never taken are not in it.
        calls: How many calls were recorded.
        foreign: The same for names that the table does not have.
    """

    counts: Mapping[str, int]
    calls: int
    foreign: Mapping[str, int]

    def never(self, table: Table = TABLE) -> tuple[str, ...]:
        """The rows that nobody took, in the order of the table."""
        return tuple(row.name for row in plain(table).rows if not self.counts.get(row.name))


@attrs.define
class Counting:
    """Counts ledger after ledger.

    Attributes:
        table: Whose rows are counted.
    """

    table: Table = TABLE
    _taken: Counter[str] = attrs.field(factory=Counter)
    _calls: set[tuple[str, str]] = attrs.field(factory=set)

    def read(self, source: str, lines: Iterable[str]) -> None:
        """Count the moves of one ledger.

        Args:
            source: Its name: calls of two ledgers are two, whatever they are called.
            lines: Its lines; empty ones are passed over.

        Raises:
            BrokenLedger: A line is not a ledger's. Names the line and what was found.
        """
        for number, entry in entries(lines):
            kind = field(number, entry, "kind")
            if kind == "transition":
                self._calls.add((source, field(number, entry, "call")))
                self._taken[field(number, entry, "row")] += 1
            elif kind == ROWS:
                self._taken.update(_counts(number, entry))

    @property
    def heat(self) -> Heat:
        """What was counted so far.

        Raises:
            BrokenLedger: Nothing was.
        """
        if not self._taken:
            raise BrokenLedger("no transition of any call is recorded")
        known = {row.name for row in plain(self.table).rows}
        return Heat(
            {name: count for name, count in self._taken.items() if name in known},
            len(self._calls),
            {name: count for name, count in self._taken.items() if name not in known},
        )


def _counts(number: int, entry: Mapping[str, object]) -> dict[str, int]:
    found = entry.get(ROWS)
    if not isinstance(found, dict):
        raise BrokenLedger(f"line {number}: {ROWS!r} is {found!r}, not an object of counts")
    for name, count in found.items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise BrokenLedger(f"line {number}: {ROWS}.{name} is {count!r}; allowed: 0 or more")
    return found
