"""What the model tells, read as the states of the search."""

from __future__ import annotations

import pytest

from orchestrator.lab.verify import Setting
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.nodes import MARKED, NONE, Slot
from orchestrator.states.call import State
from orchestrator.states.commands import StoppedBy
from orchestrator.states.facts import Target
from orchestrator.states.machine import step
from verification.promela.vectors import FIELDS, TARGET_FIELDS, described, expression, reached

SETTING = Setting((Target("a", "x", context=9), Target("b", "y", context=5)), {"a": 2})
NOWHERE, EARLIER = len(SETTING.route), len(SETTING.kinds) + 1


def told(*targets: tuple[int, ...], **values: int) -> tuple[int, ...]:
    empty = (0,) * len(TARGET_FIELDS)
    rest = [*targets, *[empty] * (len(SETTING.route) - len(targets))]
    values = {"here": NOWHERE} | values
    return (*(values.get(name, 0) for name in FIELDS), *(one for slot in rest for one in slot))


def place(state: State) -> int:
    return list(State).index(state)


def test_the_first_state_is_where_the_search_begins() -> None:
    graph = Graph(SETTING, step, merged=False)

    assert reached(SETTING, told(only_empty=1)) == (graph.keys[graph.start], 0, 0)


def test_every_fact_is_read() -> None:
    vector = told(
        (1, 0, 1, 1, 2, 1), (0, 1, 0, 0, 0, 0),
        state=place(State.RETRY), number=3, waits=2, tries=1, here=0, went_back=1, committed=1,
        tool_call=1, cause=1, error=4, passed_over=1, probe=1, kept_waiting=1,
        only_empty=1, too_small=2,
    )  # fmt: skip

    assert reached(SETTING, vector) == (
        (
            State.RETRY, 1, True, True, True, MARKED, 3, MARKED, True, True, True, 9,
            (
                Slot(True, True, False, True, True, 2, 1),
                Slot(False, False, True, False, False, 0, 0),
            ),
        ), 3, 2,
    )  # fmt: skip


@pytest.mark.parametrize(("number", "node"), [(0, NONE), (1, 0), (EARLIER, MARKED)])
def test_the_class_of_the_error(number: int, node: int) -> None:
    key, _, _ = reached(SETTING, told(state=place(State.ATTEMPT), error=number))

    assert key[6] == node


@pytest.mark.parametrize("stopped", [None, *StoppedBy])
def test_of_an_ended_call_only_how_it_ended_is_read(stopped: StoppedBy | None) -> None:
    order = ("exhausted", "attempts", "deadline", "cancelled", "committed")
    number = 0 if stopped is None else 1 + order.index(stopped)

    found = reached(SETTING, told(state=place(State.FAIL_TERMINAL), number=2, stopped_by=number))

    assert found == ((State.FAIL_TERMINAL, stopped), 2, 0)


def test_an_expression_names_every_number() -> None:
    text = expression(told((1, 0, 0, 0, 2, 0), state=1, number=3, here=0))

    assert text.startswith("(state == 1 && number == 3 && waits == 0")
    assert "&& asked[0] == 1 &&" in text
    assert "&& used[0] == 2 &&" in text
    assert text.endswith("repaired[1] == 0)")
    assert text.count("==") == len(FIELDS) + 2 * len(TARGET_FIELDS)


def test_a_state_is_described_in_one_line() -> None:
    vector = told((1, 0, 0, 0, 2, 0), state=place(State.RETRY), number=2, waits=1, here=0, error=1)

    assert described(SETTING, reached(SETTING, vector)) == (
        f"retry, attempt 2, 1 waits, 0 tries, error {SETTING.kinds[0].name}; "
        "a/x here asked 2 keys used; b/y untouched"
    )
