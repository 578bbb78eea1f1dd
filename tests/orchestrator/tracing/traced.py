"""An application that traces: one provider for the process, which is deaf but where a test asks.

The API takes a provider once in a process. So ours stays, and outside of :func:`tracing` its
sampler drops everything, as in an application that traces nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import attrs
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler, SamplingResult
from opentelemetry.trace import StatusCode

from orchestrator import Orchestrator
from orchestrator.sim import ScriptedProviders, replies

KEY = "made-up-key-0123456789"
CONTENT = "a-word-that-only-the-caller-said"
ANSWERED = "a-word-that-only-the-model-said"
ASK: dict[str, Any] = {
    "messages": [{"role": "user", "content": CONTENT}],
    "temperature": 0.25,
    "max_tokens": 64,
}


@contextlib.contextmanager
def world(
    scripts: Mapping[str, Any], keys: Sequence[str] = (KEY,), **tables: Any
) -> Iterator[tuple[Orchestrator, Any]]:
    """An orchestrator over scripted providers, all of them on its default route."""
    with ScriptedProviders(scripts) as providers:
        entry = {"credentials": list(keys), "proxy": ""}
        config = {
            "health": "memory",
            "providers": {name: {**entry, "base_url": providers.url(name)} for name in scripts},
            "routes": {"default": [f"{name}/m" for name in scripts]},
            **tables,
        }
        with Orchestrator.from_dict(config) as made:
            yield made, providers


RESCUED = {"deepseek": replies.billing_402(), "up": replies.ok(ANSWERED)}


class _Switch(Sampler, SpanProcessor):
    """Samples with one sampler, and hands on to one processor, both exchanged by tests."""

    def __init__(self) -> None:
        self.sampler: Sampler = ALWAYS_OFF
        self.processor = SpanProcessor()

    def should_sample(self, *args: Any, **options: Any) -> SamplingResult:
        return self.sampler.should_sample(*args, **options)

    def get_description(self) -> str:
        return "a switch"

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.processor.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        self.processor.on_end(span)


@cache
def _switch() -> _Switch:
    switch = _Switch()
    provider = TracerProvider(sampler=switch, shutdown_on_exit=False)
    provider.add_span_processor(switch)
    trace.set_tracer_provider(provider)
    return switch


@attrs.define
class Traces:
    """What was traced.

    Attributes:
        exporter: Has the spans that have ended.
    """

    exporter: InMemorySpanExporter = attrs.field(factory=InMemorySpanExporter)

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """Those of calls and attempts, in the order in which they ended."""
        found = self.exporter.get_finished_spans()
        return [one for one in found if one.instrumentation_scope.name == "orchestrator"]  # type: ignore[union-attr]

    @property
    def calls(self) -> Sequence[ReadableSpan]:
        return [one for one in self.spans if not one.name.startswith("attempt ")]

    @property
    def call(self) -> ReadableSpan:
        (one,) = self.calls
        return one

    @property
    def attempts(self) -> Sequence[ReadableSpan]:
        return [one for one in self.spans if one.name.startswith("attempt ")]


def said(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    found: int = span.context.span_id
    return found


def parent_of(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def is_error(span: ReadableSpan) -> bool:
    return span.status.status_code is StatusCode.ERROR


@contextlib.contextmanager
def tracing(
    processor: SpanProcessor | None = None, sampler: Sampler = ALWAYS_ON
) -> Iterator[Traces]:
    """Within this block the application traces.

    Args:
        processor: What gets the spans; what keeps them, unless given.
        sampler: Chooses among them.
    """
    switch, traces = _switch(), Traces()
    switch.processor = processor or SimpleSpanProcessor(traces.exporter)
    switch.sampler = sampler
    try:
        yield traces
    finally:
        switch.processor, switch.sampler = SpanProcessor(), ALWAYS_OFF


def tracer() -> trace.Tracer:
    """The application's own."""
    _switch()
    return trace.get_tracer("application")
