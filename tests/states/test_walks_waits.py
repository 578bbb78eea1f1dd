"""The walks that wait: patience, benches, probes, the way back, the deadline."""

from __future__ import annotations

import pytest

from orchestrator.states import DEFAULT_MOVES, Move, Policy, Reason
from tests.states.walk import Walk

WAITS: dict[str, Walk] = {
    "everything is benched and was asked a moment ago": Walk(
        route=["acme/one", "bolt/one"],
        # Last asked 10 s before the call: the early probe is due 5 s into it, so not yet.
        marks={"acme": "bench 290 billing", "bolt": "bench 290 auth"},
        answers=[],
        path=["started_terminal"],
        cause="billing",
        stopped_by="exhausted",
    ),
    "everything is benched, then a top-up is found by the early probe": Walk(
        route=["acme/one", "bolt/one"],
        marks={"acme": "bench 290 billing -20", "bolt": "bench 290 billing"},
        answers=["ok"],
        path=["started_send@acme/one#1?", "answered"],
    ),
    "everything is benched, and the early probes find it still so": Walk(
        route=["acme/one", "bolt/one"],
        marks={"acme": "bench 290 billing -20", "bolt": "bench 290 billing -20"},
        answers=["billing", "billing"],
        path=[
            "started_send@acme/one#1?",
            "billing_fallback",
            "switched_send@bolt/one#1?",
            "billing_terminal",
        ],
        cause="billing",
        stopped_by="exhausted",
    ),
    "the cause of a primary skipped for its cooldown survives the end of that cooldown": Walk(
        route=["acme/one", "bolt/one"],
        marks={"acme#1": "cooldown 3 rate_limit", "bolt#1": "cooldown 2 rate_limit"},
        answers=["forbidden", "model_not_found"],
        late=1.5,
        path=[
            "started_wait@bolt/one>2",
            "waited_send@bolt/one#1",
            "fallback",
            "switched_send@acme/one#1",
            "terminal",
        ],
        cause="rate_limit",
        stopped_by="exhausted",
    ),
    "a primary that was waited for, and then failed, is its own cause": Walk(
        route=["acme/one", "bolt/one"],
        marks={"acme#1": "cooldown 2 rate_limit", "bolt#1": "cooldown 3 rate_limit"},
        answers=["forbidden"],
        path=[
            "started_wait@acme/one>2",
            "waited_send@acme/one#1",
            "way_back@bolt/one>3",
            "waited_send@bolt/one#1",
            "answered",
        ],
    ),
    "a wait within the patience beats a fallback": Walk(
        route=["acme/one", "bolt/one"],
        answers=["rate_limit 9", "ok"],
        path=[
            "started_send@acme/one#1",
            "retry@acme/one>9.1",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "a wait as long as the patience still does": Walk(
        route=["acme/one", "bolt/one"],
        answers=["rate_limit 10", "ok"],
        path=[
            "started_send@acme/one#1",
            "retry@acme/one>10.1",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "a wait beyond the patience does not": Walk(
        route=["acme/one", "bolt/one"],
        answers=["rate_limit 11", "ok"],
        path=["started_send@acme/one#1", "fallback", "switched_send@bolt/one#1", "answered"],
    ),
    "without a fallback there is patience until the deadline": Walk(
        route=["acme/one"],
        answers=["rate_limit 299", "ok"],
        path=[
            "started_send@acme/one#1",
            "retry@acme/one>299.1",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "a wait that does not fit the deadline is not begun": Walk(
        route=["acme/one"],
        answers=["rate_limit 299.9"],
        path=["started_send@acme/one#1", "terminal"],
        cause="rate_limit",
        stopped_by="exhausted",
    ),
    "a timeout with a fallback is not retried": Walk(
        route=["acme/one", "bolt/one"],
        answers=["timeout", "ok"],
        path=["started_send@acme/one#1", "fallback", "switched_send@bolt/one#1", "answered"],
    ),
    "a timeout that may only be retried is, whoever stands by": Walk(
        route=["acme/one", "bolt/one"],
        answers=["timeout", "ok"],
        policy=Policy(on={**DEFAULT_MOVES, Reason.TIMEOUT: frozenset({Move.RETRY})}),
        path=[
            "started_send@acme/one#1",
            "retry@acme/one>0.6",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "billing that may not fall back ends the call, whoever stands by": Walk(
        route=["acme/one", "bolt/one"],
        answers=["billing"],
        policy=Policy(on={**DEFAULT_MOVES, Reason.BILLING: frozenset()}),
        path=["started_send@acme/one#1", "billing_terminal"],
        cause="billing",
        stopped_by="exhausted",
    ),
    "a timeout without a fallback is retried": Walk(
        route=["acme/one"],
        answers=["timeout", "ok"],
        path=[
            "started_send@acme/one#1",
            "retry@acme/one>0.6",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "a Retry-After is a floor under the backoff, the backoff one under it": Walk(
        route=["acme/one"],
        answers=["overloaded 7", "overloaded 0", "overloaded"],
        path=[
            "started_send@acme/one#1",
            "retry@acme/one>7.1",
            "waited_send@acme/one#1",
            "retry@acme/one>8.2",
            "waited_send@acme/one#1",
            "terminal",
        ],
        cause="overloaded",
        stopped_by="exhausted",
    ),
    "the deadline in the middle of a wait": Walk(
        route=["acme/one"],
        answers=["rate_limit 200"],
        late=150.0,
        path=["started_send@acme/one#1", "retry@acme/one>200.1", "retry_deadline"],
        cause="rate_limit",
        stopped_by="deadline",
    ),
    "the deadline in the middle of the very first wait keeps the remembered cause": Walk(
        route=["acme/one"],
        marks={"acme#1": "cooldown 200 rate_limit"},
        answers=[],
        late=150.0,
        path=["started_wait@acme/one>200", "retry_deadline"],
        cause="rate_limit",
        stopped_by="deadline",
    ),
    "unknown is retried once": Walk(
        route=["acme/one"],
        answers=["unknown"] * 3,
        path=[
            "started_send@acme/one#1",
            "retry@acme/one>0.6",
            "waited_send@acme/one#1",
            "terminal",
        ],
        cause="unknown",
        stopped_by="exhausted",
    ),
    "a probe gets a single try while another target stands by": Walk(
        route=["acme/one", "bolt/one"],
        marks={"acme/one": "circuit 0 overloaded"},
        answers=["overloaded", "ok"],
        path=["started_send@acme/one#1?", "fallback", "switched_send@bolt/one#1", "answered"],
    ),
    "a Retry-After of an overloaded target is a floor under the way back": Walk(
        route=["acme/one", "bolt/one"],
        answers=["overloaded 60", "billing", "ok"],
        path=[
            "started_send@acme/one#1",
            "fallback",
            "switched_send@bolt/one#1",
            "billing_way_back@acme/one>60.1",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "a way back that is due at the deadline is none": Walk(
        route=["acme/one", "bolt/one"],
        answers=["rate_limit 299.9", "forbidden"],
        path=["started_send@acme/one#1", "fallback", "switched_send@bolt/one#1", "terminal"],
        cause="rate_limit",
        stopped_by="exhausted",
    ),
    "the way back is taken once": Walk(
        route=["acme/one", "bolt/one"],
        policy=Policy(attempts_per_target=1),
        answers=["overloaded", "overloaded", "overloaded"],
        path=[
            "started_send@acme/one#1",
            "fallback",
            "switched_send@bolt/one#1",
            "way_back@acme/one>0.7",
            "waited_send@acme/one#1",
            "terminal",
        ],
        cause="overloaded",
        stopped_by="exhausted",
    ),
    "a cooling primary that was passed over is the way back": Walk(
        route=["acme/one", "bolt/one"],
        marks={"acme#1": "cooldown 30 rate_limit"},
        answers=["forbidden", "ok"],
        path=[
            "started_send@bolt/one#1",
            "way_back@acme/one>30",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "a benched primary that was passed over is not": Walk(
        route=["acme/one", "bolt/one"],
        marks={"acme/one": "bench 30 forbidden"},
        answers=["model_not_found"],
        path=["started_send@bolt/one#1", "terminal"],
        cause="forbidden",
        stopped_by="exhausted",
    ),
}

WALKS = WAITS


@pytest.mark.parametrize("name", WALKS)
def test_walk(name: str) -> None:
    walk = WALKS[name]

    assert walk.expected == walk.walked()
