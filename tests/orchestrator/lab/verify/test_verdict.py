"""Planted faults are named with the shortest sequence; what ships holds."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest

from orchestrator.lab.diagrams.recorded_rows import path_of
from orchestrator.lab.verify import Setting, verify
from orchestrator.lab.verify.properties import CIRCLES, ENDS, NAMES, SHADOWED, SHORT
from orchestrator.lab.verify.verdict import ledger
from orchestrator.states import (
    STATES,
    TABLE,
    Move,
    OnInterrupted,
    Policy,
    Reason,
    Row,
    State,
    Target,
)
from orchestrator.states.reasons import DEFAULT_MOVES
from orchestrator.states.table import Entry
from tests.orchestrator.lab.verify import faults
from tests.slow import nightly

SAME = (faults.ONE, Target("acme", "other"), faults.TWO)


@attrs.frozen
class Planted:
    """A fault, and what the checker must say of it."""

    property: str
    sequence: tuple[str, ...]
    table: Sequence[Row] = TABLE
    entries: Sequence[Entry] = STATES
    setting: Setting = attrs.field(factory=faults.setting)


HASTE = "who fails slowly is left while a fallback stands by"

CASES = {
    "billing below rotation": Planted(
        "billing bypasses the pool",
        ("started_send acme/one key#1", "billing -> rotate"),
        tuple(
            attrs.evolve(row, guard=faults.any_unused) if row.name == "rotate" else row
            for row in faults.moved(faults.BILLING_ROWS, below="rotate")
        ),
    ),
    "billing below repair": Planted(
        "billing bypasses the pool",
        ("started_send acme/one key#1", "billing+repair -> repair"),
        faults.moved(faults.BILLING_ROWS, below="rotate"),
    ),
    "retry without a bound": Planted(
        "tries are bounded",
        (
            "started_send acme/one key#1",
            "rate_limit -> retry",
            "waited_send acme/one key#1",
            "rate_limit -> retry",
            "waited_send acme/one key#1",
        ),
        faults.changed("retry", guard=faults.always_retry),
    ),
    "wait without a bound": Planted(
        "waits are bounded",
        ("started_wait", *["waited_wait"] * 3),
        faults.changed("waited_wait", guard=faults.always_wait),
    ),
    "fallback to a target out of money": Planted(
        "no send to an account without money",
        ("started_send acme/one key#1", "billing -> billing_fallback"),
        faults.changed("billing_fallback", guard=faults.something_stands_by),
        setting=faults.setting(SAME),
    ),
    "a later error replaces the cause": Planted(
        "the cause is real",
        ("started_send beta/two key#1", "billing -> billing_fallback"),
        faults.changed("billing_fallback", effect=faults.leave_and_replace),
        setting=faults.setting(),
    ),
    "an attempt counter that is reset by a fallback": Planted(
        "attempts advance",
        ("started_send acme/one key#1", "rate_limit -> fallback"),
        faults.changed("fallback", effect=faults.leave_and_reset),
    ),
    "a retry at a target that failed slowly": Planted(
        HASTE,
        ("started_send acme/one key#1", "slow rate_limit -> retry"),
        faults.changed("retry", guard=faults.retry_whoever_is_slow),
    ),
    "a retry that nobody has paid for": Planted(
        "a retry is paid for",
        ("started_send acme/one key#1", "rate_limit -> retry"),
        faults.changed("retry", guard=faults.retry_whatever_it_costs),
    ),
    "a rotation at a target that failed slowly": Planted(
        HASTE,
        ("started_send acme/one key#1", "slow rate_limit -> rotate"),
        faults.changed("rotate", guard=faults.rotate_whoever_is_slow),
    ),
    "a repair at a target that says nothing": Planted(
        HASTE,
        ("started_send acme/one key#1", "slow bad_request+repair -> repair"),
        faults.changed("repair", guard=faults.repair_whatever_stands_by),
        setting=faults.setting(
            policy=attrs.evolve(faults.SMALL, on=faults.FALL_BACK_ON_BAD_REQUESTS),
            diagnosed=(Reason.BAD_REQUEST,),
        ),
    ),
    "an attempt that keeps no time back": Planted(
        "time is kept back for who stands by",
        ("started_send acme/one key#1",),
        entries=faults.entering(State.ATTEMPT, faults.send_to_the_end),
    ),
    "a fallback that goes in circles": Planted(
        "no call goes in circles",
        ("started_fallback",),
        faults.changed("switched_fallback", guard=faults.ask_who_was_gone),
    ),
    "a target that no error leads to": Planted(
        "every target can be reached",
        ("started_send acme/one key#1", "billing -> spent"),
        setting=faults.setting(policy=faults.ALONE),
    ),
    "a deadline shorter than one attempt": Planted(
        "one attempt fits the deadline",
        ("started_send acme/one key#1", "attempt_deadline"),
        setting=faults.setting((faults.SLOW, faults.TWO)),
    ),
}  # fmt: skip


MOVES = frozenset(NAMES) - {ENDS, CIRCLES, SHADOWED, SHORT}


QUICK = {"a target that no error leads to"}
"""Those whose plain search is quick enough."""

PLAIN = "a plain search; the merged one of the same case finds as much, and two are made both ways"
BOTH_WAYS = [
    pytest.param(
        name,
        merged,
        marks=() if merged or name in QUICK else nightly(PLAIN),
        id=f"{name}-{'merged' if merged else 'plain'}",
    )
    for name in CASES
    for merged in (False, True)
]


@pytest.mark.parametrize(("name", "merged"), BOTH_WAYS)
def test_a_planted_fault_is_named_with_its_shortest_sequence(name: str, *, merged: bool) -> None:
    case = CASES[name]

    verdict = verify(case.setting, case.table, case.entries, merged=merged)

    told = {violation.name: violation.trace for violation in verdict.violations}
    assert case.property in told
    assert told[case.property].words == case.sequence
    # Where single moves break nothing, there still is a worst.
    assert (verdict.certificate is None) == (case.property in MOVES)
    call = f"{case.setting.name}: {case.property}"
    drawn = path_of(ledger(verdict), call, table=case.table).rows
    assert len([row for row in drawn if row != "failed"]) == len(case.sequence)


@pytest.mark.parametrize(
    "merged", [pytest.param(False, marks=nightly(PLAIN)), True], ids=["plain", "merged"]
)
def test_an_empty_answer_after_something_else_is_named(*, merged: bool) -> None:
    table = faults.changed("empty_answer", guard=faults.any_empty_answer)
    setting = faults.setting(diagnosed=(Reason.RATE_LIMIT, Reason.INVALID_RESPONSE, Reason.UNKNOWN))

    (found,) = verify(setting, table, merged=merged).violations

    assert found.name == "an empty answer is the answer only where nothing else came"
    assert found.trace.words[-1] == "invalid_response+empty -> empty_answer"
    # What came before is part of the plain search alone.
    assert len(found.trace.words) == (2 if merged else 4)


def test_what_ships_holds() -> None:
    verdict = verify(faults.setting(), search=True)

    assert verdict.violations == ()
    assert verdict.certificate is not None
    assert verdict.certificate.attempts.value == faults.SMALL.max_attempts
    assert all(told.ran for told in verdict.worst.values())
    assert set(verdict.rows) | set(verdict.dead) == {row.name for row in TABLE}


def test_who_is_too_small_for_the_request_stands_by_for_nobody() -> None:
    moves = frozenset({Move.ROTATE, Move.RETRY, Move.FALLBACK})
    policy = Policy(on={**DEFAULT_MOVES, Reason.CONTEXT_OVERFLOW: moves})
    route = (Target("acme", "large", context=100), Target("bolt", "small", context=50))

    found = verify(Setting(route, {"acme": 2}, policy), search=True)

    assert found.violations == ()


def test_a_backoff_that_ends_late_only_when_it_is_long_is_tried_short_too() -> None:
    policy = Policy(max_attempts=6, attempts_per_target=4, deadline=1.0)
    alone = Setting((Target("acme", "one"),), {}, policy, diagnosed=(Reason.SERVER_ERROR,))

    for merged in (True, False):
        certificate = verify(alone, merged=merged).certificate
        assert certificate is not None
        # Waits until 0.25 s and 0.75 s fit, where the jitter is drawn so.
        assert certificate.attempts.value == 3


def test_after_the_commit_boundary_the_streams_own_limit_bounds_waits() -> None:
    policy = attrs.evolve(faults.SMALL, on_interrupted=OnInterrupted.CONTINUE)
    certificate = verify(faults.setting(policy=policy, streamed=True), search=True).certificate

    assert certificate is not None
    assert (certificate.wait.value, certificate.seconds.value) == (600.0, 300.0)
    assert certificate.stream_seconds == 600.0
