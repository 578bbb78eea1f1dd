"""Performs the steps of durable calls: with real connections, secrets, board and ledger.

It stands where the world is: in the process whose engine runs a step. What it gives back holds no
secret, in no spelling: the request is written and signed here, and of what came everything is
masked that a provider might echo.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, ClassVar, Protocol, TypeVar

import attrs

from orchestrator.api.request import Request
from orchestrator.classification.rules.transport import RESEND
from orchestrator.execution import flow
from orchestrator.execution.attempt_recorder import AttemptRecorder
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.durable_data import (
    AttemptQuestion,
    AttemptRecord,
    BoardAnswer,
    BoardQuestion,
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
    write_result,
)
from orchestrator.execution.effects import Effect
from orchestrator.execution.runtime import Runtime
from orchestrator.execution.tasks import TaskConnection
from orchestrator.ledger import Observer
from orchestrator.ledger.codec import entry_of
from orchestrator.secrets import fingerprint
from orchestrator.states import Call, State, Succeeded

T = TypeVar("T")


class DurableHost(Protocol):
    """What durable calls need of an :class:`~orchestrator.Orchestrator`."""

    @property
    def runtime(self) -> Runtime:
        """What its calls share."""
        ...

    @property
    def observers(self) -> tuple[Observer, ...]:
        """Who is told of each entry of every call."""
        ...

    async def abegin_call(self, request: Request, *, is_traced: bool) -> CallRun:
        """A call that nobody runs yet."""
        ...

    async def connect(self) -> TaskConnection:
        """What performs the effects of one call in the running event loop."""
        ...

    def targets(self, wanted: Any) -> Any:
        """The targets that are named."""
        ...


async def drive(
    effects: Generator[Effect, Any, T], perform: Callable[[Effect], Awaitable[Any]]
) -> T:
    """Run ``effects`` to their end, each performed by ``perform``; what it raises is thrown in."""
    result, error = None, None
    try:
        while True:
            effect = effects.send(result) if error is None else effects.throw(error)
            result = error = None
            try:
                result = await perform(effect)
            except BaseException as raised:  # noqa: BLE001 - the flow says what it means
                error = raised
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return] # the generator's own type says it
    finally:
        # It knows this frame: together they would keep all that the call held alive.
        del error
        effects.close()


class StepPerformer:
    """Performs steps for the calls of one orchestrator, whichever process those run in.

    Args:
        host: The orchestrator.
    """

    def __init__(self, host: DurableHost) -> None:
        self._host = host

    async def perform(self, kind: str, asked: Data) -> Data:
        """The result of a step, to be recorded.

        Args:
            kind: A :class:`.StepKind`.
            asked: The question as data.

        Raises:
            NoTarget, ConfigError: Of a plan: nobody can be asked.
            ValueError: There is no such step.
        """
        result = await self._performers[StepKind(kind)](self, asked)
        ended = self._host.runtime.clock.time()
        told: Data = write_result(StepResult(digest(kind, asked), ended, write_result(result)))
        return told

    async def _plan(self, asked: Data) -> CallPlan:
        call = await self._host.abegin_call(read(asked, WrittenRequest).request(), is_traced=False)
        known = call.runtime.repairs
        repairs = {each.name: known[each.name] for each in call.call.route if each.name in known}
        return CallPlan(call.call.route, call.call.policy, call.unfit, repairs)

    async def _attempt(self, asked: Data) -> AttemptRecord:
        question = read(asked, AttemptQuestion)
        run = self._attempt_run(question)
        connection = await self._host.connect()
        recorder = AttemptRecorder(connection, lambda: run.at - question.at)
        try:
            event = await drive(flow.attempt(run, question.send), recorder.perform)
        finally:
            await connection.close()
        if isinstance(event, Succeeded):
            # What cured it is right for other calls of this process too.
            self._host.runtime.of(run.request.operation).repairs.update(run.runtime.repairs)
        return recorder.record(run, event, run.runtime.board.store.salt)

    def _attempt_run(self, asked: AttemptQuestion) -> CallRun:
        """A call that is just where the one stands that asks, as far as an attempt goes."""
        send, request = asked.send, asked.request.request()
        self._host.targets([send.target.name])  # admitted here too, where the config has it not
        live = self._host.runtime.of(request.operation)
        repaired = {(send.target.name, RESEND)} if asked.is_resent else ()
        call = Call(
            (send.target,),
            state=State.ATTEMPT,
            number=send.number,
            target=send.target,
            credential=send.credential,
            repaired=frozenset(repaired),
        )
        run = CallRun(attrs.evolve(live, repairs={}), request, call)
        run.command = send
        for name in asked.repairs:
            run.requests.repair(send.target, name)
        run.begin()
        run.origin -= asked.at
        return run

    async def _ask(self, asked: Data) -> BoardAnswer:
        question: BoardQuestion = read(asked, BoardQuestion)
        self._host.targets([target.name for target in question.route])
        runtime = self._host.runtime.of(question.operation)
        session = runtime.board.resume(
            question.route, question.started, question.call, question.state
        )
        answer = session.answer(question.question, question.at)
        for news in session.news:
            # Told here, where they are made, and so once whatever is replayed.
            runtime.log.tell_news(question.call, news)
        taken, standby = answer if isinstance(answer, tuple) else (None, answer)
        return BoardAnswer(session.state, taken, standby)

    async def _reload(self, asked: Data) -> ReloadAnswer:
        question: ReloadQuestion = read(asked, ReloadQuestion)
        runtime, label = self._host.runtime, question.label
        provider, secrets = runtime.providers[question.provider], runtime.secrets
        sent = secrets.secret(provider, label)
        if fingerprint(sent, runtime.board.store.salt) != question.sent:
            # Another process sent it, or it was read again since.
            return ReloadAnswer("has changed", is_changed=True)
        connection = await self._host.connect()
        reading = secrets.reload(provider, label, sent, question.seconds)
        found = await drive(reading, connection.perform)
        return ReloadAnswer(found, is_changed=secrets.secret(provider, label) != sent)

    async def _file(self, asked: Data) -> None:
        question: LedgerQuestion = read(asked, LedgerQuestion)
        for entry in map(entry_of, question.entries):
            for observer in self._host.observers:
                observer(entry)

    _performers: ClassVar[dict[StepKind, Callable[[StepPerformer, Data], Awaitable[Any]]]] = {
        StepKind.PLAN: _plan,
        StepKind.ATTEMPT: _attempt,
        StepKind.ASK: _ask,
        StepKind.RELOAD: _reload,
        StepKind.FILE: _file,
    }
