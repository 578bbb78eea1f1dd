"""What can happen to a call, and what it leads to: the values that the graph is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import attrs

from orchestrator.lab.verify.board import Seen
from orchestrator.lab.verify.footprint import identity
from orchestrator.lab.verify.properties import Breach
from orchestrator.states.events import Event


@attrs.frozen(eq=False)
class Fact:
    """One event, as far as it is decided before a guard looks.

    Attributes:
        event: Its class.
        spent: True where it comes after the call's time.
        taken: The place that was taken, -1 for none.
        credential: The number of the credential that was taken.
        probe: True where the take is a probe.
        reason: The class of reasons that was diagnosed, -1 for none.
        tool_call: True where a part of a tool call was delivered.
        complete: True where the whole answer was, before the caller went away.
    """

    event: type[Event]
    spent: bool = False
    taken: int = -1
    credential: int = 0
    probe: bool = False
    reason: int = -1
    tool_call: bool = False
    complete: bool = False


@attrs.frozen(eq=False)
class Move:
    """What an event leads to, for all calls with the same facts where a guard looked.

    Attributes:
        row: The row that was taken, empty where none led on.
        changes: The fields of the call that it changes; ``None`` after a breach.
        ends: The node where it ends the call, ``None`` where the call goes on.
        number, waits: The values of the counters for which the move is made.
        sends, sleeps: How far it moves attempts and waits.
        fact: What happened.
        seen, late, asked_to_wait, kept_waiting, jitter: What was decided on the way.
        sent: The place that is sent to, -1 for none.
        rotates: True where another credential is asked for.
        seconds: The longest that what it asks for can take.
        switched: The places that it falls back to.
        breaches: What is wrong with it.
    """

    row: str
    changes: Mapping[str, Any] | None
    ends: tuple[Any, ...] | None
    number: tuple[int, int]
    waits: tuple[int, int]
    sends: int
    sleeps: int
    fact: Fact
    seen: Seen
    late: bool = False
    asked_to_wait: float | None = None
    kept_waiting: bool | None = None
    jitter: float | None = None
    sent: int = -1
    rotates: bool = False
    seconds: float = 0.0
    switched: tuple[int, ...] = ()
    breaches: tuple[Breach, ...] = ()


class Edge(NamedTuple):
    """A move between two nodes.

    Attributes:
        move: What happens.
        to: The node's number, -1 after a breach.
        order: For each place of ``to``, the place in the node before.
    """

    move: Move
    to: int
    order: tuple[int, ...]


def difference(move: Move) -> object:
    """Moves that do not differ here need not be told apart."""
    changed = move.changes
    return (
        move.row, move.number, move.waits, move.sends, move.sleeps, move.sent, move.rotates,
        move.seconds, move.switched, tuple(one.name for one in move.breaches),
        None if changed is None else
        frozenset((name, identity(value)) for name, value in changed.items()),
    )  # fmt: skip
