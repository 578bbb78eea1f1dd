"""The bounds say what the policy says, belong to rows that are there, and are kept."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.diagrams.bounds import BOUNDS, BoundSetup, notes, reasons, seconds
from orchestrator.states import Move, Policy, Reason, Send, Target, Wait
from orchestrator.states.table import TABLE
from tests.states.test_invariants import Scene, scenes
from tests.states_strategies import policies

ROUTE = (Target("acme", "one"), Target("bolt", "one"), Target("acme", "two"))


def number(setup: BoundSetup, row: str, words: str) -> int:
    """The number in the bound of ``row`` that ``words`` follow; 0 where it says "no"."""
    text = "; ".join(notes(setup)[row])
    found = re.search(rf"(\d+|no) {words}", text)
    assert found is not None, text
    return 0 if found[1] == "no" else int(found[1])


@settings(max_examples=60)
@given(scene=scenes())
def test_no_call_exceeds_a_bound_that_is_drawn(scene: Scene) -> None:
    pool = {name: len(labels) for name, labels in scene.pools.items()}
    setup = BoundSetup(scene.call.policy, scene.call.route, pool)
    moments = scene.run(forgetful=False)
    last, commands = moments[-1].after.call, [moment.after.command for moment in moments]
    rotated = Counter(
        str(moment.after.call.target) for moment in moments if moment.after.row == "rotated_send"
    )

    assert sum(isinstance(one, Send) for one in commands) <= number(
        setup, "started_send", "attempts?"
    )
    assert sum(isinstance(one, Wait) for one in commands) <= number(setup, "waited_wait", "waits?")
    assert len(last.asked) - 1 <= number(setup, "fallback", "other targets?")
    assert max(moment.after.call.tries for moment in moments) <= number(setup, "retry", "tr(y|ies)")
    assert max(rotated.values(), default=0) <= number(setup, "rotate", "other credentials?")
    assert sum(moment.after.row.endswith("way_back") for moment in moments) <= 1


def test_every_bound_belongs_to_a_guard_or_an_event_of_the_table() -> None:
    places = {row.guard.__name__ if row.guard else row.event.__name__ for row in TABLE}

    assert {bound.at for bound in BOUNDS} <= places
    assert all(bound.meaning.endswith(".") for bound in BOUNDS)


@given(policies())
def test_the_numbers_are_those_of_the_policy(policy: Policy) -> None:
    said = notes(BoundSetup(policy, ROUTE, {"acme": 3}))

    assert f"patience {seconds(policy.patience)}" in said["retry"]
    assert f"deadline {seconds(policy.deadline)}" in said["started_spent"]
    assert f"deadline {seconds(policy.deadline)}" in said["retry_deadline"]
    assert said["committed"][0].startswith(f"on_interrupted = {policy.on_interrupted}")
    assert "at most 2 other targets" in said["billing_fallback"]
    assert "at most 2 other credentials a target" in said["rotate"]
    assert said["answered"] == ()


@given(policies(), st.sampled_from(Move))
def test_a_move_is_listed_for_the_reasons_that_the_policy_gives_it(
    policy: Policy, move: Move
) -> None:
    listed = set(reasons(policy, move))

    assert {reason for reason in Reason if move in policy.on[reason]} <= listed
    extra = listed - {reason for reason in Reason if move in policy.on[reason]}
    assert extra <= ({Reason.BAD_REQUEST} if move is Move.FALLBACK else set())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10.0, "10 s"),
        (0.5, "0.5 s"),
        (60.0, "1 min"),
        (300.0, "5 min"),
        (90.0, "90 s"),
    ],
)
def test_times_are_short_and_exact(value: float, text: str) -> None:
    assert seconds(value) == text
