from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.api.request import Request
from orchestrator.batch.budget import GUESSED_ANSWER, Budget, NoPrice, Rates, tokens_of
from orchestrator.batch.records import NANO
from orchestrator.dialects import Usage
from orchestrator.states import Target

TALK = {"messages": [{"role": "user", "content": "x" * 800}]}


def price(provider: str, model: str, usage: Usage, when: datetime) -> Decimal | None:
    """A dollar for a million tokens asked, two for those said; of ``a`` alone."""
    assert model
    assert when.tzinfo
    if provider != "a":
        return None
    return Decimal(usage.prompt_tokens + 2 * usage.completion_tokens) / 1_000_000


@given(
    limit=st.integers(1, 1_000),
    lines=st.lists(st.tuples(st.integers(1, 100), st.integers(0, 100)), max_size=60),
    at_once=st.integers(1, 8),
)
def test_the_limit_is_never_passed_by_lines_that_cost_no_more_than_they_may(
    limit: int, lines: list[tuple[int, int]], at_once: int
) -> None:
    budget = Budget(limit)
    running: list[tuple[int, int]] = []
    for number, (most, share) in enumerate(lines):
        if len(running) >= at_once:
            budget.settle(*running.pop(0))
        if not budget.reserve(number, most):
            continue
        running.append((number, most * share // 100))
        assert budget.spent + sum(budget.reserved.values()) <= limit
    for number, cost in running:
        budget.settle(number, cost)

    assert budget.spent <= limit
    assert budget.reserved == {}


def test_what_the_dearest_has_cost_is_kept_for_each_that_follows() -> None:
    budget = Budget(100)
    assert budget.reserve(1, 10)
    budget.settle(1, 60)  # a model ran twice for it

    assert not budget.reserve(2, 10)


def test_a_line_without_a_price_counts_as_dear_as_it_may_have_been() -> None:
    budget = Budget(100)
    assert budget.reserve(1, 70)
    budget.settle(1, None)

    assert budget.spent == 70


@pytest.mark.parametrize(("said", "expected"), [({}, GUESSED_ANSWER), ({"max_tokens": 7}, 7)])
def test_the_tokens_of_a_request_are_not_too_low(said: dict[str, int], expected: int) -> None:
    asked, answered = tokens_of(Request(TALK | said))

    assert asked >= 400
    assert answered == expected


def test_a_request_is_as_dear_as_at_its_dearest_target() -> None:
    rates = Rates(price)
    request = Request(TALK | {"max_tokens": 1_000})
    asked, _ = tokens_of(request)

    expected = (asked + 2_000) * NANO // 1_000_000
    assert rates.most(request, [Target("a", "m")]) == expected
    with pytest.raises(NoPrice, match="b/m"):
        rates.most(request, [Target("a", "m"), Target("b", "m")])
