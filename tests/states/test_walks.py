"""The walks of the reported incidents, of requests at fault, and of streams."""

from __future__ import annotations

import pytest

from orchestrator.states import Move, OnInterrupted, Policy, Reason
from tests.states.walk import Walk, allowing

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

WALKS = INCIDENTS | REQUESTS | STREAMS


@pytest.mark.parametrize("name", WALKS)
def test_walk(name: str) -> None:
    walk = WALKS[name]

    assert walk.expected == walk.walked()
