"""The rows that recorded calls took: the path of one call, and the counts of many.

Read are a ledger's lines of the kind ``transition``, by their ``call`` and ``row``; what else
they say is for others, so that ledgers of other versions of the machine can be counted too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from orchestrator.lab.diagrams.plain_table import Table, UnknownRow, plain, rows_of
from orchestrator.ledger import BrokenLedger, read_objects
from orchestrator.states.table import TABLE

ROWS = "rows"
"""The kind of a line that holds counts and no call: what a test run took, say."""


@attrs.frozen
class Path:
    """One call's way through the machine.

    Attributes:
        call: The call's id.
        rows: Names of the rows that it took, in order.
        others: The ids of the other calls that the ledger records a move of.
    """

    call: str
    rows: tuple[str, ...]
    others: tuple[str, ...] = ()


def path_of(
    lines: Iterable[bytes],
    call: str | None = None,
    *,
    source: str = "<ledger>",
    table: Table = TABLE,
) -> Path:
    """The path of a recorded call.

    Args:
        lines: The ledger, line by line; empty lines are passed over.
        call: The call's id; by default the one whose entry comes last.
        source: The ledger's name, for errors.
        table: The rows that the call may have taken.

    Raises:
        BrokenLedger: A line is not a ledger's, no such call is recorded, or a row is not
            in the table. Names the line and what was found.
    """
    moves = list(_moves(lines, source))
    owners = list(dict.fromkeys(owner for _, owner, _ in reversed(moves)))
    wanted = call if call is not None else next(iter(owners), None)
    if wanted not in owners:
        raise BrokenLedger(f"{source}: {_missing(call, owners)}")
    taken = [(where, row) for where, owner, row in moves if owner == wanted]
    for where, row in taken:
        try:
            rows_of((row,), table)
        except UnknownRow as error:
            raise BrokenLedger(f"{where}: {error}") from error
    others = tuple(owner for owner in owners if owner != wanted)
    return Path(str(wanted), tuple(row for _, row in taken), others)


@attrs.frozen
class RowCounts:
    """Counts of the rows that calls took.

    Attributes:
        counts: By the row's name; rows of the table that were never taken are not in it.
        calls: How many calls were recorded.
        foreign: The same for names that the table does not have: logs outlive versions.
    """

    counts: Mapping[str, int]
    calls: int
    foreign: Mapping[str, int]

    def never(self, table: Table = TABLE) -> tuple[str, ...]:
        """The rows that nobody took, in the order of the table."""
        return tuple(row.name for row in plain(table).rows if not self.counts.get(row.name))


@attrs.define
class RowCounter:
    """Counts ledger after ledger, line by line: one may be larger than memory.

    Attributes:
        table: Whose rows are counted.
    """

    table: Table = TABLE
    _taken: Counter[str] = attrs.field(factory=Counter)
    _calls: set[tuple[str, str]] = attrs.field(factory=set)

    def read(self, source: str, lines: Iterable[bytes]) -> None:
        """Count the moves of one ledger.

        Args:
            source: Its name: calls of two ledgers are two, whatever they are called.
            lines: Its lines; empty ones are passed over.

        Raises:
            BrokenLedger: A line is not a ledger's. Names the line and what was found.
        """
        for number, entry in read_objects(lines, source):
            where = f"{source}, line {number}"
            kind = _text(entry, "kind", where)
            if kind == "transition":
                self._calls.add((source, _text(entry, "call", where)))
                self._taken[_text(entry, "row", where)] += 1
            elif kind == ROWS:
                self._taken.update(_counts(entry, where))

    @property
    def total(self) -> RowCounts:
        """The counts so far.

        Raises:
            BrokenLedger: Nothing was.
        """
        if not self._taken:
            raise BrokenLedger("no transition of any call is recorded")
        known = {row.name for row in plain(self.table).rows}
        return RowCounts(
            {name: count for name, count in self._taken.items() if name in known},
            len(self._calls),
            {name: count for name, count in self._taken.items() if name not in known},
        )


def _moves(lines: Iterable[bytes], source: str) -> Iterator[tuple[str, str, str]]:
    """(where it stands, call, row) of every transition."""
    for number, entry in read_objects(lines, source):
        where = f"{source}, line {number}"
        if _text(entry, "kind", where) == "transition":
            yield where, _text(entry, "call", where), _text(entry, "row", where)


def _text(entry: Mapping[str, Any], name: str, where: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str):
        found = "is missing" if name not in entry else f"is {value!r}, not a text"
        raise BrokenLedger(f"{where}: {name!r} {found}")
    return value


def _counts(entry: Mapping[str, Any], where: str) -> dict[str, int]:
    found = entry.get(ROWS)
    if not isinstance(found, dict):
        raise BrokenLedger(f"{where}: {ROWS!r} is {found!r}, not an object of counts")
    for name, count in found.items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise BrokenLedger(f"{where}: {ROWS}.{name} is {count!r}; allowed: 0 or more")
    return found


def _missing(call: str | None, owners: list[str]) -> str:
    if not owners:
        return "the ledger records no transition of any call"
    last = ", ".join(reversed(owners[:3]))
    return f"the ledger records no transition of call {call!r}; the last recorded: {last}"
