"""A caller's timeout that is shorter than an attempt may take leaves every target its turn."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import Response
from orchestrator.ledger import Opened
from orchestrator.sharing import shared
from orchestrator.sim import replies
from states import Target, Timeouts
from tests.acceptance.world import HI, Call, arun, failure, run, world
from tests.orchestrator.drivers.streamed import aread

both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])

limits = st.builds(
    Timeouts,
    connect=st.floats(0.1, 20),
    first_token=st.none() | st.floats(1, 200),
    total=st.floats(1, 400),
)
targets = st.builds(Target, st.sampled_from("abcd"), st.just("m"), timeouts=limits)
routes = st.lists(targets, min_size=1, max_size=4, unique_by=lambda target: target.name)


@given(
    route=routes,
    timeout=st.floats(0.1, 500),
    standing=st.sets(st.sampled_from(["a/m", "b/m", "c/m", "d/m"])),
    reasoning=st.booleans(),
)
def test_limits_only_shrink_and_only_where_they_did_not_fit(
    route: list[Target], timeout: float, standing: set[str], *, reasoning: bool
) -> None:
    mine = shared(route, standing, timeout, reasoning=reasoning)

    assert [target.name for target in mine.route] == [target.name for target in route]
    for before, after in zip(route, mine.route, strict=True):
        assert after.timeouts.total <= before.timeouts.total
        assert after.timeouts.connect <= before.timeouts.connect
        assert (before.timeouts.idle, before.timeouts.stream_total) == (
            after.timeouts.idle,
            after.timeouts.stream_total,
        )
        if before.timeouts.connect + before.timeouts.total > timeout and after == before:
            assert before.name not in mine.shares
        if after != before:
            assert before.name in mine.shares


@given(route=routes, timeout=st.floats(0.1, 500), reasoning=st.booleans())
def test_what_the_targets_may_take_fits_in_the_timeout(
    route: list[Target], timeout: float, *, reasoning: bool
) -> None:
    """Where nobody's own limits fit, all of them hang, and the last one is asked all the same."""
    long = [attrs.evolve(target, timeouts=Timeouts(total=600)) for target in route]
    *first, last = shared(long, {each.name for each in route}, timeout, reasoning=reasoning).route

    assert sum(target.timeouts.total for target in first) < timeout
    assert all(target.timeouts.connect <= target.timeouts.total for target in first)
    assert last == long[-1]


@pytest.mark.parametrize(
    ("first_token", "reasoning", "timeout", "expected"),
    [
        (None, False, 10.0, 5.0),
        (None, False, 60.0, None),  # "auto" is 12 s while others stand by, less than the share
        (None, True, 60.0, 30.0),
        (8.0, True, 60.0, 8.0),
        (40.0, False, 60.0, 30.0),
    ],
)
def test_the_first_word_of_a_stream_has_no_more_than_the_share(
    first_token: float | None, *, reasoning: bool, timeout: float, expected: float | None
) -> None:
    route = [Target(name, "m", timeouts=Timeouts(first_token=first_token)) for name in "ab"]
    first, _ = shared(route, {"a/m", "b/m"}, timeout, reasoning=reasoning).route

    assert first.timeouts.first_token == expected


def test_a_target_that_hangs_leaves_the_fallback_its_turn() -> None:
    scripts = {"a": replies.hang(), "b": replies.ok("rescued")}
    with world(scripts) as (_, orchestrator):
        response = orchestrator.run(HI, timeout=4)

    assert response.text == "rescued"
    first, second = response.attempts
    assert (first.rule, second.rule) == ("timeout.total", None)
    assert first.message is not None
    assert "total = 2 s (its share of timeout = 4 s)" in first.message
    assert first.notes == ("limited to 2 s: its share of timeout=4",)


def test_a_stream_that_hangs_leaves_the_fallback_its_turn() -> None:
    with world({"a": replies.hang(), "b": replies.ok("rescued")}) as (_, orchestrator):
        got = aread(orchestrator, timeout=4)

    assert (got.text, got.rules) == ("rescued", ["timeout.first_token", None])
    assert "its share of timeout = 4 s" in str(got.attempts[0].message)


def totals(response: Response) -> list[float]:
    opened = response.ledger[0]
    assert isinstance(opened, Opened)
    return [target.timeouts.total for target in opened.route]


@both
def test_the_ledger_shows_the_shares(call: Call) -> None:
    with world({name: replies.ok() for name in "abc"}) as (_, orchestrator):
        assert totals(call(orchestrator, timeout=60)) == [20, 20, 120]
        assert totals(call(orchestrator, timeout=125)) == [120, 120, 120]
        assert totals(call(orchestrator)) == [120, 120, 120]


@both
def test_who_cannot_be_asked_takes_no_share(call: Call) -> None:
    scripts = {"a": replies.ok(), "b": replies.ok(), "c": replies.billing_402()}
    with world(scripts) as (_, orchestrator):
        failure(call, orchestrator, route="c/model-of-c")  # it has no money: it is benched

        assert totals(call(orchestrator, timeout=60)) == [30, 120, 120]
