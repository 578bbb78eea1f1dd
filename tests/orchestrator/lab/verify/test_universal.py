"""One setting stands for all of its shape: no call of theirs is where it was not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import attrs
import pytest

from orchestrator.lab.verify import Setting
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.nodes import CAUSE, EARLIER, PASSED, Key
from orchestrator.lab.verify.search import Search
from orchestrator.lab.verify.setting import ErrorKind
from orchestrator.lab.verify.universal import (
    TRIES,
    FreeKind,
    FreeSetting,
    Shape,
    free_setting,
    shapes,
)
from orchestrator.lab.verify.universal_graph import FreeGraph, UniversalSearch
from orchestrator.states import (
    DEFAULT_MOVES,
    STATES,
    TABLE,
    Call,
    Error,
    OnInterrupted,
    Policy,
    Reason,
    Row,
    Target,
    step,
)
from orchestrator.states.machine import build
from orchestrator.states.reasons import Move
from orchestrator.states.table import Entry
from tests.orchestrator.lab.verify import faults
from tests.slow import nightly, slow

ONE, TWO, SIBLING = Target("a", "1"), Target("b", "1"), Target("a", "2")


def shape_of(route: Sequence[Target]) -> Shape:
    """The shape of a route; the order of the other targets makes no difference to a search."""
    providers = [target.provider for target in route]
    first = providers[0]
    others = {name: providers.count(name) for name in providers if name != first}
    return (providers.count(first), *sorted(others.values(), reverse=True))


@pytest.mark.parametrize("targets", range(1, 7))
def test_every_route_has_one_of_the_shapes(targets: int) -> None:
    routes = itertools.product("abcdef"[:targets], repeat=targets)
    found = {
        shape_of([Target(name, str(place)) for place, name in enumerate(route)]) for route in routes
    }

    assert found == set(shapes(targets))
    assert len(found) == len(list(shapes(targets)))


POLICIES = {
    "two tries": Policy(max_attempts=4, attempts_per_target=2),
    "one try": Policy(max_attempts=3, attempts_per_target=1),
    "four tries": Policy(max_attempts=6, attempts_per_target=4, patience=0.3),
    "little time": Policy(max_attempts=4, attempts_per_target=2, deadline=3.0, patience=1.2),
    "other moves": Policy(
        max_attempts=4,
        attempts_per_target=2,
        on={
            **DEFAULT_MOVES,
            Reason.AUTH: frozenset({Move.RETRY}),
            Reason.CONTENT_POLICY: frozenset({Move.FALLBACK}),
            Reason.TIMEOUT: frozenset({Move.RETRY}),
        },
    ),
    "streams that go on": Policy(
        max_attempts=3, attempts_per_target=2, on_interrupted=OnInterrupted.CONTINUE
    ),
}
SOME = (
    Reason.BILLING, Reason.RATE_LIMIT, Reason.AUTH, Reason.OVERLOADED, Reason.TIMEOUT,
    Reason.INVALID_RESPONSE, Reason.BAD_REQUEST, Reason.UNKNOWN, Reason.CONTENT_POLICY,
)  # fmt: skip
CASES = [
    *((name, (ONE,), 3) for name in POLICIES),
    ("two tries", (ONE, TWO), 1),
    ("other moves", (ONE, TWO), 2),
    ("streams that go on", (ONE, SIBLING), 1),
]
QUICK = CASES[:2]
NIGHT = [case for case in CASES if len(case[1]) > 1 or case[0] in ("four tries", "other moves")]
"""Take 5 s to 20 s each; the proof that ships has more."""

WHY = "two whole searches of a setting"


@pytest.mark.parametrize(
    ("policy", "route", "keys"),
    [
        pytest.param(
            *case, marks=() if case in QUICK else nightly(WHY) if case in NIGHT else slow(WHY)
        )
        for case in CASES
    ],
)
def test_no_call_of_a_config_is_where_the_one_that_stands_for_it_was_not(
    policy: str, route: Sequence[Target], keys: int
) -> None:
    setting = Setting(
        tuple(route),
        {target.provider: keys for target in route},
        POLICIES[policy],
        repairs=2,
        diagnosed=SOME,
    )
    plain = Graph(setting, step, merged=False)
    graph = FreeGraph(stands_for(setting), step)
    assert not UniversalSearch(graph).run().broken

    for node, _ in Search(plain).run().reached:
        key = plain.keys[node]
        assert free_key(plain, graph, key) in graph.keys, key


def stands_for(setting: Setting) -> FreeSetting:
    free = free_setting(shape_of(setting.route), setting.policy.on_interrupted)
    return attrs.evolve(free, route=setting.route)


def free_key(plain: Graph, graph: FreeGraph, key: Key) -> Key:
    """The node of the setting that stands for all, of a node of one of them."""
    if key[0].final:
        return key
    call = plain.nodes.decode(key).copy()
    limit = call.policy.attempts_per_target
    call.error = free_error(plain, graph, call)
    call.policy = graph.setting.policy
    if call.tries:
        call.tries = TRIES if call.tries == limit else min(call.tries, 2)
    return graph.nodes.encode(call)[0]


def free_error(plain: Graph, graph: FreeGraph, call: Call) -> Error | None:
    error = call.error
    if error is None or error in (CAUSE, EARLIER, PASSED):
        return error
    kind = plain.nodes.classes[plain.nodes.class_of(error)].first
    rule = free_kind(kind, plain.setting.policy, first=len(call.asked) <= 1).error().rule
    return next(one for one in graph.nodes.errors if one.rule == rule)


def free_kind(kind: ErrorKind, policy: Policy, *, first: bool) -> FreeKind:
    """The kind that stands for another one, under a policy."""
    named = (Reason.BILLING, Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.TIMEOUT, Reason.UNKNOWN)
    reason = kind.reason
    if kind.empty or (kind.quoted and reason is not Reason.BILLING):
        reason = kind.reason
    elif reason not in named:
        reason = Reason.BAD_REQUEST if kind.repair else Reason.SERVER_ERROR
    return FreeKind(
        reason,
        2 if kind.repair else 0,
        empty=kind.empty,
        quoted=kind.quoted,
        allowed=kind.moves(policy, first_target=first),
    )


PLANTED: dict[str, tuple[str, Sequence[Row], Sequence[Entry]]] = {
    "billing below rotation": (
        "billing bypasses the pool", faults.moved(faults.BILLING_ROWS, below="terminal"), STATES,
    ),
    "a retry without a bound": (
        "tries are bounded", faults.changed("retry", guard=faults.always_retry), STATES,
    ),
    "an attempt too many": (
        "attempts are bounded", faults.without("spent"), STATES,
    ),
    "a fallback to whoever stands by": (
        "a target is asked once",
        faults.changed("fallback", guard=faults.something_stands_by),
        STATES,
    ),
    "a retry at a slow target": (
        "who fails slowly is left while a fallback stands by",
        faults.changed("retry", guard=faults.retry_whoever_is_slow),
        STATES,
    ),
}  # fmt: skip


QUICK_FAULT = "a retry without a bound"
SEARCH = "the search of two targets; `make faults` plants others, and asks for the whole verdict"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=() if name == QUICK_FAULT else nightly(SEARCH),
        )
        for name in PLANTED
    ],
)
def test_a_planted_fault_breaks_the_proof(name: str) -> None:
    broken, table, entries = PLANTED[name]
    shape = (1,) if name == QUICK_FAULT else (1, 1)
    graph = FreeGraph(free_setting(shape, OnInterrupted.FAIL), build(table, entries))

    found = {one.name: one for one in UniversalSearch(graph).run().broken}

    assert broken in found
    assert found[broken].rows[0].startswith("started_")


@pytest.mark.parametrize(
    "shape",
    [(1,), *(pytest.param(shape, marks=nightly("as the proof did")) for shape in shapes(2))],
)
def test_what_ships_is_proved_again(shape: tuple[int, ...]) -> None:
    for policy in OnInterrupted:
        found = UniversalSearch(FreeGraph(free_setting(shape, policy), step)).run()
        assert not found.broken
        assert found.nodes > 40


def test_a_guard_that_compares_the_number_of_attempts_is_no_part_of_a_proof() -> None:
    def counted(call: Call, event: object) -> bool:  # noqa: ARG001 - as a guard
        return call.number > 3

    table = [attrs.evolve(row, guard=counted) if row.name == "spent" else row for row in TABLE]
    graph = FreeGraph(free_setting((1,), OnInterrupted.FAIL), build(table))

    (found,) = UniversalSearch(graph).run().broken
    assert "compares the number of attempts" in found.what
