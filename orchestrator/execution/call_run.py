"""One call between the machine and the world: what it knows while :mod:`.flow` runs it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterator, MutableMapping, Sequence
from typing import Any

import attrs

from orchestrator.api.errors import CallFailed, StreamInterrupted
from orchestrator.api.request import Request
from orchestrator.api.response import Response
from orchestrator.classification.rules.repairs import HINT_REPAIRED
from orchestrator.classification.rules.transport import RESEND
from orchestrator.dialects import DEFAULT_DIALECT, Answer, Flaw, Flawed, Operation
from orchestrator.dialects.neutral import StreamEvent
from orchestrator.execution import time_budget
from orchestrator.execution.auth import HINT_RELOADED, RELOAD
from orchestrator.execution.call_errors import failed_call
from orchestrator.execution.call_log import CALL_ID, Sent
from orchestrator.execution.classify_failure import (
    AttemptContext,
    address_hint,
    classify_failure,
    masked,
    never_sent,
)
from orchestrator.execution.delivery import Delivery
from orchestrator.execution.effects import Effect
from orchestrator.execution.exchange import Exchange, Wishes
from orchestrator.execution.failure import HINT_MARK, Failure, Interrupted, TooLarge
from orchestrator.execution.operation_requests import OperationRequestBuilder
from orchestrator.execution.recorder import Recorder
from orchestrator.execution.request_builder import RequestBuilder
from orchestrator.execution.runtime import Runtime
from orchestrator.health.session import NoteFirstToken, Report, Session, Succeed
from orchestrator.http_messages import OutgoingRequest, ResponseHead
from orchestrator.ledger import Skipped
from orchestrator.provider import Provider
from orchestrator.states import (
    Call,
    Cancelled,
    Command,
    DeadlineReached,
    Error,
    Event,
    Failed,
    Finish,
    OnInterrupted,
    Reason,
    Repair,
    Send,
    Standby,
    State,
    Succeeded,
    Taken,
    Target,
    step,
)
from orchestrator.states.reasons import SPECS
from orchestrator.states.routing import may_retry

_log = logging.getLogger("orchestrator")

_GENERATE = Operation.GENERATE
_FINISH = Finish()

# Here, since a union that stands in a call is made anew each time.
_ANSWERED = (Succeeded, Failed)
_ENDS = (*_ANSWERED, Cancelled, DeadlineReached)


class CallRun:
    """One call. Nothing is read, drawn or taken before :meth:`begin`.

    The commit boundary: until the first content is about to reach the caller every failure is
    recovered unseen, and after it nothing is contradicted. A stream that is cut, stalls, or ends
    without an end is never a success.

    Args:
        runtime: What the call shares with others.
        request: What the caller asked.
        call: The machine, not started.
        unfit: Targets that cannot express the request.
        observers: Called with each ledger entry; taken by :meth:`begin`.

    Attributes:
        call: The machine.
        command: What the machine asks for now.
        exchange: The attempt under way, or the last one.
        delivery: What has reached the caller.
        failure: What the last attempt brought in place of an answer.
        leftover: Events to hand on after the end of the call.
        response: The whole response, once the call has succeeded.
        durable_id: The call's id, where any process may go on with it.
        propagate: Adds to the headers of an attempt what tells its provider of a trace.
        origin, recorder, session: Set by :meth:`begin`.
    """

    exchange_type: type[Exchange] = Exchange
    durable_id: str = ""
    propagate: Callable[[str, MutableMapping[str, str]], None] | None = None
    origin: float
    recorder: Recorder
    session: Session

    def __init__(
        self,
        runtime: Runtime,
        request: Request,
        call: Call,
        *,
        unfit: Sequence[Skipped] = (),
        observers: Sequence[Callable[[Any], None]] = (),
    ) -> None:
        self.runtime = runtime
        self.request = request
        self.call = call
        self.unfit = tuple(unfit)
        self.requests = (
            RequestBuilder(request, runtime.repairs)
            if request.operation is _GENERATE
            else OperationRequestBuilder(request, runtime.repairs)
        )
        self.command: Command = _FINISH
        self.exchange: Exchange | None = None
        self.delivery = Delivery()
        self.failure: Failure | None = None
        self.is_diagnosed = False
        self.leftover: tuple[StreamEvent, ...] = ()
        self.response: Response | None = None
        self._wishes = Wishes(
            request.stream,
            hold=call.policy.on_interrupted is OnInterrupted.HOLD or not request.stream,
            require_complete=bool(request.require_complete),
        )
        self._monotonic = runtime.clock.monotonic
        self.observers = tuple(observers)
        self._failed: tuple[Sent, Error] | None = None
        self._has_logged_moves = False
        self._reached, self._created = 0.0, 0

    def begin(self) -> None:
        """Begin the call's time, its record and its session with the board."""
        clock = self.runtime.clock
        self.session = self.runtime.board.session(self.call.route, clock.time())
        self.origin = self._monotonic()
        self.recorder = Recorder(self.durable_id or os.urandom(16).hex(), self.observers)
        self._has_logged_moves = self.runtime.log.has_moves

    def open_record(self) -> None:
        """Write down what was asked."""
        now = self.runtime.clock.time()
        self.recorder.record_opened(self.call, now, self.request, self.runtime.pools)

    @property
    def at(self) -> float:
        """Seconds since ``Started``."""
        return self._monotonic() - self.origin

    @property
    def created(self) -> int:
        """When the first of the answer came, whole seconds since the epoch; the same ever after."""
        self._created = self._created or int(self.runtime.clock.time())
        return self._created

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The targets that were passed over so far, and why."""
        return self.unfit + self.recorder.skipped(self.call)

    @property
    def provider(self) -> Provider:
        """The provider that was asked last."""
        return self.runtime.providers[self.sent()[0].provider]

    @property
    def located_provider(self) -> Provider:
        """The same, at the one of its addresses that was asked."""
        return self.provider if self.exchange is None else self.exchange.provider

    def sent(self) -> tuple[Target, str]:
        """Where the last attempt was sent, and the label of its credential."""
        target, credential = self.call.target, self.call.credential
        if target is None or credential is None:
            raise AssertionError("only called after a send")
        return target, credential

    def advance(self, event: Event) -> None:
        """Step the machine, record the move, and hold the next command."""
        if isinstance(event, _ENDS):
            self._end_attempt(event)
        before = self.call
        moved = step(before, event)
        self.call, self.command = moved.call, moved.command
        self.recorder.record_transition(before, event, moved)
        if self._has_logged_moves:
            self.runtime.log.tell_move(self.recorder.ledger.call, before, event, moved)
        if self.session.news:
            self.tell_news()

    def tell_news(self) -> None:
        """Tell people what the board's answers so far made of marks."""
        news, self.session.news = self.session.news, ()
        for each in news:
            self.runtime.log.tell_news(self.recorder.ledger.call, each)

    def as_repaired(self, taken: Taken | None) -> Taken | None:
        """What was taken, with what repairs of this request, or of earlier ones, say of it."""
        stream = self.requests.stream_repaired(taken.target) if taken is not None else None
        return taken if taken is None or stream is None else attrs.evolve(taken, stream=stream)

    # One attempt.

    def begin_attempt(self, command: Send) -> Exchange:
        """An attempt goes out; from here on it is recorded.

        Raises:
            RequestError: The request cannot be put in the words of this target.
        """
        target = command.target
        provider = self.runtime.providers[target.provider]
        if self._failed is not None or self.recorder.passed_over:
            self._log_route_change(command)
        self._begin_delivery(target)
        settings = self.runtime.targets.get(target.name)
        overrides = settings.overrides if settings is not None else {}
        prepared = self.requests.prepare(target, provider, overrides, stream=command.streamed)
        self.failure, self.is_diagnosed, at = None, False, self.at
        self.recorder.begin_attempt(command, at)
        for note in prepared.notes:
            self.recorder.note(note)
        take_down = self.recorder.note
        self.exchange = exchange = self.exchange_type(
            command, at, provider, prepared, self._wishes, take_down
        )
        if (seconds := time_budget.hurry(exchange)) is not None:
            seconds = round(seconds, 3)
            self.recorder.note(f"limited to {seconds:g} s: the rest is kept for other targets")
        return exchange

    def encode(self, exchange: Exchange, base_url: str) -> OutgoingRequest:
        """The HTTP request of an attempt, with its limits.

        Raises:
            RequestError: The caller handed in what cannot be sent.
        """
        command, prepared = exchange.command, exchange.prepared
        provider = exchange.provider.at(base_url)
        outgoing = prepared.encode(
            prepared.payload,
            provider=provider,
            model=command.target.model,
            overrides=prepared.overrides,
            stream=prepared.stream,
        )
        if provider.dialect == self.request.dialect:
            for name, value in self.request.headers.items():
                outgoing.headers[name.lower()] = value.strip(" \t")
        if self.propagate is not None:  # before it is signed
            self.propagate(provider.name, outgoing.headers)
        outgoing.options, limits = provider.connection, command.timeouts
        longest = max(command.kept_alive or limits.total, limits.idle) if prepared.stream else None
        outgoing.longest_silence = limits.total if longest is None else longest
        outgoing.is_resent = (command.target.name, RESEND) in self.call.repaired
        exchange.secret, auth = self.runtime.secrets.auth(provider, command.credential)
        auth.sign(outgoing)
        return outgoing

    def receive(self, exchange: Exchange, head: ResponseHead) -> None:
        """Take in the head of the answer."""
        self.recorder.record_head(head, self.runtime.masker)
        exchange.receive(head)

    def deliver(self) -> Iterator[StreamEvent] | None:
        """What may be passed on to the caller now; ``None`` where nothing has come."""
        exchange = self.exchange
        if exchange is None or exchange.decoder is None:
            return None
        exchange.relaying = True
        events = exchange.decoder.take()
        return self.delivery.pass_on(events) if events else None

    def note_delivered(self) -> None:
        """The caller has got what was delivered, and asks for more."""
        self._reached = self.at

    def complete(self, exchange: Exchange) -> Answer | Failure:
        """A stream is whole, and so is the answer, unless nothing is in it or more is needed."""
        events = self.deliver()
        # Also where nothing is left: what an earlier stream left is none of this one.
        self.leftover = tuple(events or ())
        if events is not None and self.call.committed:
            # The end of a stream without content reaches nobody: it may be no answer at all.
            self.note_delivered()
        judged = exchange.judge_stream(self.delivery.accumulator)
        if self.call.committed and isinstance(judged, Flawed) and judged.flaw is Flaw.EMPTY:
            # Thoughts reached the caller: nobody else can be asked any more.
            exchange.kept = judged = judged.answer
        return judged

    def fail(self, failure: Failure) -> Failed:
        """The attempt brought ``failure``."""
        self.failure = failure
        self._warn_of_mark(failure)
        at, tool_call = self.at, self.delivery.accumulator.tool_call
        sent = self.exchange.sent_at if self.exchange is not None else at
        # Since the caller asked for more, at the earliest since the attempt was sent.
        waited = min(at - sent, at - self._reached)
        return Failed(at, waited=waited, tool_call=tool_call)

    def silence(self, exchange: Exchange) -> NoteFirstToken | None:
        """How long the target was silent before its first content; ``None`` for whole answers."""
        if not (exchange.prepared.stream or self.request.stream):
            return None
        return NoteFirstToken(exchange.command.target, self.at - exchange.sent_at)

    @property
    def has_delivered_all(self) -> bool:
        """True once the caller has the whole of a stream, the finish reason included."""
        whole = self.exchange is not None and self.exchange.is_whole
        relays, accumulator = self.call.state is State.STREAM, self.delivery.accumulator
        return relays and whole and accumulator.finish_reason is not None

    @property
    def has_failed_head(self) -> bool:
        """True where the attempt under way was answered with a status that is a failure."""
        exchange = self.exchange
        if exchange is None or exchange.command is not self.command or exchange.body is None:
            return False
        return exchange.body.failed

    def too_large(self) -> TooLarge | None:
        """Set where what was put together is larger than any answer may be."""
        limit = self.located_provider.largest_answer
        return TooLarge(limit) if self.delivery.accumulator.size > limit else None

    # What the board is asked.

    def classify(self) -> Report:
        """The failure of the last attempt, classified, as the board is told of it."""
        self.is_diagnosed = True
        target, credential = self.sent()
        attempt = AttemptContext(
            self.provider,
            self.runtime.masker,
            self.runtime.clock.time(),
            self.request.payload,
            target.model,
        )
        error = classify_failure(self.failure, attempt)
        repair = error.repair
        if repair != RESEND:
            repair = self.requests.cure(target, self.provider, error)
        located = self.located_provider
        hint = _hint(error, repair) + address_hint(self.failure, located, self.runtime.masker)
        error = attrs.evolve(error, repair=repair, hint=hint)
        cut = time_budget.cut_first_token(self.failure)
        return Report(target, credential, error, cut, may_retry(self.call, error))

    def reload(self, report: Report) -> Generator[Effect, Any, Report]:
        """Read a secret again that was refused, once a call and target.

        Where it has changed, the error says that it is repaired: sent again with the new one.
        """
        exchange, error = self.exchange, report.error
        done = (report.target.name, RELOAD) in self.call.repaired
        if exchange is None or error.reason is not Reason.AUTH or error.quoted or done:
            return report
        label, seconds = report.credential, time_budget.time_left(exchange, self.at)
        secrets, provider = self.runtime.secrets, exchange.provider
        self.is_diagnosed = False  # who is interrupted here still reports what came
        found = yield from secrets.reload(provider, label, exchange.secret, seconds)
        if found is None:
            return report
        self.recorder.note(f"{label} was read again: {masked(found, self.runtime.masker)}")
        if secrets.secret(provider, label) == exchange.secret:
            return report
        error = attrs.evolve(error, repair=RELOAD, hint=HINT_RELOADED)
        return attrs.evolve(report, error=error)

    def repair(self, command: Repair) -> None:
        """Change what is sent to the target of ``command``, and to no other."""
        if command.name not in (RELOAD, RESEND):  # which change what carries it
            self.requests.repair(command.target, command.name)

    def diagnosed(self, error: Error, standby: Standby) -> None:
        """Note in the record what the failure was, and tell people of retries that are paused."""
        self.recorder.record_error(error, unsent=never_sent(self.failure))
        self._failed = self.sent(), error
        if not standby.retry_affordable:
            here, now = self.sent()[0], self.runtime.clock.time()
            self.runtime.log.tell_paused_retries(self.recorder.ledger.call, here, error, now)

    def answered(self) -> Succeed:
        """The target has answered."""
        target, credential = self.sent()
        self.requests.cured(target)
        return Succeed(target, credential)

    # The end of the call.

    def finish(self, command: Finish) -> Response:
        """The response, or the failure that the call ends with.

        Raises:
            CallFailed: The call failed.
        """
        skipped, exchange = self.skipped, self.exchange
        self.recorder.record_closed(self.call, self.at, skipped)
        if command.stopped_by is not None or exchange is None or exchange.kept is None:
            raise self._failure(command, skipped)
        target, credential = self.sent()
        self.response = Response(
            exchange.kept,
            target.provider,
            target.model,
            credential,
            skipped,
            self.recorder.ledger,
            self._answered_in(exchange),
            self.created,
        )
        return self.response

    def close_record(self) -> None:
        """The caller went away: the record ends, and nothing is returned."""
        self.recorder.record_closed(self.call, self.at, self.skipped)

    # Inside.

    def _answered_in(self, exchange: Exchange) -> str:
        """The dialect that the answer is written in; what was put together is a completion."""
        assembled = self.request.stream or exchange.decoder is not None
        return DEFAULT_DIALECT if assembled else exchange.provider.dialect

    def _begin_delivery(self, target: Target) -> None:
        if not self.call.committed:
            if self.exchange is not None:  # nothing of an earlier attempt reached the caller
                self.delivery, self.leftover = Delivery(), ()
            return
        usage = self.exchange.usage if self.exchange is not None else None
        text = self.delivery.accumulator.text
        self.requests.go_on_from(text)
        self.delivery.go_on(usage, prefill=self.requests.prefills(target, self.provider))

    def _log_route_change(self, to: Send) -> None:
        """Tell people what the call left for this attempt, and what it passed over."""
        log, at, call = self.runtime.log, self.at, self.recorder.ledger.call
        if self._failed is not None:
            left, error = self._failed
            taken = to.target, to.credential
            log.tell_failover(call, left, taken, error)
        clears, began = self.recorder.passed_over.values(), self.runtime.clock.time() - at
        log.tell_passed_over(call, clears, to.target, began, at)

    def _end_attempt(self, event: Event) -> None:
        """Record what an attempt cost, and that no more of its answer will come."""
        if self.call.state not in (State.ATTEMPT, State.STREAM):
            return
        if isinstance(event, _ANSWERED):
            self.recorder.end_attempt(event.at)
        exchange = self.exchange
        if exchange is not None:
            self.recorder.record_usage(exchange.usage)
            skipped = exchange.decoder.unreadable if exchange.decoder is not None else 0
            if skipped:
                self.recorder.note(f"{skipped} unreadable event{'s' * (skipped > 1)} skipped")

    def _warn_of_mark(self, failure: Failure) -> None:
        """Say once what a person must know of a provider that ends its streams in its own way."""
        if not isinstance(failure, Interrupted) or failure.hint is not HINT_MARK:
            return
        name = self.provider.name
        if name not in self.runtime.warned:
            self.runtime.warned.add(name)
            _log.warning(
                "%s ended a stream with the end mark and without a finish reason, as after a "
                'stream that broke; where it never sends one, set end = "mark" in '
                "[providers.%s]",
                *(name, name),
                extra={CALL_ID: self.recorder.ledger.call},
            )

    def _failure(self, command: Finish, skipped: tuple[Skipped, ...]) -> CallFailed:
        failure = failed_call(command, self.call, skipped, self.recorder, seconds=self.at)
        if not self.call.committed:
            return failure
        return StreamInterrupted.after(failure, self.delivery.accumulator.text)


def _hint(error: Error, repair: str | None) -> str:
    """Who must act: nobody yet, where the request itself is changed; a rule's own words stand."""
    if error.hint not in (HINT_REPAIRED, SPECS[error.reason].hint):
        return error.hint
    return SPECS[error.reason].hint if repair is None else HINT_REPAIRED
