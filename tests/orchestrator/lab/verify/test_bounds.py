"""What is computed of a config without a search is never less than what a search finds."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest

from orchestrator.lab.verify import Setting, Verdict, verify
from orchestrator.lab.verify.bounds import bounds, leads, unreachable
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.properties import SHADOWED
from orchestrator.lab.verify.verdict import as_mapping
from orchestrator.lab.verify.violations import falls
from orchestrator.states import DEFAULT_MOVES, OnInterrupted, Policy, Reason, Target, step
from orchestrator.states.reasons import Move
from tests.slow import slow_but

A, A2, B = Target("acme", "one"), Target("acme", "two"), Target("beta", "one")
SMALL, LARGE = Target("corp", "small", context=10), Target("dune", "large", context=99)
SOME = (Reason.BILLING, Reason.RATE_LIMIT, Reason.AUTH, Reason.BAD_REQUEST, Reason.UNKNOWN)
POLICY = Policy(attempts_per_target=2)


def setting(
    *route: Target, keys: int = 1, policy: Policy = POLICY, diagnosed: tuple[Reason, ...] = SOME
) -> Setting:
    pool = {target.provider: keys for target in route}
    return Setting(route, pool, policy, diagnosed=diagnosed)


ONLY_BILLING = dict.fromkeys(DEFAULT_MOVES, frozenset[Move]())
ONLY_BILLING[Reason.BILLING] = frozenset({Move.FALLBACK})

SETTINGS = {
    "alone": setting(A),
    "alone with keys": setting(A, keys=3),
    "two": setting(A, B),
    "two with keys": setting(A, B, keys=2),
    "siblings with one key": setting(A, A2),
    "siblings before another": setting(A, A2, B),
    "few attempts": setting(A, B, keys=2, policy=attrs.evolve(POLICY, max_attempts=3)),
    "one attempt": setting(A, B, policy=attrs.evolve(POLICY, max_attempts=1)),
    "no repairs": attrs.evolve(setting(A, B, keys=2), repairs=0),
    "streams that go on": setting(
        A, policy=attrs.evolve(POLICY, on_interrupted=OnInterrupted.CONTINUE)
    ),
    "no rotation": setting(
        A, keys=3, policy=attrs.evolve(POLICY, on={Reason.UNKNOWN: frozenset({Move.RETRY})})
    ),
    "a sibling that only billing would lead to": setting(
        A, A2, policy=attrs.evolve(POLICY, on=ONLY_BILLING)
    ),
    "smaller and larger": setting(
        LARGE, SMALL, diagnosed=(Reason.CONTEXT_OVERFLOW, Reason.OVERLOADED)
    ),
    "nothing leads to what is smaller": setting(LARGE, SMALL, diagnosed=(Reason.CONTEXT_OVERFLOW,)),
}
QUICK = {"alone", "one attempt", "nothing leads to what is smaller"}
EXACT = set(SETTINGS) - {
    "nothing leads to what is smaller",
    "smaller and larger",
    "a sibling that only billing would lead to",
    "no rotation",
}
"""Those whose attempts are met to the one: of the others a policy or a context forbids some moves
that are counted all the same."""

CASES = slow_but(QUICK, SETTINGS, "a search of a whole setting")


def searched(name: str) -> Verdict:
    return verify(SETTINGS[name], search=True)


@pytest.mark.parametrize("name", CASES)
def test_what_a_search_finds_is_within_the_bounds_and_who_is_reached_is_the_same(name: str) -> None:
    found, setting = searched(name), SETTINGS[name]
    assert found.certificate is not None
    computed = bounds(setting)

    for one, other in zip(computed.figures, found.certificate.figures, strict=True):
        assert one.value >= other.value, one.name
    if name in EXACT:
        assert computed.attempts.value == found.certificate.attempts.value
    assert computed.stream_seconds == found.certificate.stream_seconds
    assert reasons_without_search(setting) == {
        one.target: set(one.reasons) for one in found.reached[1:]
    }
    passed = set(unreachable(setting))
    assert {one.name for one in found.violations} == ({SHADOWED} if passed else set())
    graph = Graph(setting, step, merged=True)
    for place in range(1, len(setting.route)):
        assert (falls(graph, place).most(1)[0] == 0) == (place in passed)


def reasons_without_search(setting: Setting) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for place, target in enumerate(setting.route[1:], start=1):
        kinds = [kind for kind in setting.kinds if leads(setting, kind, place)]
        plain = {str(kind.reason) for kind in kinds if not (kind.quoted or kind.by_model)}
        found[str(target)] = plain | {
            f"{kind.reason} {'by model' if kind.by_model else 'quoted by a relay'}"
            for kind in kinds
            if str(kind.reason) not in plain
        }
    return found


def test_a_verdict_without_a_search_says_what_it_rests_on() -> None:
    verdict = verify(SETTINGS["siblings before another"])

    assert verdict.holds
    found = as_mapping(verdict)
    assert found["basis"] == ("proved" if verdict.proof else "searched")
