"""What a row changes besides the state, asked of the effects themselves."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from orchestrator.states import Call, Clear, Error, Mark, Reason, Standby, StoppedBy, Target, Waited
from orchestrator.states.effects import (
    Effect,
    leave,
    stop_cancelled,
    stop_deadline,
    stop_exhausted,
    stop_spent,
    wait_for_it,
)
from orchestrator.states.routing import Due

HERE, OTHER = Target("acme", "one"), Target("bolt", "one")
CAUSE, LATEST, REMEMBERED = (
    Error(Reason.BILLING, "cause"),
    Error(Reason.OVERLOADED, "latest"),
    Error(Reason.AUTH, "remembered"),
)
SENT = Call(
    (HERE, OTHER),
    target=HERE,
    credential="key#1",
    number=1,
    tries=1,
    asked=frozenset({"acme/one"}),
    error=LATEST,
    not_before=9.0,
)
NOTHING = Waited(1.0, None, Standby())
SOMETHING_MARKED = Waited(
    1.0,
    None,
    Standby(clears=(Clear(HERE, Mark.COOLDOWN, 5.0), Clear(OTHER, Mark.BENCH, 5.0, REMEMBERED))),
)


def changed(effect: Effect, event: Waited = NOTHING, plan: Due | None = None, **facts: Any) -> Call:
    call = attrs.evolve(SENT, **facts)
    effect(call, event, plan)
    return call


def test_who_is_left_overloaded_asks_for_time_and_who_is_left_throttled_for_none() -> None:
    throttled = Error(Reason.RATE_LIMIT, "left")

    assert changed(leave).returnable == {("acme/one", 9.0)}
    assert changed(leave, error=throttled).returnable == {("acme/one", 0.0)}


def test_who_is_left_is_kept_beside_those_left_before() -> None:
    before = frozenset({("corp/one", 2.0)})

    assert changed(leave, returnable=before).returnable == {("corp/one", 2.0), ("acme/one", 9.0)}


@pytest.mark.parametrize(
    "facts",
    [
        {"target": None},
        {"error": None},
        {"target": OTHER},  # waited for, and then not had
        {"error": Error(Reason.SERVER_ERROR, "left")},
        {"error": Error(Reason.TIMEOUT, "left"), "tries": 3},
        {"error": Error(Reason.AUTH, "left"), "probe": True},  # a wait would not help there
    ],
)
def test_nobody_else_is_worth_going_back_to(facts: dict[str, Any]) -> None:
    assert changed(leave, **facts).returnable == frozenset()


@pytest.mark.parametrize(
    "facts",
    [
        {"error": Error(Reason.TIMEOUT, "left")},
        {"error": Error(Reason.SERVER_ERROR, "left"), "kept_waiting": True},
        {"error": Error(Reason.SERVER_ERROR, "left"), "probe": True},
    ],
)
def test_who_is_left_in_haste_is_worth_going_back_to(facts: dict[str, Any]) -> None:
    assert changed(leave, **facts).returnable == {("acme/one", 9.0)}


def test_leaving_sets_the_cause_once() -> None:
    assert changed(leave).cause is LATEST
    assert changed(leave, cause=CAUSE).cause is CAUSE


def test_waiting_for_another_leaves_this_one_and_starts_its_tries_anew() -> None:
    waiting = changed(wait_for_it, plan=Due(OTHER, 5.0), tries=3)

    assert (waiting.target, waiting.tries) == (OTHER, 0)
    assert (waiting.cause, dict(waiting.returnable)) == (LATEST, {"acme/one": 9.0})
    assert waiting.went_back is False


def test_the_way_back_stays_taken() -> None:
    assert changed(wait_for_it, plan=Due(OTHER, 5.0), went_back=True).went_back is True


OUT_OF_TIME = Error(Reason.DEADLINE, "deadline", message="no answer within the deadline of 300 s")
GONE = Error(Reason.CANCELLED, "cancelled")

ENDINGS: list[tuple[Effect, float, StoppedBy, Error | None]] = [
    (stop_cancelled, 1.0, StoppedBy.CANCELLED, GONE),
    (stop_deadline, 1.0, StoppedBy.DEADLINE, OUT_OF_TIME),
    (stop_spent, 300.0, StoppedBy.DEADLINE, OUT_OF_TIME),
    (stop_spent, 299.0, StoppedBy.ATTEMPTS, None),
    (stop_exhausted, 1.0, StoppedBy.EXHAUSTED, None),
]


@pytest.mark.parametrize(("effect", "at", "stopped_by", "otherwise"), ENDINGS)
def test_the_cause_at_the_end(
    effect: Effect, at: float, stopped_by: StoppedBy, otherwise: Error | None
) -> None:
    """The cause, else the latest error, else what the first target was marked for."""
    event = attrs.evolve(NOTHING, at=at)
    known: dict[str, Any] = {"cause": CAUSE, "error": LATEST, "passed_over": REMEMBERED}
    causes = []
    while known:
        ended = changed(effect, event, **{"error": None, **known})
        causes.append(ended.cause)
        assert ended.stopped_by is stopped_by
        known.pop(next(iter(known)))

    assert causes == [CAUSE, LATEST, REMEMBERED]
    assert changed(effect, event, error=None).cause == otherwise


def test_a_call_that_sent_nothing_fails_for_what_the_board_remembers() -> None:
    assert changed(stop_exhausted, SOMETHING_MARKED, error=None).cause is REMEMBERED
