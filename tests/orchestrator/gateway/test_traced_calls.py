"""Calls of the gateway are traced as those of a program, each below the span of its client.

But of those that are answered at once a share alone, unless something asks for the ids of all.
"""

from __future__ import annotations

import json
import logging
from itertools import product
from typing import Any

import pytest
from opentelemetry.sdk.trace.sampling import DEFAULT_ON

from orchestrator.gateway.json_logs import JsonLogFormatter
from orchestrator.sim import Completion, Reply, replies
from tests.orchestrator.gateway.running import CHAT, HI, running
from tests.orchestrator.tracing.traced import id_of, parent_of, said, tracing
from tests.waiting import eventually

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=1"}
UNSAMPLED = {"traceparent": f"00-{TRACE}-{SPAN}-00"}
ALL, NONE = {"clean_ratio": 1}, {"clean_ratio": 0}
RESCUED = {"broke": replies.billing_402(), "up": replies.ok("hello")}


def test_a_client_with_a_trace_is_the_parent_of_its_calls() -> None:
    with tracing() as traces, running(RESCUED) as one:
        whole = one.post(json=HI, headers=PARENT)
        with one.client() as client:
            streamed = client.post(
                "/v1/chat/completions", json=HI | {"stream": True}, headers=PARENT
            )
        passed = one.post("/passthrough/up/chat/completions", json=HI, headers=PARENT)
        arrived = one.providers.received("up")

    assert [each.status_code for each in (whole, streamed, passed)] == [200, 200, 200]
    names = [each.name for each in traces.calls]
    assert names == ["chat m", "chat m", "passthrough"]
    for call in traces.calls:
        assert call.context is not None
        assert f"{call.context.trace_id:032x}" == TRACE
        assert f"{parent_of(call):016x}" == SPAN
        assert dict(call.context.trace_state) == {"vendor": "1"}
    of_first = [each for each in traces.attempts if parent_of(each) == id_of(traces.calls[0])]
    assert [said(each)["orchestrator.provider"] for each in of_first] == ["broke", "up"]
    assert said(traces.calls[0])["orchestrator.call.id"] == whole.headers["x-orchestrator-call-id"]
    # Not asked for: no provider is told, of a client's header neither.
    assert all("traceparent" not in each.headers for each in arrived)


def test_a_client_that_names_nothing_sensible_begins_a_trace() -> None:
    with tracing() as traces, running(otel=ALL) as one:
        assert one.post(json=HI, headers={"traceparent": "00-zz"}).status_code == 200
        assert one.post(json=HI).status_code == 200

    assert [parent_of(each) for each in traces.calls] == [None, None]
    assert len({each.context.trace_id for each in traces.calls if each.context}) == 2


def test_the_log_of_a_call_names_its_span() -> None:
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonLogFormatter().format(record))

    logger, handler = logging.getLogger("orchestrator"), Lines()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with tracing() as traces, running(RESCUED) as one:
            one.post(json=HI, headers=PARENT)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)

    (call,) = traces.calls
    assert call.context is not None
    told = [each for each in map(json.loads, lines) if "call" in each]
    assert {each["message"].split(":")[0].split()[0] for each in told} == {"broke", "call"}
    for each in told:
        assert each["trace_id"] == f"{call.context.trace_id:032x}"
        assert each["span_id"] == f"{call.context.span_id:016x}"


# Which of them.


def test_what_is_answered_at_once_is_traced_by_its_share() -> None:
    drawn = iter([0.04, 0.05, 0.9, 0.0])
    with tracing() as traces, running() as one:
        one.gateway.traced.draw = lambda: next(drawn)
        calls = [one.post(json=HI).headers["x-orchestrator-call-id"] for _ in range(4)]

    traced = [said(each)["orchestrator.call.id"] for each in traces.calls]
    assert traced == [calls[0], calls[3]]


WRONG: dict[str, dict[str, Any]] = {
    "failed": {"a": replies.billing_402()},
    "rescued": RESCUED,
    "waited": {"a": [replies.rate_limited(0.01), replies.ok()]},
    "interrupted": {
        "a": replies.cut_after(700, Reply(completion=Completion(text="one two three")))
    },
}


@pytest.mark.parametrize(
    ("name", "streams"),
    [*product(("failed", "rescued", "waited"), (False, True)), ("interrupted", True)],
)
def test_whatever_went_another_way_is_traced(name: str, *, streams: bool) -> None:
    with tracing() as traces, running(WRONG[name], otel=NONE) as one:
        one.post(json=HI | {"stream": streams})

    call = traces.call
    assert len(traces.attempts) == said(call)["orchestrator.attempts"]
    assert [parent_of(each) for each in traces.attempts] == [id_of(call)] * len(traces.attempts)


def test_a_target_that_is_passed_over_is_reason_enough() -> None:
    with tracing() as traces, running(RESCUED, otel=NONE) as one:
        one.post(json=HI)
        one.post(json=HI)

    assert said(traces.calls[1])["orchestrator.skipped"] == ("broke/m: billing",)


def test_whose_client_leaves_is_traced() -> None:
    slow = Reply(completion=Completion(text="one two three four"), pace=0.2)
    with tracing() as traces, running({"a": slow}, otel=NONE) as one:
        asking = one.client()
        with asking as client, client.stream("POST", CHAT, json=HI | {"stream": True}) as answer:
            next(answer.iter_bytes())
        assert eventually(lambda: bool(traces.calls))

    assert said(traces.call)["error.type"] == "cancelled"


def test_a_client_whose_trace_is_not_kept_keeps_none_here() -> None:
    with tracing(sampler=DEFAULT_ON) as traces, running(RESCUED, otel=ALL) as one:
        one.post(json=HI, headers=UNSAMPLED)

    assert traces.spans == []


@pytest.mark.parametrize(("told", "traced"), [(["up"], 1), (["broke"], 1), (["far"], 0)])
def test_who_may_be_told_of_a_trace_has_one_to_be_told_of(told: list[str], traced: int) -> None:
    scripts = {"up": replies.ok(), "broke": replies.billing_402(), "far": replies.ok()}
    route, otel = {"default": ["up/m", "broke/m"]}, {**NONE, "propagate": told}
    with tracing() as traces, running(scripts, routes=route, otel=otel) as one:
        one.post(json=HI)
        (arrived,) = one.providers.received("up")

    assert len(traces.calls) == traced
    assert ("traceparent" in arrived.headers) is (told == ["up"])


def test_a_sampler_that_is_named_is_asked_about_each() -> None:
    with tracing() as traces, running(otel=NONE) as one:
        one.gateway.traced.chooses = False
        one.post(json=HI)

    assert len(traces.calls) == 1


def test_a_config_may_turn_it_off() -> None:
    with tracing() as traces, running(RESCUED, otel={"traces": False}) as one:
        one.post(json=HI)

    assert traces.spans == []
