"""The trace goes to a provider where the config says so, and comes from a client that names one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import TraceFlags

from orchestrator.sim import replies
from orchestrator.tracing.activation import client_context
from orchestrator.tracing.propagation import LONGEST, extracted
from tests.orchestrator.tracing.traced import ASK, tracer, tracing, world

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
SCRIPTS = {"a": replies.overloaded(), "b": replies.ok()}
ONCE = {"attempts_per_target": 1}


def told(propagate: Any) -> dict[str, list[str | None]]:
    """What each provider was told, and the spans of the attempts at it."""
    with (
        tracing() as traces,
        world(SCRIPTS, otel={"propagate": propagate}, policy=ONCE) as (made, providers),
        tracer().start_as_current_span("caller"),
    ):
        token = context.attach(baggage.set_baggage("who", "a-secret-of-the-application"))
        try:
            made.run(ASK)
        finally:
            context.detach(token)
        arrived = [providers.received(name)[-1] for name in SCRIPTS]
    spans = [one.context for one in traces.attempts if one.context is not None]
    assert all("baggage" not in one.headers for one in arrived)
    return {
        "told": [one.headers.get("traceparent") for one in arrived],
        "spans": [
            f"00-{one.trace_id:032x}-{one.span_id:016x}-{one.trace_flags:02x}" for one in spans
        ],
    }


def test_no_provider_is_told_unless_the_config_says_so() -> None:
    assert told(propagate=False)["told"] == [None, None]


def test_each_provider_is_told_of_its_own_attempt() -> None:
    found = told(propagate=True)

    assert found["told"] == found["spans"]


def test_providers_may_be_named() -> None:
    found = told(propagate=["b"])

    assert found["told"] == [None, found["spans"][1]]


def test_a_provider_is_told_that_a_call_is_left_out() -> None:
    with (
        tracing(sampler=ALWAYS_OFF) as traces,
        world(SCRIPTS, otel={"propagate": True}, policy=ONCE) as (made, providers),
    ):
        made.run(ASK)
        (arrived,) = providers.received("b")

    parent = arrived.headers["traceparent"]
    assert int(parent.rpartition("-")[2], 16) & TraceFlags.SAMPLED == 0
    assert traces.spans == []


def test_a_client_names_its_span() -> None:
    found = extracted({"traceparent": PARENT, "tracestate": "vendor=1", "baggage": "who=me"})

    assert found is not None
    named = trace.get_current_span(found).get_span_context()
    assert (f"{named.trace_id:032x}", f"{named.span_id:016x}") == (TRACE, SPAN)
    assert named.is_remote
    assert dict(named.trace_state) == {"vendor": "1"}
    assert baggage.get_all(found) == {}


@pytest.mark.parametrize(
    "written",
    [
        "",
        "00-1-2-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"{PARENT}-more",
        PARENT.upper(),
        PARENT + "0" * LONGEST,
        "ü",
    ],
)
def test_what_names_no_span_is_as_if_it_were_not_there(written: str) -> None:
    assert client_context({"traceparent": written}) is None


@pytest.mark.parametrize(
    ("state", "named"),
    [
        ("vendor=1, @bad=2", {}),
        ("%%%=1", {}),
        ("of a client", {}),
        (f"x={'y' * 300}", {}),
        ("a=ü", {}),
        ("a=1\t, ,b@c=x y", {"a": "1", "b@c": "x y"}),
    ],
)
def test_a_client_writes_nothing_into_the_log(
    state: str, named: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    found = extracted({"traceparent": PARENT, "tracestate": state})

    assert found is not None
    assert dict(trace.get_current_span(found).get_span_context().trace_state) == named
    assert caplog.records == []


@settings(max_examples=30)
@given(st.text(), st.text())
def test_no_header_is_a_fault(parent: str, state: str) -> None:
    extracted({"traceparent": parent, "tracestate": state})
    extracted({"traceparent": PARENT, "tracestate": state})
