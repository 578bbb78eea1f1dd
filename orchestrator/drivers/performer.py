"""One call between the machine and the world: all that sync and async drivers share."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any

import attrs
import httpx

from orchestrator.clock import Clock
from orchestrator.config.records import Provider, TargetSettings, masker
from orchestrator.dialects import Answer, Fault, Usage, dialect
from orchestrator.drivers.body import Body
from orchestrator.drivers.failures import Failure, classified, masked, never_sent
from orchestrator.drivers.outcome import (
    Broken,
    Interrupted,
    LimitReached,
    TooLarge,
    Truncated,
    failed_call,
)
from orchestrator.drivers.pieces import joined, usage_in
from orchestrator.drivers.recorder import Recorder, pools, request_id
from orchestrator.drivers.wording import Wording
from orchestrator.errors import CallFailed
from orchestrator.health import HealthBoard
from orchestrator.ledger import Pools, Skipped
from orchestrator.providers.reachability import Reachability
from orchestrator.request import Request, RequestError
from orchestrator.response import Response
from orchestrator.secrets import Masker
from states import (
    Call,
    Cancelled,
    Command,
    DeadlineReached,
    Diagnosed,
    Error,
    Event,
    Failed,
    Finish,
    Reason,
    Repair,
    Repaired,
    Rotate,
    Rotated,
    Scope,
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
        shares: Seconds of the call's own timeout, by the name of each target that has no more.
    """

    def __init__(
        self,
        world: World,
        request: Request,
        call: Call,
        *,
        unfit: Sequence[Skipped] = (),
        observers: Sequence[Callable[[Any], None]] = (),
        shares: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        self.world = world
        self.request = request
        self.call = call
        self.unfit = tuple(unfit)
        self._shares = shares
        self.wording = Wording(request, world.repairs)
        self.streamed = False
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
        standby = self.visit.report(target, credential, error, at)
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
        message = self.call.error.message if self.call.error is not None else ""
        self.wording.repair(command.target, self._provider(), command.name, message)
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
        return "openai-chat" if self.streamed else self._provider().dialect

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
        self.streamed = worded.stream
        try:
            outgoing = dialect(provider.dialect).encode(
                worded.payload,
                provider=provider,
                model=command.target.model,
                overrides=worded.overrides,
                secret=secret.reveal(),
                stream=worded.stream,
            )
        except RequestError as error:
            # Without the frames that had the secret in their hands.
            raise RequestError(str(error)) from None
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
        for note in (*worded.notes, *self._limited(command)):
            self.recorder.note(note)
        return outgoing

    def left(self, command: Send) -> float:
        """Seconds until the attempt's own limit or the call's end, whichever is first."""
        sent = self.recorder.sent_at if self.recorder.sent_at is not None else self.at
        return max(0.0, min(sent + command.timeouts.total, command.ends_at) - self.at)

    def opened(self, response: httpx.Response) -> Body:
        """Take in the head of an answer; what comes of its body is to be added to what this gives.

        Where the status alone says that it is a failure, that is what came, whether the body
        arrives, stalls or breaks.
        """
        self._received(response.status_code, response.headers)
        self.body = Body(response, self._provider().dialect, self.streamed)
        return self.body

    def whole(self) -> Event:
        """What the answer is whose body came to its end."""
        if self.body is None:
            raise AssertionError("only called after opened")
        head = self.body.response
        return self.received(head.status_code, head.headers, self.body.content)

    def received(self, status: int, headers: httpx.Headers, body: bytes) -> Event:
        """What an HTTP answer is: an answer of the model, or a failure."""
        if self.body is None:
            self._received(status, headers)
        self.recorder.ended(self.at)
        decoded = self._decoded(status, headers, body)
        if isinstance(decoded, Answer) and not self._incomplete(decoded):
            self.answer = decoded
            self._answered()
            return Succeeded(self.at)
        if isinstance(decoded, Fault | Interrupted):
            return self._fail(decoded)
        return self._fail(Truncated(status, decoded.truncated_tool_call))

    def broken(self, exception: Exception) -> Event:
        """An attempt that brought no HTTP answer, or half of one."""
        if self._refused():
            return self.whole()
        self.recorder.ended(self.at)
        return self._fail(Broken(exception))

    def too_large(self) -> Event:
        """An answer that is larger than any answer may be."""
        return self.whole() if self._refused() else self._fail(TooLarge())

    def limit_reached(self, command: Send, limit: str) -> Event:
        """A time limit fired: the attempt's own ``connect`` or ``total``, or the call's."""
        if self._refused():
            return self.whole()
        self.recorder.ended(self.at)
        # An event loop may fire a timer a little early.
        if self.at >= command.ends_at - 0.001:
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

    def _decoded(
        self, status: int, headers: httpx.Headers, body: bytes
    ) -> Answer | Fault | Interrupted:
        spoken = self._provider().dialect
        if self.streamed and status < 300 and body.lstrip()[:1] not in (b"{", b"<", b""):
            return joined(body, spoken, dict(headers))
        # Who was asked for a stream and answers in one piece has answered all the same.
        self.streamed = False
        return dialect(spoken).decode(status, headers, body)

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

    def _refused(self) -> bool:
        """True where the head of an answer came, and says that it is none of the model."""
        return self.body is not None and self.body.failed

    def _answered(self) -> None:
        target, credential = self._sent()
        self.visit.succeed(target, credential, self.at)
        self.wording.cured(target)

    def _fail(self, failure: Failure) -> Failed:
        self.failure = failure
        return Failed(self.at)

    def _limited(self, command: Send) -> tuple[str, ...]:
        share, whole = self._shares.get(command.target.name), self.call.policy.deadline
        return (
            ()
            if share is None
            else (f"limited to {round(share, 3):g} s: its share of timeout={whole:g}",)
        )

    def _limit(self, command: Send, limit: str) -> LimitReached:
        seconds = getattr(command.timeouts, limit)
        share = self._shares.get(command.target.name)
        return LimitReached(limit, seconds, self.call.policy.deadline if seconds == share else None)

    def _incomplete(self, answer: Answer) -> bool:
        """Whether an answer that stopped at its length limit is a failure to this caller."""
        if answer.finish_reason != "length":
            return False
        return self.request.require_complete or answer.truncated_tool_call

    def _error(self, target: Target) -> Error:
        provider = self.world.providers[target.provider]
        error = classified(self.failure, provider, self.world.masker, self.world.clock.time())
        repair = self.wording.cure(target, provider, error)
        by_model = error.reason is Reason.RATE_LIMIT and provider.limits_by_model
        scope = Scope.MODEL if error.scope is None and by_model else error.scope
        return attrs.evolve(error, repair=repair, scope=scope)

    def _failure(self, command: Finish, skipped: tuple[Skipped, ...]) -> CallFailed:
        return failed_call(command, self.call, skipped, self.recorder, seconds=self.at)
