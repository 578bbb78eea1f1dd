"""The difference of two configs, as a call sees it."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.diagrams.bounds import BoundSetup
from orchestrator.lab.diagrams.config_changes import (
    LEGEND,
    ChangeKind,
    ConfiguredMachine,
    config_changes,
)
from orchestrator.lab.diagrams.overlay import Emphasis
from orchestrator.states import DEFAULT_MOVES, Move, Policy, Reason, Target, Timeouts
from tests.orchestrator.lab.diagrams.tables import NAMES
from tests.states_strategies import policies

ONE, TWO = Target("acme", "one"), Target("bolt", "two")
BASE = BoundSetup(Policy(), (ONE, TWO), {"acme": 2, "bolt": 1})

dead = st.frozensets(st.sampled_from(NAMES))


@given(policies(), dead)
def test_a_config_does_not_differ_from_itself(policy: Policy, gone: frozenset[str]) -> None:
    one = ConfiguredMachine(BoundSetup(policy, (ONE, TWO), {"acme": 3}), gone)
    changes = config_changes(one, one)

    assert (changes.settings, changes.rows) == ((), ())
    assert set(changes.marks) == gone


@given(dead, dead)
def test_rows_die_and_come_alive(old: frozenset[str], new: frozenset[str]) -> None:
    changes = config_changes(ConfiguredMachine(BASE, old), ConfiguredMachine(BASE, new))

    kinds = {change.name: change.kind for change in changes.rows}
    assert kinds == dict.fromkeys(old - new, ChangeKind.ADDED) | dict.fromkeys(
        new - old, ChangeKind.REMOVED
    )
    looks = {name: mark.look for name, mark in changes.marks.items()}
    assert {name for name, look in looks.items() if look is Emphasis.DEAD} == old & new
    legend = {look for look, _ in changes.overlay("a").legend}
    assert legend == set(looks.values())
    assert legend <= LEGEND.keys()


@pytest.mark.parametrize(
    ("new", "setting", "what", "row", "bound"),
    [
        (
            attrs.evolve(BASE, policy=Policy(max_attempts=4)),
            "policy.max_attempts",
            "4, was 16",
            "started_send",
            "at most 4 attempts, was 16 attempts",
        ),
        (
            attrs.evolve(BASE, policy=Policy(attempts_per_target=1)),
            "policy.attempts_per_target",
            "1, was 3",
            "retry",
            "at most 1 try a stay, was 3 tries a stay",
        ),
        (
            attrs.evolve(BASE, policy=Policy(patience=60)),
            "policy.patience",
            "1 min, was 10 s",
            "retry",
            "patience 1 min, was 10 s",
        ),
        (
            attrs.evolve(BASE, policy=Policy(deadline=90)),
            "policy.deadline",
            "90 s, was 5 min",
            "spent",
            "deadline 90 s, was 5 min",
        ),
        (
            attrs.evolve(
                BASE, policy=Policy(on={**DEFAULT_MOVES, Reason.AUTH: frozenset({Move.FALLBACK})})
            ),
            "policy.on.auth",
            "fallback; was fallback, rotate",
            "rotate",
            "for 1 reason, was 2 reasons",
        ),
        (
            attrs.evolve(BASE, pool={"acme": 5, "bolt": 1}),
            "providers.acme",
            "5 credentials, was 2",
            "rotate",
            "at most 4 other credentials a target, was 1 other credential a target",
        ),
    ],
)
def test_a_setting_and_the_bound_that_follows_from_it(
    new: BoundSetup, setting: str, what: str, row: str, bound: str
) -> None:
    changes = config_changes(
        ConfiguredMachine(BASE, frozenset()), ConfiguredMachine(new, frozenset())
    )

    assert [(one.name, one.what) for one in changes.settings] == [(setting, (what,))]
    assert bound in next(one.what for one in changes.rows if one.name == row)


def test_what_bounds_a_row_that_is_dead_does_not_matter() -> None:
    fewer = attrs.evolve(BASE, policy=Policy(max_attempts=4))
    gone = frozenset({"started_send", "spent"})
    changes = config_changes(ConfiguredMachine(BASE, gone), ConfiguredMachine(fewer, gone))

    assert not gone & {change.name for change in changes.rows}
    assert changes.marks["spent"].notes == ()


def test_the_route_is_compared() -> None:
    quick = attrs.evolve(ONE, timeouts=Timeouts(total=30.0, first_token=7.0))
    changes = config_changes(
        ConfiguredMachine(BASE, frozenset()),
        ConfiguredMachine(attrs.evolve(BASE, route=(TWO, quick, Target("corp", "x"))), frozenset()),
    )

    assert [(one.kind, one.name, one.what) for one in changes.settings] == [
        (ChangeKind.ADDED, "route: corp/x", ()),
        (ChangeKind.CHANGED, "route", ("order bolt/two, acme/one",)),
        (ChangeKind.CHANGED, "targets.acme/one.timeouts",
         ("first_token 7 s, was auto", "total 30 s, was 2 min")),
    ]  # fmt: skip
