"""The matrix: every fault is tried, and what is not run is determined."""

from __future__ import annotations

from itertools import combinations

import pytest

from orchestrator.lab.fault_matrix import FaultDepth, fault_matrix
from orchestrator.lab.fault_matrix.faults import are_two
from orchestrator.lab.fault_matrix.runner import FaultRunner
from orchestrator.states import StoppedBy
from tests.orchestrator.lab.fault_matrix.routes import (
    ALONE,
    HEAD,
    ONE_ACCOUNT,
    ONE_KEY,
    README,
    SHARED,
    TWO,
    config,
    provider,
    report,
    route,
)


def test_who_is_not_asked_is_not_missed() -> None:
    matrix = report(README).matrix
    unmet = [one for one in matrix.singles if not one.is_met]

    assert {one.faults[0].site.owner for one in unmet} == {"deepseek", "openai", "corp"}
    assert {one.faults[0].site.name for one in unmet if one.faults[0].site.owner == "deepseek"} == {
        "key#2 of deepseek"
    }
    assert all(one.result == matrix.clean[one.streamed] for one in unmet)


@pytest.mark.parametrize("text", [ONE_KEY, SHARED, ONE_ACCOUNT])
def test_what_is_not_run_of_pairs_is_what_it_would_be(text: str) -> None:
    """Some pairs, run by hand, is lost as often as the matrix says."""
    made, pairs = config(text), report(text, FaultDepth.DOUBLE).matrix.pairs
    assert pairs is not None
    runner = FaultRunner(made, made.route())
    minimal = {(one.faults, one.streamed): one.result for one in pairs.minimal}
    singles = {(one.faults[0], one.streamed): one for one in report(text).matrix.singles}
    twos = [
        (one, other, mode)
        for mode in (False, True)
        for one, other in combinations([fault for fault, its in singles if its is mode], 2)
        if are_two(one, other)
    ]

    assert len(twos) == pairs.tried
    for one, other, mode in twos[::29]:
        found = runner.run((one, other), streamed=mode, following=False).first
        alone = singles[one, mode], singles[other, mode]
        # A stream that had begun is lost by policy, and is no loss of these two.
        if found.is_lost and found.stopped_by is not StoppedBy.COMMITTED:
            lost_alone = any(each.result.is_lost for each in alone)
            assert lost_alone or minimal[(one, other), mode] == found
        else:
            assert ((one, other), mode) not in minimal


def test_a_matrix_repeats_itself() -> None:
    made = config(TWO)

    one, other = (fault_matrix(made, made.route(), depth=FaultDepth.SINGLE) for _ in range(2))

    assert (one.singles, one.clean) == (other.singles, other.clean)


def test_no_faults_leave_the_clean_call() -> None:
    matrix = report(TWO, FaultDepth.NONE).matrix

    assert (matrix.singles, matrix.pairs, matrix.is_finished) == ((), None, True)
    assert {one.answered_by for one in matrix.clean.values()} == {"acme/one"}


@pytest.mark.parametrize("depth", [FaultDepth.SINGLE, FaultDepth.DOUBLE])
def test_what_does_not_end_in_its_time_says_so(depth: FaultDepth) -> None:
    made = config(TWO)
    matrix = fault_matrix(made, made.route(), depth=depth, seconds=0.0)

    assert not matrix.is_finished
    assert matrix.clean[False].answered_by == "acme/one"


def test_a_deadline_shorter_than_silence_is_shared() -> None:
    """Of 126 s, 60 s are kept for who stands by, so that it is asked after 66 s."""
    text = TWO + '[policy]\ndeadline = "126s"\n'
    singles = report(text).matrix.singles
    (silent,) = (one for one in singles if (one.name, one.streamed) == ("acme: silent", False))

    assert silent.result.answered_by == "beta/two"
    assert silent.result.seconds == pytest.approx(66.5)


def test_two_silent_targets_are_the_longest_of_pairs() -> None:
    pairs = report(README, FaultDepth.DOUBLE).matrix.pairs

    assert pairs is not None
    assert (pairs.lost, pairs.minimal) == (0, ())
    assert pairs.worst is not None
    assert pairs.worst.name == "deepseek: silent + openai: silent"
    assert pairs.worst.result.seconds == pytest.approx(120 + 120 + 0.5)
    assert pairs.worst.result.answered_by == "corp/llama"


def test_a_single_point_is_not_repeated_by_pairs() -> None:
    text = HEAD + provider("acme", "A", "B") + route("acme/x", "acme/y")
    pairs = report(text, FaultDepth.DOUBLE).matrix.pairs
    assert pairs is not None

    assert {tuple(fault.site.name for fault in one.faults) for one in pairs.minimal} == {
        ("key#1 of acme", "key#2 of acme"),
        ("acme/x", "acme/y"),
    }


def test_one_target_has_no_pairs() -> None:
    pairs = report(ALONE, FaultDepth.DOUBLE).matrix.pairs

    assert pairs is not None
    assert pairs.tried == 0


def test_the_next_call_meets_what_the_first_did_not() -> None:
    """Keys that take turns: the second is asked by the second call alone."""
    turns = provider("acme", "A", "B") + 'strategy = "round_robin"\n'
    text = HEAD + turns + provider("beta") + route("acme/x", "beta/y")
    singles = report(text).matrix.singles
    (found,) = (one for one in singles if (one.name, one.streamed) == ("key#2 of acme: 401", False))

    assert (found.result.requests, found.is_met) == (1, True)
    assert found.following is not None
    assert (found.following.requests, found.following.answered_by) == (2, "acme/x")
