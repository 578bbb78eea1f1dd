"""What a batch of steps asks of the server."""

from __future__ import annotations

import math
import threading

import attrs
import pytest

from orchestrator.health.records import Changes, Marks
from orchestrator.health.stores.commit_queue import QueuedStep, StoredAnswer, gather
from orchestrator.health.stores.marks_view import MarksView
from tests.orchestrator.health.stores.test_marks_view import COUNTER, spent


@attrs.frozen
class Outcome:
    changes: Changes


@pytest.mark.parametrize("budget", [100, 2000])
def test_no_more_is_spent_than_the_budget_of_who_spends(budget: int) -> None:
    record = spent(14)
    assert record is not None
    step = QueuedStep(lambda _: Outcome({COUNTER: attrs.evolve(record, budget=budget)}), math.inf)

    addition = gather(MarksView(Marks()), [step]).additions[COUNTER]

    assert (addition.delta, addition.most) == (14, budget)


def test_an_answer_is_had_by_the_thread_that_waits_for_it() -> None:
    answer = StoredAnswer()
    threading.Timer(0.01, lambda: answer.set_result("told")).start()

    assert answer.result(60) == "told"
    assert answer.done()
    assert answer.result() == "told"


def test_who_waits_no_longer_is_told_so_and_a_step_that_raised_raises() -> None:
    answer = StoredAnswer()
    with pytest.raises(TimeoutError):
        answer.result(0.001)

    answer.set_exception(KeyError("the step's own"))

    with pytest.raises(KeyError, match="the step's own"):
        answer.result()


@pytest.mark.parametrize("is_told_before", [True, False])
def test_a_task_is_woken_whenever_it_is_told(*, is_told_before: bool) -> None:
    answer, woken = StoredAnswer(), list[bool]()
    if is_told_before:
        answer.set_result(None)
    answer.call_when_done(lambda: woken.append(answer.done()))
    if not is_told_before:
        answer.set_result(None)

    assert woken == [True]
