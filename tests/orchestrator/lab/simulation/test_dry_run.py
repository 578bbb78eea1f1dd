"""What the machine would do, for any error over any policy."""

from __future__ import annotations

import attrs
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.loading import loads
from orchestrator.lab.simulation.dry_run import dry_run, scenario
from orchestrator.states import Error, Reason

_REASONS = [reason for reason in Reason if reason not in (Reason.CANCELLED, Reason.DEADLINE)]

CONFIG = loads(
    """
[providers.a]
base_url = "http://h/v1"
credentials = ["env:A_1", "env:A_2", "env:A_3"]
[providers.b]
base_url = "http://i/v1"
[routes]
other = ["b/z"]
default = ["b/x", "a/m", "b/n"]
""",
    {"A_1": "1", "A_2": "2", "A_3": "3"},
)


def test_no_retry_is_foretold_that_the_budget_does_not_pay_for() -> None:
    def tries(budget: int) -> int:
        poor = attrs.evolve(CONFIG, retry_budget=budget)
        asks = dry_run(Error(Reason.SERVER_ERROR, "rule"), scenario(poor, "c"))
        return sum(ask.target == "c/model" for ask in asks)

    assert tries(13) < tries(14)


@given(st.sampled_from(_REASONS), st.none() | st.floats(0, 1000), st.sampled_from(["a", "b", "c"]))
def test_attempts_advance_to_an_end(
    reason: Reason, retry_after: float | None, provider: str
) -> None:
    seen = scenario(CONFIG, provider)
    asks = dry_run(Error(reason, "rule", retry_after=retry_after), seen)

    assert [ask.number for ask in asks] == list(range(1, len(asks) + 1))
    assert asks[0].target.partition("/")[0] == provider
    assert [ask.answers for ask in asks[:-1]] == [False] * (len(asks) - 1)
    assert (asks[-1].next == "succeed") is asks[-1].answers
    assert len(asks) <= seen.policy.max_attempts
    assert sum(ask.wait for ask in asks) <= seen.policy.deadline
    if reason is Reason.BILLING:
        assert [ask.target.startswith(f"{provider}/") for ask in asks].count(True) == 1


def test_each_key_is_tried_where_a_key_is_at_fault() -> None:
    asks = dry_run(Error(Reason.AUTH, "rule"), scenario(CONFIG, "a"))

    assert [(ask.target, ask.credential) for ask in asks] == [
        ("a/m", "key#1"),
        ("a/m", "key#2"),
        ("a/m", "key#3"),
        ("b/n", "anonymous"),
    ]


def test_a_repair_cures() -> None:
    asks = dry_run(Error(Reason.BAD_REQUEST, "rule", repair="temperature"), scenario(None, None))

    assert [(ask.target, ask.next) for ask in asks] == [
        ("provider/model", "repair"),
        ("provider/model", "succeed"),
    ]


def test_a_repair_that_only_the_request_could_confirm_is_not_foretold() -> None:
    error = Error(Reason.BAD_REQUEST, "rule", repair="drop_refused_fields")

    (ask,) = dry_run(error, scenario(None, None))

    assert (ask.answers, ask.next) == (False, "fail_terminal")
