"""A step that is spared leads where the step would have led."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import attrs
import pytest

from orchestrator.lab.verify import Setting, verify
from orchestrator.lab.verify.footprint import Footprints, changes, watch
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.nodes import Key
from orchestrator.lab.verify.search import Search
from orchestrator.states import TABLE, Call, Policy, Target, step
from orchestrator.states.events import Diagnosed
from tests.orchestrator.lab.verify import faults
from tests.slow import slow_but


class NoFootprints(Footprints):
    """Remembers nothing, so that every step is made."""

    def find(self, event: Hashable, call: Call) -> Any:  # noqa: ARG002 - as footprints
        return None


Found = dict[Key, set[tuple[Any, ...]]]


def edges(graph: Graph) -> Found:
    """Every edge of every node that is reached, by where it leads and what it does."""
    search = Search(graph).run()
    found: Found = {}
    for node, _ in search.reached:
        found[graph.keys[node]] = {
            (
                edge.move.row,
                graph.keys[edge.to] if edge.to >= 0 else None,
                edge.order,
                edge.move.number,
                edge.move.waits,
                edge.move.seconds,
                edge.move.switched,
            )
            for edge in graph.edges(node)
        }
    return found


@pytest.mark.parametrize(
    "merged",
    slow_but([True], [True, False], "a plain search twice, step by step", night=[False]),
)
def test_every_step_that_is_spared_would_have_led_to_the_same(*, merged: bool) -> None:
    setting = faults.setting(streamed=merged)
    spared, every = (Graph(setting, step, merged=merged) for _ in range(2))
    every.footprints = NoFootprints()

    assert edges(spared) == edges(every)
    assert spared.steps < every.steps * 2 / 3


def test_a_look_is_noted_once_and_what_is_set_without_a_look_counts() -> None:
    call = Call((faults.ONE, faults.TWO), Policy(), tries=1, target=faults.ONE)
    watched, looked = watch(call, number=0, waits=0)
    after = watched.copy()

    assert (after.tries, after.tries, after.probe) == (1, 1, False)
    after.tries, after.went_back = 1, False

    assert looked == {"tries": 1, "probe": False}
    # ``tries`` was looked at, so that another call's is the same.
    assert changes(after).keys() == {"state", "stopped_by", "went_back"}


def test_what_was_used_at_a_target_is_looked_at_by_itself() -> None:
    call = Call((faults.ONE, faults.TWO), used=frozenset({("acme/one", "key#1")}))
    watched, looked = watch(call, number=0, waits=0)

    assert watched.used_at(faults.TWO) == frozenset()
    assert looked == {("used_at", "beta/two"): frozenset()}


def test_a_guard_that_is_not_pure_is_refused() -> None:
    moods = iter([True, False] * 10_000)

    def moody(call: Call, event: Diagnosed) -> bool:  # noqa: ARG001 - as a guard
        return call.went_back if next(moods) else call.probe

    table = [attrs.evolve(row, guard=moody) if row.name == "spent" else row for row in TABLE]
    with pytest.raises(RuntimeError, match="is not pure: it looked at "):
        verify(Setting((Target("a", "m"),), {}, faults.SMALL), table)
