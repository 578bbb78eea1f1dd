"""Mistakes planted in the machine that is asked about moves, each of which must be named.

They reach the same states as the machine that ships, or nearly: what differs is when a row is
taken, or what it asks for. A comparison of states agreed with the first four.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from orchestrator.states import entries, guards, routing
from orchestrator.states.call import Call, State
from orchestrator.states.commands import Rotate, Send
from orchestrator.states.effects import leave
from orchestrator.states.events import Arrival, Diagnosed
from orchestrator.states.facts import Clear, Mark, Taken, Target
from orchestrator.states.guards import Plan
from orchestrator.states.machine import Stepper, build
from orchestrator.states.routing import Due, Looked
from orchestrator.states.table import STATES, TABLE, Entry, Row


@attrs.frozen
class Misled:
    """One mistake.

    Attributes:
        name: What was done.
        setting: The name of the setting whose moves show it.
        table: The rows with it.
        entries: The entries with it.
    """

    name: str
    setting: str
    table: tuple[Row, ...] = TABLE
    entries: tuple[Entry, ...] = STATES

    def machine(self) -> Stepper:
        """The machine with the mistake."""
        return build(self.table, self.entries)


def past_the_deadline(call: Call, event: Diagnosed) -> Due | None:
    """A retry whose wait need not end in time."""
    endless = attrs.evolve(call.policy, deadline=1e9)
    return guards.a_retry_is_worth_it(attrs.evolve(call, policy=endless), event)


def patience_since_the_start(call: Call, event: Diagnosed) -> Due | None:
    """A retry whose patience is counted from the start of the call, not of the wait."""
    due = guards.a_retry_is_worth_it(call, event)
    others = guards.another_target_is_free(call, event)
    return None if due and others and due.at > call.policy.patience else due


def a_probe_again(call: Call, event: Diagnosed) -> Due | None:
    """A retry after a probe, although another target stands by."""
    return guards.a_retry_is_worth_it(attrs.evolve(call, probe=False), event)


def no_attempt_for_others(call: Call, event: Diagnosed) -> Rotate | None:
    """A rotation that leaves no attempt for who stands by."""
    return guards.another_key_is_free(_with_more_attempts(call), event)


def a_retry_without_others(call: Call, event: Diagnosed) -> Due | None:
    """A retry that leaves no attempt for who stands by."""
    return guards.a_retry_is_worth_it(_with_more_attempts(call), event)


def any_ready_key(call: Call, event: Diagnosed) -> Rotate | None:
    """A rotation to whatever key is ready, used or not."""
    unused = attrs.evolve(call, used=frozenset())
    return guards.another_key_is_free(unused, event)


def the_last_to_clear(call: Call, event: Arrival) -> Due | None:
    """A wait for the last that clears in time, not the first."""
    due = guards.a_target_clears(call, event)
    if due is None:
        return None
    clears = [
        Due(target, at)
        for target in call.route
        if target.name not in call.asked
        and routing.open_to(call, target)
        and event.standby.clear(target) is not None
        and (at := routing.sendable_at(event, target)) is not None
        and due.at < at < call.ends_at
    ]
    return max(clears, key=lambda one: one.at, default=due)


def spread_without_bound(call: Call, event: Arrival) -> Due | None:
    """A wait whose spread is not bounded by what is left."""
    due = guards.a_target_clears(call, event)
    return due and Due(due.target, due.at + event.jitter * call.policy.deadline)


def a_bench_is_waited_for(call: Call, event: Looked) -> Due | None:
    """A way back to a bench, as if it ended like a cooldown."""
    clears = tuple(map(_as_cooling, event.standby.clears))
    changed: Any = attrs.evolve(event, standby=attrs.evolve(event.standby, clears=clears))
    return guards.an_earlier_target_clears(call, changed)


def the_answer_asked_in_vain(call: Call, event: Diagnosed) -> Due | None:
    """A retry that does not wait as long as the answer asked."""
    return guards.a_retry_is_worth_it(attrs.evolve(call, not_before=event.at), event)


def as_small_as_the_first(call: Call, event: Diagnosed) -> tuple[Target, ...]:
    """A fallback to a target as small as the one that was too small."""
    small = None if call.too_small is None else call.too_small - 1
    return guards.another_target_is_free(attrs.evolve(call, too_small=small), event)


def back_again(call: Call, event: Diagnosed) -> Due | None:
    """A way back that may be taken more than once."""
    return guards.an_earlier_target_clears(attrs.evolve(call, went_back=False), event)


def later_than_the_limit(call: Call, event: Looked) -> bool:
    """A time that is over just after its limit, not at it."""
    return event.at > call.ends_at


def leave_and_forget(call: Call, event: Looked, plan: Plan) -> None:
    """To leave a target without what it asked for."""
    leave(call, event, plan)
    call.returnable = frozenset((name, 0.0) for name, _ in call.returnable)


def all_the_time(call: Call, event: Arrival, plan: Taken) -> Send:
    """An attempt that keeps no time back for who stands by."""
    return attrs.evolve(entries.attempt(call, event, plan), until=call.ends_at)


def tries_go_on(call: Call, event: Arrival, plan: Taken) -> Send:
    """An attempt at another target that counts on from the tries at the last."""
    tries = call.tries
    sent = entries.attempt(call, event, plan)
    call.tries = max(call.tries, tries)
    return sent


def _with_more_attempts(call: Call) -> Call:
    more = attrs.evolve(call.policy, max_attempts=call.policy.max_attempts + len(call.route))
    return attrs.evolve(call, policy=more)


def _as_cooling(clear: Clear) -> Clear:
    return attrs.evolve(clear, mark=Mark.COOLDOWN) if clear.mark is Mark.BENCH else clear


def _guarded(guard: Callable[..., Any], by: Callable[..., Any]) -> tuple[Row, ...]:
    """The table with another guard wherever one is."""
    return tuple(attrs.evolve(row, guard=by) if row.guard is guard else row for row in TABLE)


def _entered(state: State, by: Callable[..., Any]) -> tuple[Entry, ...]:
    return tuple(Entry(state, by) if entry.state is state else entry for entry in STATES)


def _left(by: Callable[..., Any]) -> tuple[Row, ...]:
    return tuple(attrs.evolve(row, effect=by) if row.effect is leave else row for row in TABLE)


_AGAIN, _KEY = guards.a_retry_is_worth_it, guards.another_key_is_free
_BACK = guards.an_earlier_target_clears

MISLED: Sequence[Misled] = (
    Misled("a wait past the deadline", "moves: overloaded", _guarded(_AGAIN, past_the_deadline)),
    Misled(
        "patience since the start", "moves: patience", _guarded(_AGAIN, patience_since_the_start)
    ),
    Misled("a probe tried again", "moves: overloaded", _guarded(_AGAIN, a_probe_again)),
    Misled(
        "a rotation at others' cost", "moves: rate limits", _guarded(_KEY, no_attempt_for_others)
    ),
    Misled(
        "a retry at others' cost", "moves: overloaded", _guarded(_AGAIN, a_retry_without_others)
    ),
    Misled("a rotation to a used key", "moves: rate limits", _guarded(_KEY, any_ready_key)),
    Misled(
        "a wait for the last",
        "moves: overloaded",
        _guarded(guards.a_target_clears, the_last_to_clear),
    ),
    Misled(
        "a spread without bound",
        "moves: rate limits",
        _guarded(guards.a_target_clears, spread_without_bound),
    ),
    Misled("a wait for a bench", "moves: overloaded", _guarded(_BACK, a_bench_is_waited_for)),
    Misled(
        "a Retry-After that is no floor",
        "moves: patience",
        _guarded(_AGAIN, the_answer_asked_in_vain),
    ),
    Misled(
        "a context just as small",
        "moves: contexts",
        _guarded(guards.another_target_is_free, as_small_as_the_first),
    ),
    Misled("a second way back", "moves: overloaded", _guarded(_BACK, back_again)),
    Misled(
        "a limit just missed",
        "moves: rate limits",
        _guarded(guards.time_is_over, later_than_the_limit),
    ),
    Misled("a Retry-After forgotten", "moves: overloaded", _left(leave_and_forget)),
    Misled(
        "no time kept for others",
        "moves: overloaded",
        entries=_entered(State.ATTEMPT, all_the_time),
    ),
    Misled("tries that go on", "moves: overloaded", entries=_entered(State.ATTEMPT, tries_go_on)),
)
"""Every mistake."""
