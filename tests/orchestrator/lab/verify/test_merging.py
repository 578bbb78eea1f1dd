"""What is merged makes no difference: the merged search finds what the plain one finds."""

from __future__ import annotations

import attrs
import pytest

from orchestrator.lab.verify import Setting
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.nodes import Key
from orchestrator.lab.verify.search import Search
from orchestrator.states import DEFAULT_MOVES, OnInterrupted, Policy, Reason, Target, step
from orchestrator.states.reasons import Move
from tests.slow import slow_but

A, B, C = Target("acme", "one"), Target("beta", "one"), Target("corp", "one")
B2, B3 = Target("beta", "two"), Target("beta", "three")
TWICE = Policy(max_attempts=3, attempts_per_target=2)
SOME = (
    Reason.BILLING, Reason.RATE_LIMIT, Reason.AUTH, Reason.OVERLOADED, Reason.TIMEOUT,
    Reason.INVALID_RESPONSE, Reason.BAD_REQUEST, Reason.UNKNOWN,
)  # fmt: skip


def small(*route: Target, policy: Policy = TWICE, keys: int = 1, streamed: bool = False) -> Setting:
    pool = {target.provider: keys for target in route}
    return Setting(route, pool, policy, streamed=streamed, diagnosed=SOME)


SETTINGS = {
    "one target": small(A, keys=3),
    "two keys each": small(A, B, keys=2),
    "two models of a provider, streamed": small(A, Target("acme", "two"), keys=2, streamed=True),
    "a patience within the backoff": small(A, B, policy=attrs.evolve(TWICE, patience=0.3)),
    "a patience past the deadline": small(
        A, B, policy=attrs.evolve(TWICE, patience=200.0, deadline=130.0)
    ),
    "a deadline within a backoff": small(
        A, B, policy=Policy(max_attempts=3, attempts_per_target=3, deadline=1.0, patience=0.2)
    ),
    "a deadline that is mostly kept back": small(
        A, B, policy=Policy(max_attempts=3, attempts_per_target=3, deadline=3.0, patience=1.2)
    ),
    "nothing kept back": small(
        A,
        B,
        policy=Policy(
            max_attempts=3,
            attempts_per_target=2,
            deadline=0.9,
            on={**DEFAULT_MOVES, Reason.TIMEOUT: frozenset({Move.RETRY})},
        ),
    ),
    "quoted failures that may be retried": small(
        A,
        B,
        policy=attrs.evolve(
            TWICE, on={**DEFAULT_MOVES, Reason.AUTH: frozenset({Move.RETRY, Move.FALLBACK})}
        ),
        keys=2,
    ),
    "streams that go on": small(
        A, B, policy=attrs.evolve(TWICE, on_interrupted=OnInterrupted.CONTINUE), streamed=True
    ),
    "known contexts": attrs.evolve(
        small(attrs.evolve(A, context=100), attrs.evolve(B, context=1000)),
        diagnosed=(*SOME, Reason.CONTEXT_OVERFLOW),
    ),
    "two repairs": attrs.evolve(small(A, B), repairs=2),
    "no fallback on overload": small(
        A,
        B,
        policy=attrs.evolve(
            TWICE, on={**DEFAULT_MOVES, Reason.OVERLOADED: frozenset({Move.RETRY, Move.ROTATE})}
        ),
        keys=2,
    ),
    "three alike": attrs.evolve(
        small(A, B, C), diagnosed=(Reason.BILLING, Reason.OVERLOADED, Reason.AUTH)
    ),
    "siblings with one key": attrs.evolve(
        small(A, B, B2), diagnosed=(Reason.BILLING, Reason.RATE_LIMIT, Reason.AUTH)
    ),
    "siblings with two keys": attrs.evolve(
        small(A, B, B2, keys=2), diagnosed=(Reason.RATE_LIMIT, Reason.BILLING)
    ),
    "nothing but siblings": attrs.evolve(
        small(B, B2, B3), diagnosed=(Reason.OVERLOADED, Reason.RATE_LIMIT, Reason.AUTH)
    ),
    "siblings whose key may be renewed": attrs.evolve(
        small(B, B2, policy=TWICE), untied=frozenset({"beta"})
    ),
}


def found(graph: Graph, search: Search) -> dict[Key, int]:
    """Each node with the counters it is reached with."""
    return {graph.keys[node]: bits for (node, _), bits in search.reached.items()}


QUICK = {"one target"}
SLOW = {"siblings with one key"}
NIGHT = SETTINGS.keys() - QUICK - SLOW
"""Those that take 10 s and more."""

WHY = "two whole searches of a setting, 5 s"


@pytest.mark.parametrize("name", slow_but(QUICK, SETTINGS, WHY, night=NIGHT))
def test_the_merged_search_reaches_the_plain_ones_nodes_with_the_same_counters(name: str) -> None:
    merged, plain = (Graph(SETTINGS[name], step, merged=one) for one in (True, False))
    fewer, more = Search(merged).run(), Search(plain).run()

    expected: dict[Key, int] = {}
    for key, bits in found(plain, more).items():
        same = key if key[0].final else merged.nodes.encode(plain.nodes.decode(key))[0]
        expected[same] = expected.get(same, 0) | bits

    assert found(merged, fewer) == expected
    assert len(merged.keys) < len(plain.keys)
    assert fewer.rows.keys() == more.rows.keys()
    assert not fewer.broken
    assert not more.broken
