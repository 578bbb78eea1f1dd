"""Spans of one call: its own, and below it one of each attempt.

An observer of the call: :class:`.Opened` begins its span, :class:`.Closed` ends it; the move that
sends begins the span of an attempt, and the attempt's own entry ends that. It takes what entries
are made of, since most of them are never put together. Times are those of the ledger, so that a
trace and a ledger say the same to the microsecond; and so the entries of a call that is over give
the same spans, one after the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, MutableMapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import attrs
from opentelemetry import trace as trace_api
from opentelemetry.context import Context, get_current
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, TracerProvider

from orchestrator.config.config import OtelSettings
from orchestrator.execution.call_facts import call_facts, route_asked
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.recorder import PartObserver
from orchestrator.ledger import Attempt, Closed, Entry, Opened, Skipped, Transition
from orchestrator.ledger.record import parts_of
from orchestrator.secrets import mask
from orchestrator.states import Command, Send, State, Target, Wait
from orchestrator.tracing import span_attributes
from orchestrator.tracing.calls_under_way import CALLS_UNDER_WAY
from orchestrator.tracing.propagation import inject
from orchestrator.tracing.span_attributes import LONGEST, Attributes, plain

_log = logging.getLogger("orchestrator")

SCOPE = "orchestrator"
"""The name of the instrumentation scope of all our spans."""

_DISTRIBUTION = "llm-request-orchestrator"

_SILENT = (trace_api.ProxyTracerProvider, trace_api.NoOpTracerProvider)
"""What the API has where an application has set no provider of its own."""

_SECOND = 1_000_000_000

_TOLD = "a span could not be recorded (%s: %s); calls go on, and it is not said again"

_MOST_KINDS = 20
"""Kinds of errors that are told: a class may be made anew for each."""


@attrs.define
class _Application:
    """What is known of the application whose calls these are.

    Attributes:
        provider, tracer: Its provider, and the tracer that it gave.
        told: Kinds of errors of which the log says that something of it raised them.
    """

    provider: TracerProvider | None = None
    tracer: Tracer | None = None
    told: set[type[Exception]] = attrs.field(factory=set)


_APPLICATION = _Application()


def trace(run: CallRun, settings: OtelSettings, parent: Context | None) -> None:
    """Have ``run`` traced, where the application has a tracer.

    Args:
        run: A call that has not begun.
        settings: Of the config.
        parent: The context that the call belongs to; the caller's own unless given.
    """
    tracing = _tracer_of(run, parent)
    if tracing is None:
        return
    run.observers = (*run.observers, tracing)
    if settings.propagate:
        run.propagate = Propagation(tracing, settings)


def trace_ended(run: CallRun, parent: Context | None) -> None:
    """Make the spans of ``run`` from its record, where the application has a tracer.

    Args:
        run: A call that is over.
        parent: As for :func:`trace`.
    """
    tracing = _tracer_of(run, parent)
    if tracing is None:
        return
    for part in parts_of(run.recorder.ledger):
        if isinstance(part, tuple):
            tracing.take(*part)
        else:  # put together for somebody who has read it
            tracing(part)


def _tracer_of(run: CallRun, parent: Context | None) -> CallTracer | None:
    try:
        tracer = current_tracer()
    except Exception as error:  # noqa: BLE001 - whatever the application's provider is
        tell_once(error)
        return None
    if tracer is None:
        return None
    return CallTracer(tracer, run, get_current() if parent is None else parent)


def current_tracer() -> Tracer | None:
    """The tracer of the application; ``None`` where it has set no provider."""
    provider, known = trace_api.get_tracer_provider(), _APPLICATION
    if provider is not known.provider:
        silent = isinstance(provider, _SILENT)
        known.tracer = None if silent else provider.get_tracer(SCOPE, _version())
        known.provider = provider
    return known.tracer


def tell_once(error: Exception) -> None:
    """Say that something of the application's raised, once for each kind of error."""
    kind, told = type(error), _APPLICATION.told
    if kind not in told and len(told) < _MOST_KINDS:
        told.add(kind)
        _log.warning(_TOLD, kind.__name__, plain(mask(_words(error))), exc_info=True)


class CallTracer(PartObserver):
    """Makes the spans of one call. Never raises.

    Args:
        tracer: Of the application.
        run: The call.
        parent: The context that it belongs to.
    """

    def __init__(self, tracer: Tracer, run: CallRun, parent: Context) -> None:
        self._tracer = tracer
        # Given back with the last entry: the call holds its observers.
        self._run: CallRun | None = run
        self._parent = parent
        self._span: Span | None = None
        self._attempt: Span | None = None
        self._began, self._row = 0.0, ""

    def __call__(self, entry: Entry) -> None:
        """Take note of ``entry``, which is put together: the first may be while a call runs."""
        try:
            match entry:
                case Opened():
                    self._begin(entry.call, entry.time, entry.route)
                case Transition():
                    self._move(entry.facts.at, entry.row, entry.command)
                case Attempt():
                    self._end_attempt(entry)
                case Closed():
                    self._end(entry.call, entry.at, entry.skipped)
        except Exception as error:  # noqa: BLE001 - a processor of the application's may raise
            tell_once(error)

    def take(
        self, kind: type[Entry], values: Callable[..., Iterable[Any]], facts: tuple[Any, ...]
    ) -> None:
        """Take note of what the next entry is made of, as :class:`.Recorder` hands it over."""
        try:
            if kind is Transition:
                _, _, event, row, _, command = facts
                self._move(event.at, row, command)
            elif kind is Attempt:
                if self._attempt is not None:
                    self._end_attempt(Attempt(*values(*facts)))
            elif kind is Opened:
                self._begin(*facts[:3])
            else:
                self._end(facts[0], facts[1], facts[-1])
        except Exception as error:  # noqa: BLE001 - as above
            tell_once(error)

    @property
    def context(self) -> Context:
        """Where the attempt under way is the current span, or else the call."""
        span = self._attempt or self._span
        return self._parent if span is None else trace_api.set_span_in_context(span, self._parent)

    def _begin(self, call: str, time: float, route: tuple[Target, ...]) -> None:
        run = self._run
        if run is None:
            return
        self._began, first, request = time, route[0], run.request
        said = span_attributes.request_attributes(
            request.operation, request.payload, stream=request.stream
        )
        said |= span_attributes.target_attributes(
            run.runtime.providers[first.provider], first.model
        )
        said["orchestrator.call.id"] = call
        said["orchestrator.route"] = plain(run.runtime.masker.known(route_asked(request.wants)))
        names = ("gen_ai.operation.name", "gen_ai.request.model")
        name = " ".join(str(said[each]) for each in names if each in said)
        self._span = self._start(name, said, 0.0, self._parent)
        ids = self._span.get_span_context()
        CALLS_UNDER_WAY[call] = ids.trace_id, ids.span_id

    def _move(self, at: float, row: str, command: Command) -> None:
        self._row = row
        if self._span is None or not self._span.is_recording():
            return
        if isinstance(command, Send):
            self._begin_attempt(command, at)
        elif isinstance(command, Wait):
            said: Attributes = {
                "orchestrator.wait.seconds": max(0.0, command.until - at),
                "orchestrator.target": plain(command.target.name),
            }
            self._span.add_event("orchestrator.wait", said, self._nanoseconds(at))

    def _begin_attempt(self, command: Send, at: float) -> None:
        run = self._run
        if run is None:
            return
        target = command.target
        provider = run.runtime.providers[target.provider]
        said = span_attributes.target_attributes(provider, target.model)
        said |= span_attributes.address_attributes(provider)
        said["orchestrator.attempt.number"] = command.number
        said["orchestrator.provider"] = plain(target.provider)
        said["orchestrator.credential"] = plain(command.credential)
        if command.probe:
            said["orchestrator.attempt.probe"] = True
        self._attempt = self._start(f"attempt {plain(target.name)}", said, at, self.context)

    def _end_attempt(self, entry: Attempt) -> None:
        span, self._attempt = self._attempt, None
        if span is None:
            return
        span.set_attributes(span_attributes.attempt_attributes(entry, self._row))
        if span_attributes.failed(entry):
            said = entry.message or str(entry.reason)
            span.set_status(Status(StatusCode.ERROR, plain(said, LONGEST)))
        span.end(self._nanoseconds(entry.started + entry.seconds))

    def _end(self, call: str, at: float, skipped: tuple[Skipped, ...]) -> None:
        CALLS_UNDER_WAY.pop(call, None)
        run, self._run = self._run, None
        span, attempt = self._span, self._attempt
        self._span = self._attempt = None
        try:
            if attempt is not None:  # its request could not be written, and nothing was sent
                attempt.end(self._nanoseconds(at))
        finally:
            if span is not None:
                if run is not None and span.is_recording():
                    _describe_end(span, run, skipped)
                span.end(self._nanoseconds(at))

    def _start(self, name: str, said: Attributes, at: float, parent: Context) -> Span:
        kind, began = SpanKind.CLIENT, self._nanoseconds(at)
        return self._tracer.start_span(name, parent, kind, said, start_time=began)

    def _nanoseconds(self, at: float) -> int:
        """The instant ``at`` seconds after the call's beginning, since the epoch."""
        return int((self._began + at) * _SECOND)


class Propagation:
    """Tells the providers of one call of its trace, as far as the config says so. Never raises."""

    def __init__(self, tracing: CallTracer, settings: OtelSettings) -> None:
        self._tracing, self._settings = tracing, settings

    def __call__(self, provider: str, headers: MutableMapping[str, str]) -> None:
        """Add to the ``headers`` of an attempt at ``provider``."""
        if self._settings.tells(provider):
            try:
                inject(self._tracing.context, headers)
            except Exception as error:  # noqa: BLE001 - as above
                tell_once(error)


def _words(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a class of the application's may raise here too
        return "it has no words"


def _describe_end(span: Span, run: CallRun, skipped: tuple[Skipped, ...]) -> None:
    facts = call_facts(run)
    said = span_attributes.ending_attributes(facts, skipped)
    if run.call.state is State.SUCCEED:
        target, answer = run.call.target, run.exchange.kept if run.exchange is not None else None
        if target is not None:
            provider = run.runtime.providers[target.provider]
            asked = span_attributes.target_attributes(provider, target.model)
            said["gen_ai.provider.name"] = asked["gen_ai.provider.name"]
        if target is not None and answer is not None:
            masker = run.runtime.masker
            said |= span_attributes.answer_attributes(answer, target.name, masker.known)
    else:
        if run.call.committed:  # a stream that broke, as the conventions say it
            said["gen_ai.response.finish_reasons"] = ("error",)
        cause = run.call.cause
        words = cause.message if cause is not None and cause.message else str(said["error.type"])
        span.set_status(Status(StatusCode.ERROR, plain(words, LONGEST)))
    span.set_attributes(said)


def _version() -> str | None:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:  # a checkout on the path
        return None
