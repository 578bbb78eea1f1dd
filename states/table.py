"""The machine: every state and every row. This is the page to review.

A call is in one state. An event leads out of it by the first row, from top to bottom,
whose state and event are those at hand and whose guard holds. On entry a state asks its
driver for at most one thing (its command). Nothing else decides: a driver performs the
command, answers with an event, and never asks itself what to do next.

Guards are in :mod:`orchestrator.states.guards`; their names are the labels of the diagrams, and
their docstrings say what they mean. What a guard found goes on to the effect of its row
(:mod:`orchestrator.states.effects`: the bookkeeping that differs from row to row) and to the
state that is entered (:mod:`orchestrator.states.entries`). The last row of each group has no
guard, so the machine always knows what to do; whatever has no row at all is refused
(:mod:`orchestrator.states.machine`).

Billing rows stand above every row that stays at a provider. That order is the reason
for this project: an account without money must not be asked again.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestrator.states import effects, entries, guards
from orchestrator.states.call import State
from orchestrator.states.effects import Effect
from orchestrator.states.entries import Enter
from orchestrator.states.events import (
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Event,
    Failed,
    Repaired,
    Rotated,
    Started,
    Streaming,
    Succeeded,
    Switched,
    Waited,
)
from orchestrator.states.guards import Guard


@attrs.frozen
class Row:
    """One move.

    Attributes:
        name: Stable and unique; ledgers, diagrams and tests call the row by it.
        state: Where the call is.
        event: What happened.
        guard: When this row holds; ``None`` means always.
        to: Where the call goes.
        effect: What changes besides.
    """

    name: str
    state: State
    event: type[Event]
    guard: Guard | None
    to: State
    effect: Effect = effects.nothing


@attrs.frozen
class Entry:
    """What a state asks for when it is entered; the initial state asks for nothing."""

    state: State
    enter: Enter | None


STATES: tuple[Entry, ...] = (
    Entry(State.READY, None),
    Entry(State.ATTEMPT, entries.attempt),
    Entry(State.STREAM, entries.stream),
    Entry(State.CLASSIFY, entries.classify),
    Entry(State.ROTATE_CREDENTIAL, entries.rotate_credential),
    Entry(State.EAGER_FALLBACK, entries.eager_fallback),
    Entry(State.RETRY, entries.retry),
    Entry(State.REPAIR, entries.repair),
    Entry(State.SUCCEED, entries.succeed),
    Entry(State.FAIL_TERMINAL, entries.fail_terminal),
)


def _arrival(state: State, event: type[Event]) -> tuple[Row, ...]:
    """The rows of an arrival, the same for each of the five."""
    prefix = event.__name__.lower()
    return (
        Row(f"{prefix}_spent", state, event, guards.time_is_over,
            State.FAIL_TERMINAL, effects.stop_spent),
        Row(f"{prefix}_send", state, event, guards.a_target_is_free,
            State.ATTEMPT),
        Row(f"{prefix}_fallback", state, event, guards.another_target_is_free,
            State.EAGER_FALLBACK, effects.leave),
        Row(f"{prefix}_wait", state, event, guards.a_target_clears,
            State.RETRY, effects.wait_for_it),
        Row(f"{prefix}_terminal", state, event, None,
            State.FAIL_TERMINAL, effects.stop_exhausted),
    )  # fmt: skip


def _interruptions(state: State) -> tuple[Row, ...]:
    """The rows that lead from every state that is not final to its end."""
    left = Row("left_complete", state, Cancelled, guards.all_was_delivered, State.SUCCEED)
    return (
        *((left,) if state is State.STREAM else ()),
        Row(f"{state.value}_cancelled", state, Cancelled, None,
            State.FAIL_TERMINAL, effects.stop_cancelled),
        Row(f"{state.value}_deadline", state, DeadlineReached, None,
            State.FAIL_TERMINAL, effects.stop_deadline),
    )  # fmt: skip


_SENDING: tuple[Row, ...] = (
    Row("answered", State.ATTEMPT, Succeeded, None, State.SUCCEED),
    Row("content", State.ATTEMPT, Streaming, None, State.STREAM),
    Row("failed", State.ATTEMPT, Failed, None, State.CLASSIFY),
    Row("completed", State.STREAM, Succeeded, None, State.SUCCEED),
    Row("interrupted", State.STREAM, Failed, None, State.CLASSIFY),
)

_DIAGNOSED: tuple[Row, ...] = (
    Row("committed", State.CLASSIFY, Diagnosed, guards.content_is_final,
        State.FAIL_TERMINAL, effects.stop_committed),
    Row("spent", State.CLASSIFY, Diagnosed, guards.budget_is_spent,
        State.FAIL_TERMINAL, effects.stop_spent),
    Row("billing_fallback", State.CLASSIFY, Diagnosed, guards.billing_and_another_is_free,
        State.EAGER_FALLBACK, effects.leave),
    Row("billing_way_back", State.CLASSIFY, Diagnosed, guards.billing_and_earlier_clears,
        State.RETRY, effects.go_back),
    Row("billing_terminal", State.CLASSIFY, Diagnosed, guards.billing,
        State.FAIL_TERMINAL, effects.stop_exhausted),
    Row("repair", State.CLASSIFY, Diagnosed, guards.a_repair_is_known,
        State.REPAIR),
    Row("rotate", State.CLASSIFY, Diagnosed, guards.another_key_is_free,
        State.ROTATE_CREDENTIAL),
    Row("retry", State.CLASSIFY, Diagnosed, guards.a_retry_is_worth_it,
        State.RETRY),
    Row("fallback", State.CLASSIFY, Diagnosed, guards.another_target_is_free,
        State.EAGER_FALLBACK, effects.leave),
    Row("way_back", State.CLASSIFY, Diagnosed, guards.an_earlier_target_clears,
        State.RETRY, effects.go_back),
    Row("empty_answer", State.CLASSIFY, Diagnosed, guards.only_empty_answers_came,
        State.SUCCEED),
    Row("terminal", State.CLASSIFY, Diagnosed, None,
        State.FAIL_TERMINAL, effects.stop_exhausted),
)  # fmt: skip

TABLE: tuple[Row, ...] = (
    *_arrival(State.READY, Started),
    *_SENDING,
    *_DIAGNOSED,
    *_arrival(State.ROTATE_CREDENTIAL, Rotated),
    *_arrival(State.EAGER_FALLBACK, Switched),
    *_arrival(State.RETRY, Waited),
    *_arrival(State.REPAIR, Repaired),
    *(row for state in State if not state.final for row in _interruptions(state)),
)


def rows(state: State) -> Iterator[Row]:
    """The rows that lead out of ``state``, in order."""
    return (row for row in TABLE if row.state is state)
