"""One span a call, one an attempt below it, and they say what an on-call person asks first."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind

import orchestrator
from orchestrator import CallFailed, Orchestrator
from orchestrator.api.options import CallOptions, read_call
from orchestrator.config.loading import from_mapping
from orchestrator.execution.call_run import CallRun
from orchestrator.ledger import Entry, read_ledger
from orchestrator.sim import Completion, Reply, replies
from orchestrator.testing import call as simulated
from orchestrator.tracing.call_tracer import trace_ended
from orchestrator.tracing.calls_under_way import CALLS_UNDER_WAY
from tests.orchestrator.tracing.traced import (
    ANSWERED,
    ASK,
    CONTENT,
    KEY,
    RESCUED,
    id_of,
    is_error,
    parent_of,
    said,
    tracer,
    tracing,
    world,
)


def test_a_rescued_call_is_a_span_with_its_attempts_below() -> None:
    with tracing() as traces, world(RESCUED) as (made, _):
        response = made.run(ASK)

    call, (first, second) = traces.call, traces.attempts
    assert [parent_of(one) for one in traces.spans] == [id_of(call), id_of(call), None]
    assert call.name == "chat m"
    assert (call.kind, first.kind) == (SpanKind.CLIENT, SpanKind.CLIENT)
    assert said(call) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "up",
        "gen_ai.request.model": "m",
        "gen_ai.request.max_tokens": 64,
        "gen_ai.request.temperature": 0.25,
        "gen_ai.response.model": "m",
        "gen_ai.response.id": response.raw["id"],
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": response.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": response.usage.completion_tokens,
        "orchestrator.call.id": response.ledger.call,
        "orchestrator.route": "default",
        "orchestrator.attempts": 2,
        "orchestrator.target": "up/m",
        "orchestrator.rescued": "billing",
    }
    assert not is_error(call)
    assert first.name == "attempt deepseek/m"
    assert said(first) | {"server.port": 0, "orchestrator.attempt.rule": ""} == {
        "gen_ai.provider.name": "deepseek",
        "gen_ai.request.model": "m",
        "server.address": "127.0.0.1",
        "server.port": 0,
        "error.type": "billing",
        "http.response.status_code": 402,
        "orchestrator.provider": "deepseek",
        "orchestrator.credential": "key#1",
        "orchestrator.attempt.number": 1,
        "orchestrator.attempt.rule": "",
        "orchestrator.attempt.row": "billing_fallback",
        "orchestrator.attempt.next": "eager_fallback",
        "orchestrator.attempt.billed": "none",
    }
    assert is_error(first)
    assert first.status.description == response.attempts[0].message
    assert "error.type" not in said(second)
    assert not is_error(second)


def test_times_are_those_of_the_ledger() -> None:
    with tracing() as traces, world(RESCUED) as (made, _):
        ledger = made.run(ASK).ledger

    began = ledger[0].time
    call = traces.call
    assert call.start_time == pytest.approx(began * 1e9, abs=1e4)
    assert call.end_time == pytest.approx((began + ledger[-1].at) * 1e9, abs=1e4)
    for span, attempt in zip(traces.attempts, ledger.attempts, strict=True):
        ended = began + attempt.started + attempt.seconds
        assert span.end_time == pytest.approx(ended * 1e9, abs=1e4)
        assert call.start_time <= span.start_time <= span.end_time <= call.end_time  # type: ignore[operator]


def test_nothing_that_was_said_and_no_secret_is_in_a_span() -> None:
    scripts = {"a": replies.bad_key(), "b": replies.ok(ANSWERED)}
    with tracing() as traces, world(scripts) as (made, _):
        made.run({**ASK, "user": CONTENT, "stop": [CONTENT]}, metadata={"who": CONTENT})

    written = "".join(one.to_json() for one in traces.spans)
    assert [is_error(one) for one in traces.attempts] == [True, False]
    for hidden in (CONTENT, ANSWERED, KEY, "uthorization", "hi hi"):
        assert hidden not in written


# Whose child it is.


def test_a_call_belongs_to_the_span_of_its_caller_in_threads_and_tasks() -> None:
    async def in_task(made: Orchestrator) -> None:
        with tracer().start_as_current_span("task"):
            await made.arun(ASK)
        await made.aclose()

    with tracing() as traces, world({"up": replies.ok()}) as (made, _):
        with tracer().start_as_current_span("thread"):
            made.run(ASK)
        asyncio.run(in_task(made))
        made.run(ASK)

    by_id = {id_of(one): one.name for one in traces.exporter.get_finished_spans()}
    parents = [by_id.get(parent_of(one) or 0) for one in traces.calls]
    assert parents == ["thread", "task", None]


def test_a_stream_belongs_to_who_asked_for_it_wherever_it_is_read() -> None:
    def read(chunks: Any) -> None:
        with tracer().start_as_current_span("reader"), chunks:
            list(chunks)

    with tracing() as traces, world({"up": replies.ok("one two")}) as (made, _):
        with tracer().start_as_current_span("asked") as asked:
            chunks = made.stream(ASK)
        reader = threading.Thread(target=read, args=(chunks,))
        reader.start()
        reader.join()

    call = traces.call
    assert parent_of(call) == asked.get_span_context().span_id
    assert said(call)["gen_ai.request.stream"] is True
    assert said(call)["gen_ai.response.time_to_first_chunk"] > 0
    assert said(call)["gen_ai.response.finish_reasons"] == ("stop",)


def test_a_stream_that_is_never_read_is_no_call() -> None:
    with tracing() as traces, world({"up": replies.ok()}) as (made, _):
        made.stream(ASK)

    assert traces.spans == []


# How it ends.


def test_a_failed_call_names_its_real_cause() -> None:
    scripts = {"a": replies.billing_402(), "b": replies.bad_key()}
    with tracing() as traces, world(scripts) as (made, _), pytest.raises(CallFailed) as failed:
        made.run(ASK)

    call = traces.call
    assert said(call)["error.type"] == "billing" == failed.value.reason
    assert said(call)["orchestrator.stopped_by"] == "exhausted"
    assert [said(one)["error.type"] for one in traces.attempts] == ["billing", "auth"]
    assert is_error(call)
    assert call.status.description == failed.value.attempts[0].message
    assert "orchestrator.rescued" not in said(call)


def test_what_was_passed_over_is_listed() -> None:
    with tracing() as traces, world(RESCUED) as (made, _):
        made.run(ASK)
        made.run(ASK)

    second = said(traces.calls[1])
    assert second["orchestrator.skipped"] == ("deepseek/m: billing",)
    assert second["orchestrator.attempts"] == 1
    assert second["orchestrator.rescued"] == "billing"


def test_a_wait_is_an_event_of_the_call() -> None:
    scripts = {"a": [replies.rate_limited(0.01), replies.ok()]}
    with tracing() as traces, world(scripts) as (made, _):
        made.run(ASK)

    (waited,) = traces.call.events
    assert waited.name == "orchestrator.wait"
    assert waited.attributes is not None
    assert waited.attributes["orchestrator.target"] == "a/m"
    assert float(waited.attributes["orchestrator.wait.seconds"]) > 0  # type: ignore[arg-type]


def test_a_stream_that_breaks_is_an_error_after_what_was_said() -> None:
    cut = replies.cut_after(700, Reply(completion=Completion(text="one two three four")))
    with (
        tracing() as traces,
        world({"a": cut}) as (made, _),
        pytest.raises(orchestrator.StreamInterrupted),
        made.stream(ASK) as chunks,
    ):
        list(chunks)

    call = said(traces.call)
    assert call["error.type"] == "stream_interrupted"
    assert call["orchestrator.stopped_by"] == "committed"
    assert call["gen_ai.response.finish_reasons"] == ("error",)
    assert is_error(traces.call)
    assert is_error(traces.attempts[0])


def test_who_leaves_has_cancelled() -> None:
    slow = Reply(completion=Completion(text="one two three four"), pace=0.2)
    with tracing() as traces, world({"a": slow}) as (made, _), made.stream(ASK) as chunks:
        next(chunks)

    assert said(traces.call)["error.type"] == "cancelled"
    assert said(traces.call)["orchestrator.stopped_by"] == "cancelled"
    assert [said(one)["error.type"] for one in traces.attempts] == ["cancelled"]
    assert CALLS_UNDER_WAY == {}


def test_a_stream_that_is_forgotten_ends_its_spans() -> None:
    slow = Reply(completion=Completion(text="one two three four"), pace=0.2)
    with tracing() as traces, world({"a": slow}) as (made, _):
        chunks = made.stream(ASK)
        next(chunks)
        del chunks

    assert len(traces.calls) == len(traces.attempts) == 1
    assert CALLS_UNDER_WAY == {}


# After the fact.

CUT = replies.cut_after(700, Reply(completion=Completion(text="one two three four")))
CALLS: dict[str, tuple[dict[str, Any], list[str], float | None]] = {
    "clean": ({"up": replies.ok("one two three")}, [KEY], None),
    "rescued": (RESCUED, [KEY], None),
    "failed": ({"a": replies.billing_402(), "b": replies.bad_key()}, [KEY], None),
    "waited": ({"a": [replies.rate_limited(0.01), replies.ok("one two")]}, [KEY], None),
    "rotated": ({"a": [replies.bad_key(), replies.ok("one two")]}, [KEY, f"{KEY}-2"], None),
    "cut": ({"a": CUT, "b": replies.ok("one two")}, [KEY], None),
    "too late": ({"a": replies.hang()}, [KEY], 0.05),
}


def seen(spans: Sequence[ReadableSpan]) -> list[tuple[Any, ...]]:
    """All that they say, each with its parent by name."""
    names = {id_of(one): one.name for one in spans}
    return [
        (
            *(one.name, one.kind, one.start_time, one.end_time),
            *(one.status.status_code, one.status.description, said(one)),
            [(each.name, each.timestamp, dict(each.attributes or {})) for each in one.events],
            names.get(parent_of(one) or 0),
        )
        for one in spans
    ]


def asked(made: Orchestrator, how: str, timeout: float | None) -> CallRun:
    """A call that is over: its answer whole, as a stream, or as one whose reader leaves."""
    options: CallOptions = {} if timeout is None else {"timeout": timeout}
    request, _ = read_call("run", ASK, options, stream=how != "whole")
    if how == "whole":
        call = made.begin_call(request)
        with contextlib.suppress(CallFailed):
            made.run_call(call)
        return call
    call, events = made.stream_events(request)
    with contextlib.suppress(CallFailed):
        next(events)
        if how == "stream":
            list(events)
    events.close()
    return call


@pytest.mark.parametrize("how", ["whole", "stream", "left"])
@pytest.mark.parametrize("name", CALLS)
def test_a_record_gives_the_spans_that_the_call_had(name: str, how: str) -> None:
    scripts, keys, timeout = CALLS[name]
    with tracing() as traces, world(scripts, keys) as (made, _):
        for _ in range(2):  # the second may pass over who failed the first
            call = asked(made, how, timeout)
            live = seen(traces.spans)
            assert live
            for _ in range(2):
                traces.exporter.clear()
                trace_ended(call, None)
                assert seen(traces.spans) == live
                list(call.recorder.ledger)  # its entries are put together now
            traces.exporter.clear()

    assert CALLS_UNDER_WAY == {}


# What else is asked.


def test_vectors_are_embeddings() -> None:
    vectors = {
        "data": [{"index": 0, "embedding": [0.5], "object": "embedding"}],
        "model": "m", "object": "list", "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }  # fmt: skip

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=vectors)

    config = {
        "health": "memory",
        "providers": {"a": {"base_url": "http://a.test/v1", "credentials": [KEY]}},
        "routes": {"default": ["a/m"]},
    }
    with (
        tracing() as traces,
        Orchestrator.from_dict(config, transport=httpx.MockTransport(answer)) as made,
    ):
        made.embed({"input": CONTENT, "dimensions": 1})

    assert traces.call.name == "embeddings m"
    assert said(traces.call)["gen_ai.operation.name"] == "embeddings"
    assert said(traces.call)["gen_ai.usage.input_tokens"] == 3
    assert said(traces.call)["gen_ai.embeddings.dimension.count"] == 1
    assert CONTENT not in traces.call.to_json()


def test_a_client_with_the_transport_is_traced_alike() -> None:
    with tracing() as traces, world({"up": replies.ok()}) as (made, _):
        client = httpx.Client(transport=orchestrator.transport(made))
        with tracer().start_as_current_span("asked") as asked, client:
            client.post("http://x/v1/chat/completions", json={"model": "default", **ASK})

    assert parent_of(traces.call) == asked.get_span_context().span_id
    assert len(traces.attempts) == 1


# When it is off.


def test_a_config_may_turn_it_off() -> None:
    with tracing() as traces, world({"up": replies.ok()}, otel={"traces": False}) as (made, _):
        made.run(ASK)

    assert traces.spans == []


def test_calls_that_are_made_up_are_in_no_trace() -> None:
    config = from_mapping({"routes": {"default": ["ollama/m"]}}, {})
    with tracing() as traces:
        assert not simulated(config, "overloaded").answered

    assert traces.spans == []


def test_what_is_not_sampled_has_no_attempts() -> None:
    with tracing(sampler=ALWAYS_OFF) as traces, world({"up": replies.ok()}) as (made, _):
        made.run(ASK)

    assert traces.spans == []
    assert CALLS_UNDER_WAY == {}


def test_who_observes_a_traced_call_gets_the_same_entries(tmp_path: Path) -> None:
    ledger, seen = tmp_path / "calls.jsonl", list[Entry]()
    with tracing() as traces, world(RESCUED, ledger=str(ledger)) as (made, _):
        response = made.run(ASK, observe=seen.append, metadata={"task": "7"})

    assert seen == list(response.ledger)
    (recorded,) = read_ledger(ledger)
    assert recorded.attempts == response.ledger.attempts
    assert recorded.transitions == response.ledger.transitions
    assert len(traces.attempts) == 2
