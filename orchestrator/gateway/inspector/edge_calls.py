"""Calls that went from one state of the machine to another: whom a click on an edge lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import attrs

from orchestrator.config.errors import nearest
from orchestrator.dialects import RequestError
from orchestrator.gateway.call_store import KeptCall
from orchestrator.gateway.inspector.call_moves import call_moves
from orchestrator.states import TABLE, Reason, State

MOST = 100
"""Moves that are listed: more nobody reads."""


@attrs.frozen
class EdgeCall:
    """One time that a call went that way.

    Attributes:
        call: The call's id.
        time: When it went (epoch).
        row: The row of the table that it took.
        reason: The class of the failure that the move is about; ``None`` where there is none.
        rule: The rule that recognised it.
        target: The target that the call was at then; ``None`` before the first send.
        status: The failure's HTTP status.
        message: The provider's own words, without secrets.
    """

    call: str
    time: float
    row: str
    reason: Reason | None
    rule: str | None
    target: str | None
    status: int | None
    message: str | None


def check_edge(start: str | None, end: str | None) -> tuple[str, str]:
    """The two states that a query names.

    Raises:
        RequestError: One is missing or unknown, or no row leads from the one to the other.
    """
    known = [state.value for state in State]
    for name, value in (("from", start), ("to", end)):
        if value not in known:
            found = "is missing" if value is None else f"is {value[:60]!r}{nearest(value, known)}"
            raise RequestError(f"{name} {found}; allowed: {', '.join(known)}")
    ends = [row.to.value for row in TABLE if row.state.value == start]
    if end not in ends:
        there = ", ".join(dict.fromkeys(ends)) or "nowhere: a call ends there"
        raise RequestError(f"no row leads from {start} to {end}; from {start} they lead to {there}")
    return str(start), str(end)


def edge_calls(kept: Iterable[KeptCall], start: str, end: str) -> tuple[EdgeCall, ...]:
    """The newest times that calls went from ``start`` to ``end``.

    Args:
        kept: The calls, newest first.
        start: The state that they left.
        end: The state that they came to.
    """
    rows = {row.name for row in TABLE if (row.state.value, row.to.value) == (start, end)}
    took = (one for one in kept if not rows.isdisjoint(one.facts.rows))
    return tuple(islice((each for one in took for each in _moves(one, rows)), MOST))


def _moves(kept: KeptCall, rows: set[str]) -> Iterator[EdgeCall]:
    for seen in reversed([one for one in call_moves(kept.ledger) if one.move.row in rows]):
        error = seen.error
        yield EdgeCall(
            kept.ledger.call,
            kept.facts.time + seen.move.facts.at,
            seen.move.row,
            None if error is None else error.reason,
            None if error is None else error.rule,
            seen.target,
            None if error is None else error.status,
            None if error is None else error.message,
        )
