"""The walks through a credential pool, and past it where the account has no money."""

from __future__ import annotations

import pytest

from orchestrator.states import Move, Policy, Reason
from tests.states.walk import Walk, allowing

BILLING: dict[str, Walk] = {
    "a fallback of the same provider is passed over": Walk(
        route=["acme/one", "acme/two", "bolt/one"],
        pools={"acme": 2},
        answers=["billing", "ok"],
        path=[
            "started_send@acme/one#1",
            "billing_fallback",
            "switched_send@bolt/one#1",
            "answered",
        ],
    ),
    "a fallback of the same provider is all there is": Walk(
        route=["acme/one", "acme/two"],
        answers=["billing"],
        path=["started_send@acme/one#1", "billing_terminal"],
        cause="billing",
        stopped_by="exhausted",
    ),
    "a cooldown that ends soon at the broke provider is not waited for": Walk(
        route=["acme/one", "bolt/one"],
        pools={"acme": 2},
        marks={"acme#2": "cooldown 1 rate_limit", "bolt": "bench 290 billing"},
        answers=["billing"],
        path=["started_send@acme/one#1", "billing_terminal"],
        cause="billing",
        stopped_by="exhausted",
    ),
    "billing of one key or one model only: the call bypasses the rest all the same": Walk(
        route=["acme/one", "acme/two", "bolt/one", "bolt/two", "corp/one"],
        pools={"acme": 3},
        answers=["billing scope:key", "billing scope:model", "ok"],
        path=[
            "started_send@acme/one#1",
            "billing_fallback",
            "switched_send@bolt/one#1",
            "billing_fallback",
            "switched_send@corp/one#1",
            "answered",
        ],
    ),
    "everything answers 402": Walk(
        route=["acme/one", "bolt/one", "corp/one"],
        answers=["billing", "billing", "billing"],
        path=[
            "started_send@acme/one#1",
            "billing_fallback",
            "switched_send@bolt/one#1",
            "billing_fallback",
            "switched_send@corp/one#1",
            "billing_terminal",
        ],
        cause="billing",
        stopped_by="exhausted",
    ),
    "throttled primary, broke fallback, way back": Walk(
        route=["acme/one", "bolt/one"],
        answers=["rate_limit 60", "billing", "ok"],
        path=[
            "started_send@acme/one#1",
            "fallback",
            "switched_send@bolt/one#1",
            "billing_way_back@acme/one>60.1",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "broke primary, throttled fallback: no way back to the broke one": Walk(
        route=["acme/one", "bolt/one"],
        policy=Policy(attempts_per_target=1),
        answers=["billing", "rate_limit 1"],
        path=[
            "started_send@acme/one#1",
            "billing_fallback",
            "switched_send@bolt/one#1",
            "terminal",
        ],
        cause="billing",
        stopped_by="exhausted",
    ),
    "billing names a repair, which money does not cure": Walk(
        route=["acme/one"],
        answers=["billing repair:drop-a"],
        path=["started_send@acme/one#1", "billing_terminal"],
        cause="billing",
        stopped_by="exhausted",
    ),
}

KEYS: dict[str, Walk] = {
    "401 then 429 on two keys": Walk(
        route=["acme/one"],
        pools={"acme": 2},
        answers=["auth", "rate_limit 2", "ok"],
        path=[
            "started_send@acme/one#1",
            "rotate",
            "rotated_send@acme/one#2",
            "retry@acme/one>2.2",
            "waited_send@acme/one#2",
            "answered",
        ],
    ),
    "429 then 401 on two keys: the throttled one is waited for": Walk(
        route=["acme/one"],
        pools={"acme": 2},
        answers=["rate_limit 2", "auth", "ok"],
        path=[
            "started_send@acme/one#1",
            "rotate",
            "rotated_send@acme/one#2",
            "retry@acme/one>2.1",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "a policy that rotates but never retries goes back to a key that is ready": Walk(
        route=["acme/one"],
        pools={"acme": 2},
        policy=allowing(Reason.SERVER_ERROR, Move.ROTATE),
        answers=["server_error", "server_error", "ok"],
        path=[
            "started_send@acme/one#1",
            "rotate",
            "rotated_send@acme/one#2",
            "retry@acme/one>0.7",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "a single bad key: nothing to rotate to, nothing to wait for": Walk(
        route=["acme/one"],
        answers=["auth"],
        path=["started_send@acme/one#1", "terminal"],
        cause="auth",
        stopped_by="exhausted",
    ),
    "a key that is ready again was used all the same": Walk(
        route=["acme/one"],
        pools={"acme": 2},
        answers=["rate_limit 0", "ok"],
        path=["started_send@acme/one#1", "rotate", "rotated_send@acme/one#2", "answered"],
    ),
    "a policy that rotates but never retries does not wait for the one key there is": Walk(
        route=["acme/one"],
        policy=allowing(Reason.RATE_LIMIT, Move.ROTATE),
        answers=["rate_limit 1"],
        path=["started_send@acme/one#1", "terminal"],
        cause="rate_limit",
        stopped_by="exhausted",
    ),
    "the way back is due when the first of its keys is": Walk(
        route=["acme/one", "bolt/one"],
        pools={"acme": 2},
        policy=Policy(patience=1.0),
        answers=["rate_limit 5", "rate_limit 60", "billing", "ok"],
        path=[
            "started_send@acme/one#1",
            "rotate",
            "rotated_send@acme/one#2",
            "fallback",
            "switched_send@bolt/one#1",
            "billing_way_back@acme/one>5.1",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
    "20 keys and a fallback under 16 attempts: one attempt is kept for the fallback": Walk(
        route=["acme/one", "bolt/one"],
        pools={"acme": 20},
        answers=["rate_limit 60"] * 15 + ["ok"],
        path=[
            "started_send@acme/one#1",
            *(
                label
                for key in range(2, 16)
                for label in ("rotate", f"rotated_send@acme/one#{key}")
            ),
            "fallback",
            "switched_send@bolt/one#1",
            "answered",
        ],
    ),
    "20 keys alone under 16 attempts": Walk(
        route=["acme/one"],
        pools={"acme": 20},
        answers=["rate_limit 60"] * 16,
        path=[
            "started_send@acme/one#1",
            *(
                label
                for key in range(2, 17)
                for label in ("rotate", f"rotated_send@acme/one#{key}")
            ),
            "spent",
        ],
        cause="rate_limit",
        stopped_by="attempts",
    ),
    "10 keys, all 429 with a Retry-After beyond patience, then the fallback": Walk(
        route=["acme/one", "bolt/one"],
        pools={"acme": 10},
        answers=["rate_limit 60"] * 10 + ["ok"],
        path=[
            "started_send@acme/one#1",
            *(
                label
                for key in range(2, 11)
                for label in ("rotate", f"rotated_send@acme/one#{key}")
            ),
            "fallback",
            "switched_send@bolt/one#1",
            "answered",
        ],
    ),
    "the first of two keys to clear ends the wait, not the last to fail": Walk(
        route=["acme/one"],
        pools={"acme": 2},
        answers=["rate_limit 5", "rate_limit 60", "ok"],
        path=[
            "started_send@acme/one#1",
            "rotate",
            "rotated_send@acme/one#2",
            "retry@acme/one>5.1",
            "waited_send@acme/one#1",
            "answered",
        ],
    ),
}

WALKS = BILLING | KEYS


@pytest.mark.parametrize("name", WALKS)
def test_walk(name: str) -> None:
    walk = WALKS[name]

    assert walk.expected == walk.walked()
