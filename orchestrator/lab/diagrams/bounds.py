"""Bounds of the table's rows, as far as policy and route alone give them.

Pure functions: no search, no run. What they promise is what ``states/guards.py``
enforces; each names the guard or the event that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import attrs

from orchestrator.lab.diagrams.plain_table import PlainRow, Table, plain
from orchestrator.states.facts import Target
from orchestrator.states.policy import OnInterrupted, Policy
from orchestrator.states.reasons import Move, Reason
from orchestrator.states.table import TABLE


@attrs.frozen
class BoundSetup:
    """The policy and the route that bounds follow from.

    Attributes:
        policy: What a call may do.
        route: The targets in order.
        pool: How many credentials each provider has; one where nothing is said.
    """

    policy: Policy
    route: tuple[Target, ...] = ()
    pool: Mapping[str, int] = attrs.field(factory=dict, hash=False)

    @property
    def keys(self) -> int:
        """Credentials of the largest pool on the route."""
        return max((self.pool.get(target.provider, 1) for target in self.route), default=1)


@attrs.frozen
class Bound:
    """One bound.

    Attributes:
        at: The guard, or for rows without one the event, that it belongs to.
        says: The bound in a few words, for the edge of a picture.
        meaning: The same in a sentence.
    """

    at: str
    says: Callable[[BoundSetup], str]
    meaning: str


def _attempts(setup: BoundSetup) -> str:
    return f"at most {count(setup.policy.max_attempts, 'attempt')}"


def _waits(setup: BoundSetup) -> str:
    return f"at most {count(setup.policy.max_attempts, 'wait')}"


def _tries(setup: BoundSetup) -> str:
    return f"at most {count(setup.policy.attempts_per_target, 'try', 'tries')} a stay"


def _patience(setup: BoundSetup) -> str:
    return f"patience {seconds(setup.policy.patience)}"


def _quick(setup: BoundSetup) -> str:
    return f"failed within {seconds(setup.policy.patience)}"


def _rotations(setup: BoundSetup) -> str:
    return f"{_most(setup.keys - 1, 'other credential')} a target"


def _others(setup: BoundSetup) -> str:
    return _most(max(0, len(setup.route) - 1), "other target")


def _once(_: BoundSetup) -> str:
    return "at most once a call"


def _repairs(_: BoundSetup) -> str:
    return "each repair once a target"


def _deadline(setup: BoundSetup) -> str:
    return f"deadline {seconds(setup.policy.deadline)}"


def _stream(setup: BoundSetup) -> str:
    longest = {seconds(target.timeouts.stream_total) for target in setup.route}
    return f"stream {' or '.join(sorted(longest))}" if longest else ""


def _committed(setup: BoundSetup) -> str:
    goes_on = setup.policy.on_interrupted is OnInterrupted.CONTINUE
    return f"on_interrupted = {setup.policy.on_interrupted}" + (", tool calls" if goes_on else "")


def _moves(move: Move) -> Callable[[BoundSetup], str]:
    """For how many reasons a move is allowed; their names are in the text list."""

    def says(setup: BoundSetup) -> str:
        return f"for {count(len(reasons(setup.policy, move)), 'reason')}"

    return says


_SENDS = "Sends of a call, rotations and repairs included."
_TIME = "From the start of a call until content reaches the caller."
_BACK = "The way back is taken once, after the rest of the chain has failed."
_KEYS = "A rotation takes a credential that the call has not used at this target."
_REST = "A call stays at each target at most once, so the other targets bound the fallbacks."
_SLOW = "Who kept the caller waiting longer is left while an unasked target stands by."
_WAITS = "Waits of a call, whatever they are for; `max_attempts` bounds them too."

BOUNDS: tuple[Bound, ...] = (
    Bound("a_target_is_free", _attempts, _SENDS),
    Bound("a_target_clears", _waits, _WAITS),
    Bound(
        "another_target_is_free", _moves(Move.FALLBACK), "Reasons for which the policy lists it."
    ),
    Bound("another_target_is_free", _others, _REST),
    Bound("time_is_over", _deadline, _TIME),
    Bound(
        "content_is_final",
        _committed,
        "What follows when a stream breaks after content came.",
    ),
    Bound("budget_is_spent", _attempts, _SENDS),
    Bound("budget_is_spent", _deadline, _TIME),
    Bound("billing_and_another_is_free", _others, _REST),
    Bound("billing_and_earlier_clears", _once, _BACK),
    Bound("a_repair_is_known", _quick, _SLOW),
    Bound("a_repair_is_known", _repairs, "A repair that did not help is not made again."),
    Bound(
        "another_key_is_free",
        _moves(Move.ROTATE),
        "Reasons for which the policy lists rotate.",
    ),
    Bound("another_key_is_free", _rotations, _KEYS),
    Bound("another_key_is_free", _quick, _SLOW),
    Bound("a_retry_is_worth_it", _moves(Move.RETRY), "Reasons for which the policy lists retry."),
    Bound("a_retry_is_worth_it", _tries, "Sends at a stay that no rotation or repair preceded."),
    Bound(
        "a_retry_is_worth_it",
        _patience,
        "The longest single wait while an unasked target stands by.",
    ),
    Bound("a_retry_is_worth_it", _quick, _SLOW),
    Bound("an_earlier_target_clears", _once, _BACK),
    Bound("DeadlineReached", _deadline, _TIME),
    Bound("DeadlineReached", _stream, "From the first content to the end of the stream."),
)
"""Every bound, in the order of the table."""


def notes(setup: BoundSetup, table: Table = TABLE) -> dict[str, tuple[str, ...]]:
    """The bounds of each row, in a few words, by the row's name."""
    return {row.name: tuple(_said(setup, row)) for row in plain(table).rows}


def reasons(policy: Policy, move: Move) -> tuple[Reason, ...]:
    """The reasons for which ``policy`` lists ``move``, at the first target or a later one."""
    return tuple(
        reason
        for reason in Reason
        if any(move in policy.moves(reason, first_target=first) for first in (True, False))
    )


def seconds(value: float) -> str:
    """``10 s``, ``0.5 s``, ``5 min``: as short as is exact."""
    if value >= 60 and value % 60 == 0:
        return f"{value / 60:g} min"
    return f"{value:g} s"


def _said(setup: BoundSetup, row: PlainRow) -> Iterable[str]:
    at = row.event if row.guard is None else row.guard
    return (said for bound in BOUNDS if bound.at == at and (said := bound.says(setup)))


def _most(number: int, noun: str) -> str:
    return f"at most {count(number, noun)}" if number else f"no {noun}"


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 try``, ``2 tries``."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
