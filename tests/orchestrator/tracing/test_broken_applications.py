"""Whatever breaks in an application that traces, its calls have their answers."""

from __future__ import annotations

import contextlib
import logging

import httpx
import pytest
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import orchestrator
from orchestrator import CallFailed, Orchestrator
from orchestrator.sim import ClosedPort, replies
from orchestrator.tracing.calls_under_way import CALLS_UNDER_WAY
from tests.orchestrator.tracing.traced import (
    ANSWERED,
    ASK,
    KEY,
    RESCUED,
    said,
    tracing,
    world,
)


def test_a_collector_that_is_down_costs_no_call_its_answer() -> None:
    with ClosedPort() as closed:
        exporter = OTLPSpanExporter(f"{closed.url}/traces")
        processor = BatchSpanProcessor(exporter, schedule_delay_millis=1)
        with tracing(processor), world({"up": replies.ok(ANSWERED)}) as (made, _):
            assert [made.run(ASK).text for _ in range(5)] == [ANSWERED] * 5
        exporter.shutdown()  # type: ignore[no-untyped-call]
        processor.shutdown()  # type: ignore[no-untyped-call]


class Broken(SpanProcessor):
    """Raises wherever it is asked, or when a span has ended alone."""

    def __init__(self, *, at_start: bool) -> None:
        class NoRoomError(Exception):
            pass

        self.at_start, self.kind = at_start, NoRoomError

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002
        if self.at_start:
            self.on_end(span)

    def on_end(self, span: ReadableSpan) -> None:  # noqa: ARG002
        raise self.kind(f"says a processor that knows sk-{'0123456789' * 4}")


@pytest.mark.parametrize("at_start", [True, False])
def test_a_processor_that_raises_costs_no_call_its_answer(
    caplog: pytest.LogCaptureFixture, *, at_start: bool
) -> None:
    broken = Broken(at_start=at_start)
    with caplog.at_level(logging.WARNING), tracing(broken), world(RESCUED) as (made, _):
        assert made.run(ASK).text == ANSWERED
        with made.stream(ASK) as chunks:
            assert "".join(one.text for one in chunks) == ANSWERED

    told = [one.message for one in caplog.records if "a span could not be" in one.message]
    assert len(told) == 1
    assert "NoRoomError" in told[0]
    assert "0123456789" not in told[0]
    assert CALLS_UNDER_WAY == {}


class Wordless(Broken):
    """Raises what cannot be said, each of a class of its own: of one it is told once."""

    def on_end(self, span: ReadableSpan) -> None:  # noqa: ARG002
        class WordlessError(Exception):
            def __str__(self) -> str:
                raise RuntimeError("there is nothing to say")

        raise WordlessError


@pytest.mark.parametrize("at_start", [True, False])
def test_an_error_without_words_costs_no_call_its_answer(
    caplog: pytest.LogCaptureFixture, *, at_start: bool
) -> None:
    broken = Wordless(at_start=at_start)
    with caplog.at_level(logging.WARNING), tracing(broken), world(RESCUED) as (made, _):
        assert made.run(ASK).text == ANSWERED

    assert "(WordlessError: it has no words)" in caplog.text


NAMES = ["m", "x" * 9_000, "\n\x1b[31m", "ü"]
TOLD = [b"", b"\\ud83d", b"x" * 9_000, b"\\n\\u001b[31m"]
NUMBERS = [0, 2**63, -(2**63) - 1, 2**70]


def test_every_span_can_be_written_whatever_is_named() -> None:
    """One that cannot would take a whole batch along."""
    bodies: list[bytes] = []
    config = {
        "health": "memory",
        "providers": {"a": {"base_url": "http://a.test/v1", "credentials": [KEY]}},
        "routes": {"default": ["a/m"]},
        "policy": {"attempts_per_target": 1},
    }
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=bodies[-1]))
    with tracing() as traces, Orchestrator.from_dict(config, transport=transport) as made:
        for name, told, number in zip(NAMES, TOLD, NUMBERS, strict=True):
            bodies.append(
                b'{"id":"i%s","model":"m%s","choices":[{"index":0,"finish_reason":"stop%s",'
                b'"message":{"role":"assistant","content":"hi"}}],"usage":{"prompt_tokens":%d,'
                b'"completion_tokens":%d,"total_tokens":1}}' % (told, told, told, number, number)
            )
            asked = {"messages": ASK["messages"], "seed": number, "top_p": number}
            with contextlib.suppress(orchestrator.RequestError, CallFailed):
                made.run(asked, route=f"a/{name}")
            asked = {"messages": ASK["messages"]}
            with contextlib.suppress(CallFailed):
                made.run(asked, route=f"a/{name}")

    assert len(traces.calls) >= len(NAMES)
    encode_spans(traces.spans).SerializeToString()
    for span in traces.spans:
        assert len(span.name) < 600
        assert all(len(str(value)) < 600 for value in said(span).values())
