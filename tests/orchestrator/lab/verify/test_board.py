"""What stands by is tied to the keys that are left: no way is shown that no board allows."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest

from orchestrator.lab.verify import Setting, Verdict, verify
from orchestrator.states import Policy, Reason, Target

ROUTE = tuple(Target("acme", model) for model in ("one", "two", "three"))
DIAGNOSED = (Reason.AUTH, Reason.RATE_LIMIT, Reason.FORBIDDEN)
ONE_KEY = Setting(
    ROUTE, {"acme": 1}, Policy(max_attempts=4, attempts_per_target=2), diagnosed=DIAGNOSED
)


def leads_to(verdict: Verdict) -> Mapping[str, tuple[str, ...]]:
    return {one.target: one.reasons for one in verdict.reached[1:]}


def moves(verdict: Verdict) -> set[str]:
    """What every figure of the certificate did about failures: ``auth -> terminal``."""
    return {words for trace in verdict.worst.values() for words in trace.words}


def test_what_takes_the_only_key_leads_to_no_target_that_needs_it() -> None:
    verdict = verify(ONE_KEY, search=True)

    assert verdict.holds
    quoted = {f"{reason} quoted by a relay" for reason in ("auth", "rate_limit")}
    expected = {"forbidden", "rate_limit by model", *quoted}
    assert [set(found) for found in leads_to(verdict).values()] == [expected] * 2


def test_a_refused_key_is_not_waited_for() -> None:
    assert not {
        words for words in moves(verify(ONE_KEY, search=True)) if words.startswith("auth -> retry")
    }


@pytest.mark.parametrize(
    "setting",
    [
        attrs.evolve(ONE_KEY, pool={"acme": 2}),
        attrs.evolve(ONE_KEY, untied=frozenset({"acme"})),
    ],
    ids=["another key", "a key that may be renewed"],
)
def test_where_another_key_may_be_ready_its_targets_are_asked(setting: Setting) -> None:
    assert set(leads_to(verify(setting, search=True))["acme/two"]) == {
        "auth",
        "forbidden",
        "rate_limit",
    }


def test_a_key_of_another_provider_is_none_of_its_business() -> None:
    route = (*ROUTE[:2], Target("beta", "one"))

    found = leads_to(verify(attrs.evolve(ONE_KEY, route=route), search=True))

    assert set(found["beta/one"]) >= {"auth", "forbidden", "rate_limit"}
    assert "auth" not in found["acme/two"]
