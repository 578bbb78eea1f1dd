"""One call between the machine and the world: all that sync and async drivers share."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from random import Random
from typing import Any

import attrs
import httpx

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request, RequestError
from orchestrator.api.response import Response
from orchestrator.classification.hints import HINT_REPAIRED, HINTS
from orchestrator.clock import Clock
from orchestrator.config.records import Provider, StreamEnd, TargetSettings, masker
from orchestrator.dialects import DEFAULT_DIALECT, Answer, Fault, Flaw, Flawed, Usage, dialect
from orchestrator.execution.auth import apply_key
from orchestrator.execution.body import Body
from orchestrator.execution.failures import (
    AttemptContext,
    Failure,
    classified,
    masked,
    never_sent,
)
from orchestrator.execution.outcome import (
    HINT_MARK,
    Broken,
    Interrupted,
    LimitReached,
    TooLarge,
    TornArguments,
    Truncated,
    failed_call,
)
from orchestrator.execution.pieces import is_whole, joined, usage_in
from orchestrator.execution.recorder import Recorder, pools, request_id
from orchestrator.execution.stop_cutter import cut_answer
from orchestrator.execution.wording import Wording
from orchestrator.health import HealthBoard
from orchestrator.ledger import Pools, Skipped
from orchestrator.secrets import Masker
from orchestrator.states import (
    Call,
    Cancelled,
    Command,
    DeadlineReached,
    Diagnosed,
    Error,
    Event,
    Failed,
    Finish,
    Repair,
    Repaired,
    Rotate,
    Rotated,
    Send,
    Standby,
    Started,
    State,
    Succeeded,
    Switch,
    Switched,
    Taken,
    Target,
    Wait,
    Waited,
    step,
)
from orchestrator.vendors.reachability import Reachability

EARLY = 0.001
"""Seconds by which an event loop may fire a timer before its time."""
_log = logging.getLogger("orchestrator")


@attrs.frozen
class World:
    """What a call needs of its orchestrator.

    Attributes:
        providers: By name.
        targets: Settings by target name; a target without an entry has none.
        board: What is known across calls.
        clock: The time to read.
        jitter: A random number in [0, 1) for each backoff.
        addresses: Which of a provider's addresses can be reached.
        repairs: Repairs that cured earlier calls, by target name.
        warned: Providers of whose streams a person was warned.
        masker: Knows the secrets of all providers.
        pools: The labels of their credentials, as the record of a call says them.
    """

    providers: Mapping[str, Provider]
    targets: Mapping[str, TargetSettings]
    board: HealthBoard
    clock: Clock
    addresses: Reachability
    jitter: Callable[[], float] = Random().random
    repairs: MutableMapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    warned: set[str] = attrs.field(factory=set)
    masker: Masker = attrs.Factory(lambda self: masker(self.providers.values()), takes_self=True)
    pools: Pools = attrs.Factory(lambda self: pools(self.providers.values()), takes_self=True)


class Performer:
    """One call. The driver sends and sleeps; everything else happens here.

    :attr:`command` is what the machine asks for now. The driver performs it and calls
    :meth:`advance` with the event, until ``Finish``; then :meth:`finish` gives the
    response or raises. :meth:`close` must be called however the call ends.

    Args:
        world: What the call needs of its orchestrator.
        request: What the caller asked.
        call: The machine, not started.
        unfit: Targets that cannot express the request.
        observers: Called with each ledger entry.
    """

    def __init__(
        self,
        world: World,
        request: Request,
        call: Call,
        *,
        unfit: Sequence[Skipped] = (),
        observers: Sequence[Callable[[Any], None]] = (),
    ) -> None:
        self.world = world
        self.request = request
        self.call = call
        self.unfit = tuple(unfit)
        self.wording = Wording(request, world.repairs)
        self.streamed = False
        self.stops: tuple[str, ...] = ()
        self.failure: Failure | None = None
        self.answer: Answer | None = None
        self.body: Body | None = None
        self._heard = False
        self._created = 0
        self.origin = world.clock.monotonic()
        self.recorder = Recorder(str(uuid.uuid4()), observers)
        self.visit = world.board.visit(call.route, world.clock.time())
        self.recorder.opened(call, world.clock.time(), request, world.pools)
        self.command: Command = self._start()

    @property
    def at(self) -> float:
        """Seconds since ``Started``."""
        return self.world.clock.monotonic() - self.origin

    def advance(self, event: Event) -> None:
        """Step the machine, record the move, and hold the next command."""
        if isinstance(event, Succeeded | Failed | Cancelled | DeadlineReached):
            self.recorder.counted(self._usage())
        before = self.call
        moved = step(before, event)
        self.call, self.command = moved.call, moved.command
        self.recorder.moved(before, event, moved)

    # What needs no waiting.

    def diagnose(self) -> Diagnosed:
        """Classify the failure, report it to the board, and look at what stands by."""
        self._heard = True
        target, credential = self._sent()
        error = self._error(target)
        at = self.at
        standby = self.visit.report(
            target, credential, error, at, cut_first_token=self._cut_first_token()
        )
        self.recorder.diagnosed(error, unsent=never_sent(self.failure))
        return Diagnosed(at, error, standby, self.world.jitter())

    def rotate(self, command: Rotate) -> Rotated:
        """Take another credential of the same target."""
        return Rotated(*self._take((command.target,), used=command.used))

    def switch(self, command: Switch) -> Switched:
        """Take the first of the targets that can be had."""
        return Switched(*self._take(command.targets))

    def waited(self, command: Wait) -> Waited:
        """Take the target that was waited for; the driver has slept."""
        return Waited(*self._take((command.target,)))

    def repair(self, command: Repair) -> Repaired:
        """Change what is sent to this target, and to no other."""
        self.wording.repair(command.target, command.name)
        return Repaired(*self._take((command.target,)))

    def finish(self, command: Finish) -> Response:
        """The response, or the failure that the call ends with.

        Raises:
            CallFailed: The call failed.
        """
        skipped = self.unfit + self.recorder.skipped(self.call)
        self.recorder.closed(self.call, self.at, skipped)
        if command.stopped_by is None and self.answer is not None:
            target, credential = self._sent()
            return Response(
                self.answer,
                target.provider,
                target.model,
                credential,
                skipped,
                self.recorder.ledger,
                self.answered_in,
                self.created,
            )
        raise self._failure(command, skipped)

    @property
    def created(self) -> int:
        """When the first of the answer came, whole seconds since the epoch; the same ever after."""
        self._created = self._created or int(self.world.clock.time())
        return self._created

    @property
    def answered_in(self) -> str:
        """The dialect that the answer is written in; what was put together is a completion."""
        return DEFAULT_DIALECT if self.streamed else self._provider().dialect

    # What the driver sends, and what it brought.

    def located(self, command: Send) -> bool:
        """True where :meth:`locate` answers at once; else an event loop asks it in a thread."""
        return self.world.addresses.is_known(
            self.world.providers[command.target.provider].base_urls
        )

    def locate(self, command: Send) -> Provider:
        """The target's provider at an address that can be reached; may ask over the network."""
        provider = self.world.providers[command.target.provider]
        return provider.located(self.world.addresses.choose)

    def outgoing(self, command: Send) -> httpx.Request:
        """The HTTP request of an attempt, with its limits."""
        self.failure = self.answer = self.body = None
        self._heard = False
        provider = self.locate(command)
        settings = self.world.targets.get(command.target.name)
        overrides = settings.overrides if settings is not None else {}
        worded = self.wording.words(command.target, provider, overrides)
        secret = provider.credential(command.credential).secret
        self.streamed, self.stops = worded.stream, worded.stops
        try:
            outgoing = dialect(provider.dialect).encode(
                worded.payload,
                provider=provider,
                model=command.target.model,
                overrides=worded.overrides,
                stream=worded.stream,
            )
        except RequestError as error:
            # Without the frames that had the secret in their hands.
            raise RequestError(str(error)) from None
        apply_key(outgoing, provider, secret)
        if provider.dialect == self.request.dialect:
            outgoing.headers.update(
                [
                    (name.encode("ascii"), value.strip(" \t").encode("latin-1"))
                    for name, value in self.request.headers.items()
                ]
            )
        limits = command.timeouts
        outgoing.extensions["timeout"] = {
            "connect": min(limits.connect, self.left(command)),
            "read": limits.total,
            "write": limits.total,
            "pool": limits.total,
        }
        self.recorder.sent(command, self.at)
        for note in worded.notes:
            self.recorder.note(note)
        reaches = self.at + self._longest(command) >= command.until - EARLY
        if reaches and command.until < command.ends_at:
            seconds = round(command.until - self.at, 3)
            self.recorder.note(f"limited to {seconds:g} s: the rest is kept for other targets")
        return outgoing

    def left(self, command: Send) -> float:
        """Seconds until the attempt is over."""
        sent = self.recorder.sent_at if self.recorder.sent_at is not None else self.at
        return max(0.0, min(sent + command.timeouts.total, command.until) - self.at)

    def opened(self, response: httpx.Response) -> Body:
        """Take in the head of an answer; what comes of its body is to be added to what this gives.

        Where the status alone says that it is a failure, that is what came, whether the body
        arrives, stalls or breaks.
        """
        self._received(response.status_code, response.headers)
        self.body = Body(response, self._provider().dialect, self.streamed)
        return self.body

    def received(self, status: int, headers: httpx.Headers, body: bytes) -> Event:
        """What an HTTP answer is, for drivers that get it at once."""
        self.opened(httpx.Response(status, headers=headers)).add(body)
        return self.whole()

    def whole(self) -> Event:
        """What the answer is whose body came to its end: one of the model, or a failure."""
        if self.body is None:
            raise AssertionError("only called after opened")
        self.recorder.ended(self.at)
        judged = self._enough(self._decoded(self.body))
        if isinstance(judged, Answer):
            self.answer = judged
            self._answered()
            return Succeeded(self.at)
        return self._fail(judged)

    def broken(self, exception: Exception) -> Event:
        """An attempt that brought no HTTP answer, or half of one."""
        if self._arrived():
            return self.whole()
        self.recorder.ended(self.at)
        if self.body is not None and self.body.is_stream:
            return self._fail(Interrupted(f"{type(exception).__name__}: {exception}"))
        return self._fail(Broken(exception))

    def too_large(self) -> Event:
        """An answer that is larger than any answer may be."""
        return self.whole() if self._arrived() else self._fail(TooLarge())

    def limit_reached(self, command: Send, limit: str) -> Event:
        """A time limit fired: the attempt's own ``connect`` or ``total``, or the call's."""
        if self._arrived():
            return self.whole()
        self.recorder.ended(self.at)
        if self.at >= command.ends_at - EARLY:
            return DeadlineReached(self.at)
        return self._fail(self._limit(command, limit))

    def cancel(self) -> None:
        """The caller went away; the machine ends, and nothing follows.

        A failure that had come by then stays what it is, in the record and on the board.
        """
        if not self.call.state.final:
            self._keep_what_came()
            self.advance(Cancelled(self.at))
            skipped = self.unfit + self.recorder.skipped(self.call)
            self.recorder.closed(self.call, self.at, skipped)

    def close(self) -> None:
        """Give back what the call claimed on the health board."""
        self.visit.close(self.at)

    # Inside.

    def _start(self) -> Command:
        self.command = Finish()
        self.advance(Started(0.0, *self.visit.start(0.0)))
        return self.command

    def _take(
        self, targets: Sequence[Target], used: frozenset[str] = frozenset()
    ) -> tuple[float, Taken | None, Standby]:
        at = self.at
        return at, *self.visit.take(targets, at, used=used)

    def _decoded(self, body: Body) -> Answer | Fault | Flawed | Interrupted:
        """What came, told by its bytes: a stream or one piece, whichever was asked for."""
        head, asked, self.streamed = body.response, self.streamed, body.is_stream
        if not self.streamed:
            # Who was asked for a stream and answers in one piece has answered all the same.
            decoded = dialect(body.spoken).decode(head.status_code, head.headers, body.content)
            if isinstance(decoded, Answer):
                return cut_answer(decoded, body.spoken, self.stops)
            return decoded
        if not asked:
            self.recorder.note("answered with a stream although none was asked for")
        judged, skipped = joined(
            body.content, body.spoken, head.headers, self.stops, ends_by_mark=self._ends_by_mark
        )
        self._note_skipped(skipped)
        return judged

    @property
    def _ends_by_mark(self) -> bool:
        return self._provider().end is StreamEnd.MARK

    def _note_skipped(self, count: int) -> None:
        if count:
            self.recorder.note(f"{count} unreadable event{'s' if count > 1 else ''} skipped")

    def _sent(self) -> tuple[Target, str]:
        target, credential = self.call.target, self.call.credential
        if target is None or credential is None:
            raise AssertionError("only called after a send")
        return target, credential

    def _provider(self) -> Provider:
        return self.world.providers[self._sent()[0].provider]

    def _received(self, status: int, headers: httpx.Headers) -> None:
        self.recorder.received(status, masked(request_id(headers), self.world.masker))

    def _keep_what_came(self) -> None:
        """Take note of a failure that nobody will wait for any more."""
        if self.call.state is State.ATTEMPT and self.body is not None and self.body.failed:
            head = self.body.response
            self.advance(self._fail(Fault(head.status_code, dict(head.headers), self.body.content)))
        # Where that is what was interrupted, it is not tried again.
        if self.call.state is State.CLASSIFY and not self._heard:
            self.diagnose()

    def _usage(self) -> Usage | None:
        """What the attempt under way cost, as far as its provider told."""
        if self.answer is not None:
            return self.answer.usage
        return usage_in(self.body.content, self.body.spoken) if self.body is not None else None

    def _arrived(self) -> bool:
        """True where what came is known, whatever breaks now.

        The head says that it is no answer of the model, or a stream came to its end, after
        which some servers leave the connection open.
        """
        body = self.body
        if body is None or body.failed or not body.is_stream:
            return body is not None and body.failed
        return is_whole(body.content, body.spoken, self.stops, ends_by_mark=self._ends_by_mark)

    def _answered(self) -> None:
        target, credential = self._sent()
        self.visit.succeed(target, credential, self.at)
        self.wording.cured(target)

    def _fail(self, failure: Failure) -> Failed:
        self.failure = failure
        self._warn_of_mark(failure)
        at = self.at
        return Failed(at, waited=self._waited(at))

    def _waited(self, at: float) -> float:
        """Seconds since the attempt was sent: nothing reaches the caller before all is here."""
        sent = self.recorder.sent_at
        return 0.0 if sent is None else at - sent

    def _cut_first_token(self) -> float | None:
        """The first-token limit that cut the wait, where no hurry of this call shortened it."""
        failure = self.failure
        if isinstance(failure, LimitReached) and failure.limit == "first_token":
            return None if failure.shortened else failure.seconds
        return None

    def _longest(self, command: Send) -> float:
        """Seconds that the attempt may take by its own limits."""
        return command.timeouts.total

    def _seconds(self, command: Send, limit: str) -> float:
        """How long the limit of that name is, by the attempt's own limits."""
        return float(getattr(command.timeouts, limit))

    def _warn_of_mark(self, failure: Failure) -> None:
        """Say once what a person must know of a provider that ends its streams in its own way."""
        name = self._sent()[0].provider
        if not isinstance(failure, Interrupted) or failure.hint is not HINT_MARK:
            return
        if name not in self.world.warned:
            self.world.warned.add(name)
            _log.warning(
                "%s ended a stream with the end mark and without a finish reason, as after a "
                'stream that broke; where it never sends one, set end = "mark" in '
                "[providers.%s]",
                name,
                name,
            )

    def _limit(self, command: Send, limit: str) -> LimitReached:
        shortened = self.at >= command.until - EARLY
        return LimitReached(limit, self._seconds(command, limit), shortened=shortened)

    def _enough(
        self, judged: Answer | Fault | Flawed | Interrupted
    ) -> Answer | Fault | Flawed | Interrupted | TornArguments | Truncated:
        """An answer that is whole enough for this caller, or why there is none.

        One without a word is kept: where nobody else can be asked, it is the answer.
        """
        if isinstance(judged, Flawed) and judged.flaw is Flaw.EMPTY:
            self.answer = judged.answer
        if not isinstance(judged, Answer):
            return judged
        demanded, status = self.request.require_complete, self._status()
        if judged.truncated and (demanded or judged.truncated_tool_call):
            return Truncated(status, judged.truncated_tool_call)
        if not all(call.parses for call in judged.tool_calls):
            if demanded:
                return TornArguments(status)
            self.recorder.note("the arguments of a tool call are no JSON object")
        return judged

    def _status(self) -> int:
        return self.body.response.status_code if self.body is not None else 200

    def _error(self, target: Target) -> Error:
        provider = self.world.providers[target.provider]
        now, payload = self.world.clock.time(), self.request.payload
        attempt = AttemptContext(provider, self.world.masker, now, payload, target.model)
        error = classified(self.failure, attempt)
        repair = self.wording.cure(target, provider, error)
        return attrs.evolve(error, repair=repair, hint=_hint(error, repair))

    def _failure(self, command: Finish, skipped: tuple[Skipped, ...]) -> CallFailed:
        return failed_call(command, self.call, skipped, self.recorder, seconds=self.at)


def _hint(error: Error, repair: str | None) -> str:
    """Who must act: nobody yet, where the request itself is changed; a rule's own words stand."""
    if error.hint not in (HINT_REPAIRED, HINTS[error.reason]):
        return error.hint
    return HINTS[error.reason] if repair is None else HINT_REPAIRED
