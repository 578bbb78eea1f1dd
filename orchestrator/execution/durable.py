"""The pump of durable calls: a flow inside a workflow, each of its effects a recorded step.

A durable engine (DBOS, Temporal) runs a workflow again from its beginning after a crash, and gives
it what its steps brought the first time. So the flow here reads no clock, draws nothing that is not
drawn the same again, and touches nothing: all that it learns comes from a recorded step, and it
makes the same moves in each replay. Where it does not, since the machine has changed meanwhile,
:class:`NotDeterministic` says so.

What is recorded, and when it may happen twice:

* *Plan*: the route and the policy of the moment. A config that changes later changes no call that
  runs, but for what is said of a provider itself, which holds where a request is written.
* *Attempt*: one send with all of its answer. A process that dies in it leaves no result, so the
  engine performs it again: what was in flight at a crash may be asked twice, and nothing else.
* *Ask*: a question to the board as it is there, with all that the board knows of the call as a
  value (:class:`.SessionState`), so that any process can perform it. One that dies after the board
  has heard it, and before its result is kept, asks again: a failure is counted twice then, a take
  finds its own claim, or waits for it to expire by itself, as after the crash of any process.
* *Reload*: whether a refused secret is another one now; the secret itself is never told.
* *File*: the record of the call goes to the ledger file and the observers, whole, at its end; no
  step where there are none.

Secrets are read, and requests written and signed, by the :class:`.StepPerformer` alone.
"""

from __future__ import annotations

import base64
import random
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future
from typing import Any, Protocol, assert_never

import attrs
import cattrs
import msgspec

from orchestrator.api.request import Request, RequestError
from orchestrator.api.response import Response
from orchestrator.classification.rules.transport import RESEND
from orchestrator.connections.errors import LimitPassed, PerformerLost
from orchestrator.dialects import Operation
from orchestrator.execution.addresses import Addresses
from orchestrator.execution.auth import Auth, LiveSecrets, NoAuth
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.durable_data import (
    AttemptQuestion,
    AttemptRecord,
    BoardAnswer,
    BoardQuestion,
    BodyEnd,
    CallPlan,
    Data,
    LedgerQuestion,
    ReloadAnswer,
    ReloadQuestion,
    StepKind,
    StepResult,
    WrittenRequest,
    digest,
    read,
    write_question,
)
from orchestrator.execution.effects import (
    Ask,
    AwaitThread,
    Close,
    Effect,
    Emit,
    Open,
    Read,
    Sleep,
)
from orchestrator.execution.flow import flow
from orchestrator.execution.recorded_errors import rebuild_error
from orchestrator.execution.runtime import Runtime
from orchestrator.execution.step_performer import DurableHost, drive
from orchestrator.health import SessionState
from orchestrator.health.session import Release, Take, TakeFirst
from orchestrator.http_messages import ResponseHead, ResponseHeaders
from orchestrator.provider import Provider
from orchestrator.secrets import Secret
from orchestrator.states import Call

ASK_SECONDS = 10.0
"""How long a step may take that asks no provider: our own choice, far above what one takes."""


class DurableEngine(Protocol):
    """What a durable engine does for one call."""

    @property
    def is_replaying(self) -> bool:
        """True while steps are answered from the record, so that nothing is told twice."""
        ...

    async def step(self, kind: str, asked: Data, seconds: float) -> Data:
        """Perform a step once, by :meth:`.StepPerformer.perform`; in a replay, what it gave then.

        Args:
            kind: A :class:`.StepKind`.
            asked: JSON.
            seconds: How long it takes at most, where nothing is wrong.

        Raises:
            StepLost: Who performed it went away, and it is not known what came of it. Of an
                attempt alone: the machine decides whether to send again. Other steps are
                performed again by the engine.
            BaseException: What interrupts the workflow, as its cancellation.
        """
        ...

    async def sleep(self, seconds: float) -> float:
        """Wait, whatever happens to this process; the wall clock at the end, as recorded."""
        ...


class StepLost(Exception):
    """Who performed a step went away before its result was there.

    Attributes:
        ended: When that was noticed: the wall clock, as recorded.
    """

    def __init__(self, what: str, ended: float) -> None:
        super().__init__(what)
        self.ended = ended


class NotDeterministic(Exception):
    """A replay asks for something else than was recorded: the code is another one."""


async def run_durable(
    host: DurableHost, request: Request, engine: DurableEngine, call_id: str
) -> Response:
    """Run a call to its end inside a workflow of ``engine``.

    Args:
        host: The orchestrator of this process.
        request: What is asked for; its metadata must be JSON.
        engine: Records what happens.
        call_id: The call's id in the ledger, and what its jitter is drawn from: the same in each
            replay, and no other call's.

    Raises:
        CallFailed: The call failed.
        RequestError: It is no request for a whole answer, or none that can be recorded.
        NotDeterministic: The call was begun by other code, which would have gone another way.
        BaseException: What interrupted the workflow; what the call took is given back.
    """
    pump = DurablePump(host, request, engine, call_id)
    return await pump.run()


class RecordedClock:
    """The time as the recorded steps tell it; it stands still in between."""

    def __init__(self, started: float) -> None:
        self._started, self._elapsed = started, 0.0

    def monotonic(self) -> float:
        """Seconds since the call began."""
        return self._elapsed

    def time(self) -> float:
        """The wall clock (epoch)."""
        return self._started + self._elapsed

    def advance(self, *, wall: float = 0.0, elapsed: float = 0.0) -> None:
        """It is this late, by the wall clock or since the call began; never earlier than it was."""
        self._elapsed = max(self._elapsed, elapsed, wall - self._started)

    def sleep(self, seconds: float) -> None:  # noqa: ARG002
        """Nobody sleeps by it."""
        raise AssertionError("a durable call sleeps by its engine")

    async def sleep_async(self, seconds: float) -> None:
        """The same."""
        self.sleep(seconds)


@attrs.frozen
class AwaitReload(AwaitThread):
    """Wait for a secret to be read again, wherever that is done.

    Attributes:
        provider, label: The credential.
    """

    provider: str = ""
    label: str = ""


class RecordedSecrets(LiveSecrets):
    """Stand-ins of secrets, for requests that are only written to see whether they can be.

    Each is told from another by whether it was read again since.
    """

    def __init__(self, live: Runtime, clock: RecordedClock) -> None:
        super().__init__({}, live.masker, lambda *_: None, clock)
        self._readings: dict[tuple[str, str], int] = {}

    def secret(self, provider: Provider, label: str) -> Secret:
        """What stands for the credential."""
        return Secret(f"reading {self._readings.get((provider.name, label), 0)}")

    def auth(self, provider: Provider, label: str) -> tuple[Secret, Auth]:
        """The same, and nobody who signs."""
        return self.secret(provider, label), NoAuth()

    def reload(
        self,
        provider: Provider,
        label: str,
        sent: Secret,  # noqa: ARG002 - the record of the attempt tells what was sent
        seconds: float,
    ) -> Generator[AwaitThread, Any, str | None]:
        """See :meth:`.LiveSecrets.reload`."""
        answer: ReloadAnswer = yield AwaitReload(Future(), seconds, provider.name, label)
        if answer.is_changed:
            name = provider.name, label
            self._readings[name] = self._readings.get(name, 0) + 1
        return answer.found


class DurablePump:
    """Performs the effects of one call by the steps of an engine; see :func:`run_durable`."""

    def __init__(
        self, host: DurableHost, request: Request, engine: DurableEngine, call_id: str
    ) -> None:
        self._host, self._request, self._engine, self._id = host, request, engine, call_id
        self._state: SessionState | None = None
        self._answer: RecordedAnswer | None = None
        self._sent, self._ended = "", 0.0
        self._mismatch: NotDeterministic | None = None

    async def run(self) -> Response:
        """Run the call to its end."""
        written = _written(self._request)
        planned = await self._engine.step(StepKind.PLAN, written, ASK_SECONDS)
        plan, self._started = _result(StepKind.PLAN, written, planned, CallPlan)
        self._clock = RecordedClock(self._started)
        self._is_observed = plan.is_observed
        self._call = run = self._begin(plan)
        try:
            return await self._play(run)
        except GeneratorExit:
            # This process lets go of the workflow, and another one goes on with it.
            if self._mismatch is not None:
                raise self._mismatch  # noqa: B904 - it has a cause of its own
            raise

    async def _play(self, run: CallRun) -> Response:
        """Run the machine, and tell of what it did when it is over."""
        try:
            response = await drive(flow(run), self._perform)
        except GeneratorExit:
            raise
        except BaseException:
            await self._file()
            raise
        await self._file()
        return response

    def _begin(self, plan: CallPlan) -> CallRun:
        """The call as it was planned, in whatever process."""
        host, request, clock = self._host, self._request, self._clock
        # Who is known without a config is admitted here too; who is gone from it is named.
        host.targets([target.name for target in plan.route])
        live = host.runtime.of(request.operation)
        names = {target.provider for target in plan.route}
        runtime = attrs.evolve(
            live,
            # Which of its addresses can be reached is found out where the request is sent.
            providers={name: attrs.evolve(live.providers[name], base_urls=()) for name in names},
            clock=clock,
            jitter=random.Random(self._id).random,
            addresses=Addresses(clock.monotonic),
            repairs=dict(plan.repairs),
            secrets=RecordedSecrets(live, clock),
            log=live.log.silent_while(lambda: self._engine.is_replaying),
        )
        machine = Call(plan.route, plan.policy, reasoning=request.reasoning)
        run = CallRun(runtime, request, machine, unfit=plan.unfit)
        run.durable_id = self._id
        return run

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Read():
                return None if self._answer is None else self._answer.read()
            case Open():
                return await self._open(effect)
            case Close():
                return self._close()
            case Emit():
                return deque(effect.events, maxlen=0)  # the answer is taken whole
            case _:
                return await self._perform_besides(effect)

    async def _perform_besides(self, effect: Ask | Sleep | AwaitThread) -> Any:
        """What no answer of a provider is read for."""
        match effect:
            case Ask():
                return await self._ask(effect)
            case Sleep():
                return await self._sleep(effect.seconds)
            case AwaitReload():
                return await self._reload(effect)
            case AwaitThread():
                raise AssertionError("no thread works for a durable call")
            case _:
                assert_never(effect)

    # One step each.

    async def _step(self, kind: StepKind, asked: Any, seconds: float, result: Any = None) -> Any:
        """The result of a step, of the kind ``result``; the time is what it was at its end."""
        data = write_question(asked)
        told = await self._engine.step(kind, data, seconds + ASK_SECONDS)
        try:
            found, self._ended = _result(kind, data, told, result)
        except NotDeterministic as mismatch:
            # No failure of an attempt, and no end of the call: whatever was done here would stand
            # in the record, where the code that began it finds something else.
            self._mismatch = mismatch
            raise GeneratorExit from mismatch
        return found

    async def _open(self, effect: Open) -> ResponseHead:
        run, began = self._call, self._clock.monotonic()
        if run.exchange is None:
            raise AssertionError("nothing is sent but an attempt")
        send = run.exchange.command
        asked = AttemptQuestion(
            WrittenRequest.of(self._request),
            send,
            run.requests.repairs_of(send.target),
            (send.target.name, RESEND) in run.call.repaired,
            began,
        )
        try:
            record = await self._step(StepKind.ATTEMPT, asked, effect.seconds, AttemptRecord)
        except StepLost as lost:
            self._ended = lost.ended
            self._clock.advance(wall=lost.ended)
            raise PerformerLost(str(lost)) from None
        # Who is refused is asked for another secret than this one, in whatever process that is.
        self._sent = record.secret
        self._answer = RecordedAnswer(record, began, self._clock)
        return self._answer.open()

    def _close(self) -> None:
        """What follows comes after the step, which may have ended later than its last byte."""
        self._answer = None
        self._clock.advance(wall=self._ended)

    async def _ask(self, effect: Ask) -> Any:
        run, state = self._call, self._state
        if isinstance(effect.question, Release) and not (state is not None and state.owes):
            return None  # a step less for nearly every call
        asked = BoardQuestion(
            self._id,
            run.call.route,
            self._request.operation,
            self._started,
            effect.at,
            effect.question,
            state,
        )
        answer: BoardAnswer = await self._step(StepKind.ASK, asked, 0.0, BoardAnswer)
        self._state = answer.state
        is_take = isinstance(effect.question, TakeFirst | Take)
        return (answer.taken, answer.standby) if is_take else answer.standby

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0:  # the step before took longer than until then
            return
        due = self._clock.monotonic() + seconds
        ended = await self._engine.sleep(seconds)
        # A timer may be coarser than the call: what it waited for is due now.
        self._clock.advance(wall=ended, elapsed=due)

    async def _reload(self, effect: AwaitReload) -> ReloadAnswer:
        asked = ReloadQuestion(effect.provider, effect.label, self._sent, effect.seconds)
        answer: ReloadAnswer = await self._step(
            StepKind.RELOAD, asked, effect.seconds, ReloadAnswer
        )
        self._clock.advance(wall=self._ended)
        return answer

    async def _file(self) -> None:
        if not self._is_observed:
            return
        entries = tuple(map(msgspec.json.decode, self._call.recorder.ledger.lines()))
        await self._step(StepKind.FILE, LedgerQuestion(self._id, entries), 0.0)


class RecordedAnswer:
    """The answer of an attempt, read from its record.

    Args:
        record: The record.
        began: When the attempt was sent, seconds since the call began.
        clock: Is set to when each part had come.
    """

    def __init__(self, record: AttemptRecord, began: float, clock: RecordedClock) -> None:
        self._record, self._began, self._clock = record, began, clock
        self._parts = iter(record.parts)

    def open(self) -> ResponseHead:
        """The head.

        Raises:
            LimitPassed, Exception: None came; what broke the attempt.
        """
        head = self._record.head
        if head is None:
            self._end()
            raise LimitPassed
        self._pass(self._record.opened)
        # Without the length: what was masked has another one.
        return ResponseHead(head.status, ResponseHeaders.of(head.headers))

    def read(self) -> bytes | None:
        """The next part; ``None`` at the end.

        Raises:
            LimitPassed, Exception: What broke the attempt after the last of them.
        """
        for part in self._parts:
            self._pass(part.at)
            data = part.text.encode() or base64.b64decode(part.base64)
            if data:
                return data
        self._end()
        return None

    def _end(self) -> None:
        self._pass(self._record.ended)
        match self._record.end:
            case BodyEnd.LIMIT | BodyEnd.CONNECT_LIMIT as limit:
                raise LimitPassed(connect=limit is BodyEnd.CONNECT_LIMIT)
            case BodyEnd.ERROR if self._record.error is not None:
                raise rebuild_error(self._record.error)
            case _:
                return

    def _pass(self, seconds: float) -> None:
        self._clock.advance(elapsed=self._began + seconds)


def _written(request: Request) -> Data:
    """The request as data.

    Raises:
        RequestError: It is one for a stream, or holds what JSON cannot say.
    """
    if request.stream or request.operation is Operation.PASSTHROUGH:
        raise RequestError("a durable call gives a whole answer; allowed: a request without stream")
    try:
        data: Data = write_question(WrittenRequest.of(request))
    except TypeError as error:
        raise RequestError(
            f"metadata cannot be recorded ({error}); allowed in a durable call: what JSON can say"
        ) from None
    return data


def _result(kind: StepKind, asked: Data, told: Data, result: Any) -> tuple[Any, float]:
    """What came of a step, of the kind ``result`` (nothing of ``None``), and when it was over.

    Raises:
        NotDeterministic: It is an answer to something else, or of another kind.
    """
    try:
        step: StepResult = read(told, StepResult)
        found = None if result is None else read(step.result, result)
    except cattrs.BaseValidationError as unreadable:
        raise NotDeterministic(f"what was recorded of the step {kind} is none: {_OTHER}") from (
            unreadable
        )
    if step.of != digest(kind, asked):
        raise NotDeterministic(
            f"the next step is to {kind} something else than was recorded: {_OTHER}"
        )
    return found, step.ended


_OTHER = (
    "the call was begun by another version of the code, or the config of a provider has changed; "
    "run it on with what it was begun with"
)
