"""The walks of the design, one case each: what the sends bring, the rows that must follow."""

from __future__ import annotations

import pytest

from states import Finish, Move, OnInterrupted, Policy, Reason
from states.reasons import DEFAULT_MOVES
from tests.states.walk import Walk, path


def allowing(reason: Reason, *moves: Move) -> Policy:
    """The default policy, but with these moves for `reason`."""
    return Policy(on={**DEFAULT_MOVES, reason: frozenset(moves)})


CONTINUE = Policy(on_interrupted=OnInterrupted.CONTINUE)

INCIDENTS: dict[str, Walk] = {
    "A1: the first 402 leads to the first fallback, whatever the pool holds": Walk(
        route=["acme/one", "bolt/one", "corp/one"],
        pools={"acme": 3},
        answers=["billing", "ok"],
        path=[
            "started_send@acme/one#1",
            "billing_fallback",
            "switched_send@bolt/one#1",
            "answered",
        ],
    ),
    "A1: the next call skips the dead primary": Walk(
        route=["acme/one", "bolt/one"],
        marks={"acme": "bench 290 billing"},
        answers=["ok"],
        path=["started_send@bolt/one#1", "answered"],
    ),
    "A1: a primary whose bench has ended is probed at once": Walk(
        route=["acme/one", "bolt/one"],
        marks={"acme": "bench 0 billing"},
        answers=["ok"],
        path=["started_send@acme/one#1?", "answered"],
    ),
    "A2: a truncated answer never replaces the cause": Walk(
        route=["acme/one", "bolt/one"],
        answers=["billing", "output_truncated"],
        path=[
            "started_send@acme/one#1",
            "billing_fallback",
            "switched_send@bolt/one#1",
            "terminal",
        ],
        cause="billing",
        stopped_by="exhausted",
    ),
    "A2: the cause of a primary skipped for its bench is what it said then": Walk(
        route=["acme/one", "bolt/one"],
        marks={"acme": "bench 290 billing"},
        answers=["output_truncated"],
        path=["started_send@bolt/one#1", "terminal"],
        cause="billing",
        stopped_by="exhausted",
    ),
    "A6: a bad key rotates, then falls back": Walk(
        route=["acme/one", "bolt/one"],
        pools={"acme": 2},
        answers=["auth", "auth", "ok"],
        path=[
            "started_send@acme/one#1",
            "rotate",
            "rotated_send@acme/one#2",
            "fallback",
            "switched_send@bolt/one#1",
            "answered",
        ],
    ),
}

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
        policy=Policy(patience=0.0),
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

REQUESTS: dict[str, Walk] = {
    "a bad request at the first target ends the call": Walk(
        route=["acme/one", "bolt/one"],
        answers=["bad_request"],
        path=["started_send@acme/one#1", "terminal"],
        cause="bad_request",
        stopped_by="exhausted",
    ),
    "a bad request at the first target asked, where the first was skipped": Walk(
        route=["acme/one", "bolt/one", "corp/one"],
        marks={"acme": "bench 290 billing"},
        answers=["bad_request"],
        path=["started_send@bolt/one#1", "terminal"],
        cause="billing",
        stopped_by="exhausted",
    ),
    "a bad request at a later target falls back": Walk(
        route=["acme/one", "bolt/one", "corp/one"],
        answers=["billing", "bad_request", "ok"],
        path=[
            "started_send@acme/one#1",
            "billing_fallback",
            "switched_send@bolt/one#1",
            "fallback",
            "switched_send@corp/one#1",
            "answered",
        ],
    ),
    "a request too long for one falls back to a larger or an unknown one": Walk(
        route=["acme/one:8000", "bolt/one:8000", "corp/one:4000", "dune/one:32000", "acme/two"],
        answers=["context_overflow", "payload_too_large", "ok"],
        path=[
            "started_send@acme/one#1",
            "fallback",
            "switched_send@dune/one#1",
            "fallback",
            "switched_send@acme/two#1",
            "answered",
        ],
    ),
    "a request too long for all": Walk(
        route=["acme/one:8000", "bolt/one:8000"],
        answers=["context_overflow"],
        path=["started_send@acme/one#1", "terminal"],
        cause="context_overflow",
        stopped_by="exhausted",
    ),
    "a policy that lists nothing for a reason": Walk(
        route=["acme/one", "bolt/one"],
        pools={"acme": 2},
        policy=allowing(Reason.RATE_LIMIT),
        answers=["rate_limit 1"],
        path=["started_send@acme/one#1", "terminal"],
        cause="rate_limit",
        stopped_by="exhausted",
    ),
    "a policy that lets a refused content fall back": Walk(
        route=["acme/one", "bolt/one"],
        policy=allowing(Reason.CONTENT_POLICY, Move.FALLBACK),
        answers=["content_policy", "ok"],
        path=["started_send@acme/one#1", "fallback", "switched_send@bolt/one#1", "answered"],
    ),
    "a policy that retries a rate limit but never rotates": Walk(
        route=["acme/one"],
        pools={"acme": 2},
        policy=allowing(Reason.RATE_LIMIT, Move.RETRY),
        answers=["rate_limit", "ok"],
        path=[
            "started_send@acme/one#1",
            "retry@acme/one>0.6",
            "waited_send@acme/one#2",
            "answered",
        ],
    ),
    "a repair is used once at a target, and again at the next": Walk(
        route=["acme/one", "bolt/one"],
        policy=allowing(Reason.BAD_REQUEST, Move.FALLBACK),
        answers=["bad_request repair:drop-a"] * 3 + ["ok"],
        path=[
            "started_send@acme/one#1",
            "repair",
            "repaired_send@acme/one#1",
            "fallback",
            "switched_send@bolt/one#1",
            "repair",
            "repaired_send@bolt/one#1",
            "answered",
        ],
    ),
    "a repair comes before a rotation": Walk(
        route=["acme/one"],
        pools={"acme": 2},
        answers=["rate_limit 1 repair:drop-a", "ok"],
        path=["started_send@acme/one#1", "repair", "repaired_send@acme/one#2", "answered"],
    ),
    "a repair and a rotation are no tries": Walk(
        route=["acme/one"],
        pools={"acme": 2},
        policy=Policy(attempts_per_target=2),
        answers=["bad_request repair:drop-a", "rate_limit 60", "overloaded", "overloaded"],
        path=[
            "started_send@acme/one#1",
            "repair",
            "repaired_send@acme/one#1",
            "rotate",
            "rotated_send@acme/one#2",
            "retry@acme/one>0.8",
            "waited_send@acme/one#2",
            "terminal",
        ],
        cause="overloaded",
        stopped_by="exhausted",
    ),
}

STREAMS: dict[str, Walk] = {
    "a stream that breaks after content fails": Walk(
        route=["acme/one", "bolt/one"],
        answers=["stream_interrupted content"],
        path=["started_send@acme/one#1", "content", "interrupted", "committed"],
        cause="stream_interrupted",
        stopped_by="committed",
    ),
    "a stream that breaks before content falls back": Walk(
        route=["acme/one", "bolt/one"],
        answers=["stream_interrupted 60", "ok content"],
        path=[
            "started_send@acme/one#1",
            "fallback",
            "switched_send@bolt/one#1",
            "content",
            "completed",
        ],
    ),
    "a stream that may go on, goes on": Walk(
        route=["acme/one", "bolt/one"],
        policy=CONTINUE,
        answers=["stream_interrupted content", "ok content"],
        path=[
            "started_send@acme/one#1",
            "content",
            "interrupted",
            "retry@acme/one>0.6",
            "waited_send@acme/one#1",
            "content",
            "completed",
        ],
    ),
    "a stream that may go on, but delivered a part of a tool call, fails": Walk(
        route=["acme/one", "bolt/one"],
        policy=CONTINUE,
        answers=["stream_interrupted content tool"],
        path=["started_send@acme/one#1", "content", "interrupted", "committed"],
        cause="stream_interrupted",
        stopped_by="committed",
    ),
    "a policy that holds content back does not go on once some was delivered": Walk(
        route=["acme/one", "bolt/one"],
        policy=Policy(on_interrupted=OnInterrupted.HOLD),
        answers=["stream_interrupted content"],
        path=["started_send@acme/one#1", "content", "interrupted", "committed"],
        cause="stream_interrupted",
        stopped_by="committed",
    ),
    "a 402 in the first event of a stream is the same machine": Walk(
        route=["acme/one", "bolt/one"],
        pools={"acme": 3},
        answers=["billing content", "ok content"],
        policy=CONTINUE,
        path=[
            "started_send@acme/one#1",
            "content",
            "interrupted",
            "billing_fallback",
            "switched_send@bolt/one#1",
            "content",
            "completed",
        ],
    ),
    "the caller goes away": Walk(
        route=["acme/one"],
        answers=["overloaded"],
        cancelled_at=0.5,
        path=["started_send@acme/one#1", "retry@acme/one>0.6", "retry_cancelled"],
        cause="overloaded",
        stopped_by="cancelled",
    ),
}

WALKS = INCIDENTS | BILLING | KEYS | WAITS | REQUESTS | STREAMS


@pytest.mark.parametrize("name", WALKS)
def test_walk(name: str) -> None:
    walk = WALKS[name]
    moments = walk.walk()
    finish = moments[-1].after.command
    assert isinstance(finish, Finish)
    cause = finish.cause.reason.value if finish.cause is not None else None
    stopped_by = finish.stopped_by.value if finish.stopped_by is not None else None

    assert list(walk.path) == path(moments)
    assert (walk.cause, walk.stopped_by) == (cause, stopped_by)
