"""What a batch of steps asks of the server."""

from __future__ import annotations

import math

import attrs
import pytest

from orchestrator.health.records import Changes, Marks
from orchestrator.health.stores.commit_queue import QueuedStep, gather
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
