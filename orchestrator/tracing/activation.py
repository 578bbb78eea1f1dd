"""Whether calls are traced: looked up without importing what most processes do without.

An application that uses OpenTelemetry has imported its API; where nobody has, there is nobody to
tell. So a call that is not traced costs one look into ``sys.modules``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from orchestrator.config.config import OtelSettings
from orchestrator.execution.call_run import CallRun

TRACE_API = "opentelemetry.trace"
"""The module of the API, loaded where an application traces."""


def prepare() -> None:
    """Load what tracing needs, before the first call would, if anybody may trace."""
    if TRACE_API in sys.modules:
        import orchestrator.tracing.call_tracer  # noqa: F401 - to be loaded


def trace_call(run: CallRun, settings: OtelSettings, parent: Any = None) -> None:
    """Have ``run`` traced, where the application has a tracer; only where the API is loaded.

    Args:
        run: A call that has not begun.
        settings: Of the config.
        parent: The context that the call belongs to; the caller's own unless given.
    """
    if settings.traces:
        from orchestrator.tracing.call_tracer import trace  # the API is loaded, and so is this

        trace(run, settings, parent)


def trace_ended_call(run: CallRun, parent: Any = None) -> None:
    """Have spans made of ``run`` after the fact, the same as if it had been traced.

    Args:
        run: A call that is over, and was not traced; only where the API is loaded.
        parent: As for :func:`trace_call`.
    """
    from orchestrator.tracing.call_tracer import trace_ended

    trace_ended(run, parent)


def caller_context() -> Any:
    """The context of whoever calls, for a call that begins later; ``None``: nobody traces."""
    if TRACE_API not in sys.modules:
        return None
    from opentelemetry import context

    return context.get_current()


def client_context(headers: Mapping[str, str]) -> Any:
    """The context that a client's headers name; ``None`` without one, or where nobody traces.

    Args:
        headers: By name in lower case, from anybody.
    """
    if "traceparent" not in headers or TRACE_API not in sys.modules:
        return None
    from orchestrator.tracing.propagation import extracted

    return extracted(headers)


def is_sampled(context: Any) -> bool:
    """Whether the context of a client, from :func:`client_context`, names a trace that is kept."""
    if context is None:
        return False
    from opentelemetry.trace import get_current_span

    return get_current_span(context).get_span_context().trace_flags.sampled
