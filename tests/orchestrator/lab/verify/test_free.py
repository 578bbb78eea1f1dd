"""What a setting that stands for many assumes of the machine: each assumption, held."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import Any

import attrs
import pytest

from orchestrator import states
from orchestrator.classification.rule_books import vendor_rules
from orchestrator.classification.rules import COVERS, GENERAL, repairs, transport
from orchestrator.lab.verify.board import Observed
from orchestrator.lab.verify.choices import Choices
from orchestrator.lab.verify.properties import OpenMove
from orchestrator.lab.verify.setting import SINGULAR
from orchestrator.lab.verify.universal import FreeContext, FreeSetting, Shape, free_setting
from orchestrator.lab.verify.universal_graph import FreeGraph, UniversalSearch
from orchestrator.states import (
    Call,
    Diagnosed,
    Error,
    OnInterrupted,
    Reason,
    Standby,
    Step,
    Switch,
    Target,
    Timeouts,
    step,
)
from orchestrator.states.reasons import SPECS, Move
from tests.slow import nightly

BRIEF = Timeouts(connect=0.2, first_token=0.3, total=0.4, idle=0.1, stream_total=0.9)

LENGTHS: dict[str, tuple[dict[str, Any], Timeouts]] = {
    "an hour": ({"deadline": 3600.0, "patience": 100.0}, Timeouts()),
    "seconds": ({"deadline": 7.0, "patience": 1.5}, Timeouts(total=3.0, stream_total=5.0)),
    "less than a backoff": ({"deadline": 0.5, "patience": 0.1}, BRIEF),
    "no patience": ({"deadline": 300.0, "patience": 0.0}, Timeouts()),
    "patience past the deadline": ({"deadline": 20.0, "patience": 30.0}, Timeouts()),
}


@pytest.mark.parametrize(
    ("shape", "lengths"),
    [
        *(((1,), name) for name in LENGTHS),
        *(pytest.param((1, 1), name, marks=nightly("searches of two targets")) for name in LENGTHS),
    ],
)
def test_no_length_of_time_leads_a_call_to_where_others_do_not(shape: Shape, lengths: str) -> None:
    policy, timeouts = LENGTHS[lengths]
    common = free_setting(shape, OnInterrupted.CONTINUE)
    # The nodes hold no instant, so they are the same of settings that differ in lengths alone.
    other = attrs.evolve(
        common,
        policy=attrs.evolve(common.policy, **policy),
        route=tuple(attrs.evolve(target, timeouts=timeouts) for target in common.route),
    )

    assert reached(other) <= reached_in_common(shape)


@functools.cache
def reached_in_common(shape: Shape) -> set[object]:
    return reached(free_setting(shape, OnInterrupted.CONTINUE))


def reached(setting: FreeSetting) -> set[object]:
    graph = FreeGraph(setting, step)
    assert not UniversalSearch(graph).run().broken
    return set(graph.keys)


def test_a_reason_that_the_machine_calls_by_name_is_told_apart() -> None:
    folder = Path(str(states.__file__)).parent
    trees = [ast.parse(path.read_text()) for path in folder.glob("*.py")
             if path.name != "reasons.py"]  # fmt: skip
    named = {
        Reason[one.attr]
        for tree in trees
        for one in ast.walk(tree)
        if isinstance(one, ast.Attribute)
        and isinstance(one.value, ast.Name)
        and one.value.id == "Reason"
    }
    free = free_setting((1,), OnInterrupted.FAIL)
    apart = {kind.reason for kind in free.kinds if not (kind.empty or kind.quoted)}
    throttled = {reason for reason, spec in SPECS.items() if spec.throttles}

    assert Reason.BILLING in named
    assert {one for one in named if not SPECS[one].ours} | throttled <= SINGULAR
    assert apart >= SINGULAR


def test_what_names_a_repair_is_of_no_reason_that_the_machine_calls_by_name() -> None:
    rules = (*GENERAL, *COVERS, *transport.RULES, *repairs.CURES, *vendor_rules())
    repaired = {rule.reason for rule in rules if rule.repair is not None}

    assert Reason.BAD_REQUEST in repaired
    assert not repaired & SINGULAR


def test_a_free_context_is_as_free_whichever_way_it_is_compared() -> None:
    one, other = FreeContext(1), FreeContext(1)
    choices = one.choices = other.choices = Choices()
    found = set()
    while True:
        choices.begin((0, 0), (0, 0))
        larger = one > other
        assert (other < one, one <= other, other >= one) == (larger, not larger, not larger)
        found.add(larger)
        if not choices.next():
            break

    assert found == {True, False}


def test_what_is_permitted_is_no_word_of_the_call() -> None:
    here, there = Target("a", "1"), Target("b", "1")
    before = Call((here, there), target=here, asked=frozenset({"a/1"}))
    error = Error(Reason.AUTH, "rule", quoted=True)
    # A call that has forgotten its error allows everything.
    after = Step(before, Switch((there,)), "fallback")
    move = OpenMove(
        before, Diagnosed(0.0, error, Standby()), after, Observed(), Choices(), spent=False
    )

    assert after.call.allowed == frozenset(Move)
    assert move.permitted == before.policy.on[Reason.AUTH] - {Move.ROTATE} != frozenset()
