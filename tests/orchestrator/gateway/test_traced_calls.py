"""Calls of the gateway are traced as those of a program, each below the span of its client."""

from __future__ import annotations

import json
import logging

from orchestrator.gateway.json_logs import JsonLogFormatter
from orchestrator.sim import replies
from tests.orchestrator.gateway.running import HI, running
from tests.orchestrator.tracing.traced import id_of, parent_of, said, tracing

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=1"}
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
    with tracing() as traces, running() as one:
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
            one.post(json=HI)
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
