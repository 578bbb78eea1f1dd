"""Many calls at once, each a real flow over a real health board, pumped by hand.

A `Crowd` holds the clock, the processes (a board each) and what they must know together
(`Reference`). An `OpenCall` is a pump that performs one effect at a time, so that calls
interleave in any order; whatever is told to the board is told to the reference too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import attrs

from orchestrator import CallFailed, Response
from orchestrator.api.request import Request, request_of
from orchestrator.classification.rule import Rule
from orchestrator.clock import VirtualClock
from orchestrator.connections.errors import ConnectError, LimitPassed, ReadError
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.effects import Ask, Close, Effect, Open, Read, Sleep
from orchestrator.execution.flow import flow
from orchestrator.execution.runtime import Runtime
from orchestrator.health import HealthBoard, MemoryStore, Pool, PoolCredential, Store
from orchestrator.health.session import Question, Report, Succeed, Take, TakeFirst
from orchestrator.http_messages import ResponseHead, ResponseHeaders
from orchestrator.pooling import Accounts, Strategy
from orchestrator.provider import Credential, Provider
from orchestrator.secrets import Secret
from orchestrator.states import (
    Call,
    Command,
    Policy,
    Reason,
    Scope,
    Send,
    Target,
    Wait,
    step,
)
from tests.orchestrator.execution.reference_board import Reference, Visitor
from tests.states.world import Moment

TICK = 0.001
"""Seconds that each thing takes, so that no two happen at one instant."""

HI = request_of({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9})

RULES = (
    Rule("test.key-broke", Reason.BILLING, statuses=[471], scope=Scope.KEY),
    Rule("test.model-broke", Reason.BILLING, statuses=[472], scope=Scope.MODEL),
    Rule("test.resets", Reason.BILLING, statuses=[473], retry_after=40.0),
    Rule("test.revoked", Reason.AUTH, statuses=[474], revoked=True),
    Rule("test.one-model", Reason.RATE_LIMIT, statuses=[475], scope=Scope.MODEL, retry_after=8.0),
    Rule("test.account", Reason.RATE_LIMIT, statuses=[476], scope=Scope.ACCOUNT, retry_after=9.0),
    Rule("test.plan", Reason.RATE_LIMIT, statuses=[477], scope=Scope.ACCOUNT, retry_after=9e3),
    Rule("test.month", Reason.BILLING, statuses=[478], retry_after=1e6),
    Rule("test.hurry", Reason.TIMEOUT, statuses=[479], scope=Scope.REQUEST),
    Rule("test.behind", Reason.CONNECTION, statuses=[480], scope=Scope.MODEL),
)
"""What no vendor says in one plain answer, but a user's rules may."""


@attrs.frozen
class Answer:
    """What an attempt brings: an HTTP answer, an exception, or a limit of ours."""

    status: int = 200
    body: object = ""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    exception: Exception | None = None
    limit: str | None = None


def said(status: int, message: str, code: str | None = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"error": {"message": message, "code": code}}, named)


WHOLE = {"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}
OK = Answer(body=WHOLE)
BROKE = said(402, "Insufficient Balance")
THROTTLED = said(429, "Rate limit reached, slow down", "rate_limit_exceeded")
THROTTLED_0 = said(429, "Rate limit reached", "rate_limit_exceeded", Retry_After="0")
THROTTLED_7 = said(429, "Rate limit reached", "rate_limit_exceeded", Retry_After="7")
BAD_KEY = said(401, "Incorrect API key provided", "invalid_api_key")
OVERLOADED = said(503, "The engine is currently overloaded, please try again later")
SERVER_ERROR = said(500, "The server had an error while processing your request")
REFUSED = Answer(exception=ConnectError("connection refused"))
KEY_BROKE = said(471, "as the rule says")
REVOKED = said(474, "as the rule says")

FAILURES = (
    BROKE,
    said(429, "You exceeded your current quota", "insufficient_quota"),
    said(503, "The engine is currently overloaded", Retry_After="7200"),
    THROTTLED,
    THROTTLED_0,
    THROTTLED_7,
    said(429, "Rate limit reached", "rate_limit_exceeded", Retry_After="400"),
    BAD_KEY,
    OVERLOADED,
    OVERLOADED,
    SERVER_ERROR,
    REFUSED,
    REFUSED,
    Answer(exception=ReadError("connection reset")),
    Answer(limit="connect"),
    Answer(limit="total"),
    Answer(502, "<html><title>Bad Gateway</title></html>", {"Content-Type": "text/html"}),
    Answer(200, {"choices": []}),
    said(403, "Access denied by the firewall"),
    said(404, "The model `one` does not exist", "model_not_found"),
    said(400, "This model's maximum context length is 8192 tokens", "context_length_exceeded"),
    said(400, "Unknown parameter: 'foo'."),
    said(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        "unsupported_parameter",
    ),
    said(418, "I am a teapot"),
    *(said(status, "as the rule says") for status in range(471, 481)),
)


def provider(
    name: str,
    keys: int,
    *,
    strategy: Strategy = Strategy.FILL_FIRST,
    limits_by_model: bool = False,
    first_key: int = 1,
    accounts: Accounts = Accounts.SEPARATE,
) -> Provider:
    """A provider entry with `keys` keys, whose secrets are numbered from `first_key`."""
    credentials = tuple(
        Credential(f"key#{number + 1}", Secret(f"canary.{name}.{first_key + number}.Q7x"))
        for number in range(keys)
    )
    return Provider(
        name,
        base_url=f"http://{name}.test/v1",
        credentials=credentials,
        strategy=strategy,
        rules=RULES,
        vendor=name,
        limits_by_model=limits_by_model,
        accounts=accounts,
    )


def pool(entry: Provider) -> Pool:
    credentials = tuple(PoolCredential(each.label, each.secret) for each in entry.credentials)
    return Pool(entry.name, entry.base_url, credentials, entry.strategy, entry.accounts)


PROVIDERS = (
    provider("acme", 2),
    provider(
        "bolt",
        3,
        strategy=Strategy.ROUND_ROBIN,
        limits_by_model=True,
        accounts=Accounts.ONE,
    ),
    provider("corp", 1),
)
ROUTE = (
    Target("acme", "one"),
    Target("bolt", "one"),
    Target("acme", "two"),
    Target("bolt", "two"),
    Target("corp", "one", context=8_192),
)


@attrs.frozen
class Sent:
    """A request that went out."""

    at: float
    call: OpenCall
    command: Send


class Crowd:
    """Calls over the same marks. Each store is one process's; they share what they hold."""

    def __init__(
        self,
        *stores: Store,
        providers: Sequence[Provider] = PROVIDERS,
        known: Sequence[Target] = ROUTE,
    ) -> None:
        self.clock = VirtualClock()
        self.stores = stores or (MemoryStore(),)
        self.known = known
        self.reference = Reference(
            {entry.name: [each.label for each in entry.credentials] for entry in providers},
            {entry.name for entry in providers if entry.accounts is Accounts.ONE},
        )
        self.runtimes = tuple(self._runtime(store, providers) for store in self.stores)
        self.open: list[OpenCall] = []
        self.sent: list[Sent] = []

    @property
    def boards(self) -> tuple[HealthBoard, ...]:
        return tuple(runtime.board for runtime in self.runtimes)

    def _runtime(self, store: Store, providers: Sequence[Provider]) -> Runtime:
        pools = [pool(entry) for entry in providers]
        board = HealthBoard(pools, store, self.clock.time, Random(1))
        entries = {entry.name: entry for entry in providers}
        return Runtime(entries, {}, board, self.clock, Random(1).random)

    def begin(
        self,
        route: Sequence[Target] = ROUTE,
        policy: Policy | None = None,
        *,
        process: int = 0,
        request: Request = HI,
    ) -> OpenCall:
        """A call that has started, in one of the processes."""
        self.clock.advance(TICK)
        call = OpenCall(self, self.runtimes[process], tuple(route), policy or Policy(), request)
        if call.ended is None:
            self.open.append(call)
        return call

    def reset(self, provider: str | None, process: int = 0) -> None:
        """Someone resets the board."""
        self.boards[process].reset(provider)
        self.reference.reset(provider)

    def check(self) -> None:
        """Each board shows what the reference knows."""
        for board in self.boards:
            self.reference.check_snapshot(board.snapshot(self.known), self.clock.now)

    @property
    def claims(self) -> int:
        """Marks whose probe belongs to a call."""
        return sum(
            record.claim is not None for store in self.stores for record in store.read().values()
        )

    def run(self, answer: Callable[[OpenCall, Send], Answer], *, latency: float = 0.1) -> None:
        """Let time pass, whoever is due first going first, until every call has ended."""
        while self.open:
            call = min(self.open, key=lambda each: each.due(latency))
            self.clock.advance(call.due(latency) - self.clock.now)
            command = call.command
            brought = answer(call, command) if isinstance(command, Send) and call.is_sent else OK
            call.act(brought)

    def close(self) -> None:
        for call in list(self.open):
            call.cancel()
        for board in self.boards:
            board.close()


class _Gone(BaseException):
    """The caller went away."""


class OpenCall:
    """One call, doing one thing at a time."""

    def __init__(
        self,
        crowd: Crowd,
        runtime: Runtime,
        route: tuple[Target, ...],
        policy: Policy,
        request: Request,
    ) -> None:
        self.crowd = crowd
        self.cancelled = False
        self.begun = Call(route, policy)
        self.visitor = Visitor(route)
        self.started = crowd.clock.now
        self.is_sent = False
        self.sent_at = self.started
        self.ended: Response | CallFailed | None = None
        self.run = CallRun(runtime, request, self.begun)
        self._flow = flow(self.run)
        self._body: list[bytes | None] = []
        self.effect = next(self._flow)
        self._resume(self._perform(self.effect))

    @property
    def command(self) -> Command:
        return self.run.command

    def due(self, latency: float) -> float:
        """When the effect can be performed, or the answer has come."""
        if isinstance(self.effect, Sleep) and isinstance(self.command, Wait):
            return self.started + self.command.until
        if isinstance(self.effect, Open) and self.is_sent:
            return self.sent_at + latency
        return self.crowd.clock.now + TICK

    def act(self, answer: Answer) -> None:
        """Perform the effect; what was sent before is answered with ``answer``."""
        effect = self.effect
        if isinstance(effect, Open):
            self.is_sent = False
            if (error := self._limit(effect, answer) or answer.exception) is not None:
                self._resume(error=error)
                return
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            self._body = [text.encode(), None]
            self._resume(ResponseHead(answer.status, ResponseHeaders.of(answer.headers)))
        else:
            self._resume(self._perform(effect))

    def cancel(self) -> None:
        """The caller goes away, wherever the call is."""
        self.cancelled = True
        self._resume(error=_Gone())
        assert self.run.call.state.final

    def _send(self, effect: Open) -> None:
        command = self.command
        assert isinstance(command, Send)
        entry = self.run.runtime.providers[command.target.provider]
        secret = entry.credential(command.credential).secret.reveal()
        assert effect.request.headers["authorization"] == f"Bearer {secret}"
        assert json.loads(effect.request.content)["model"] == command.target.model
        self.is_sent, self.sent_at = True, self.crowd.clock.now
        self.crowd.sent.append(Sent(self.sent_at, self, command))

    def _limit(self, effect: Open, answer: Answer) -> LimitPassed | None:
        over = self.crowd.clock.now >= self.sent_at + effect.seconds
        return (
            LimitPassed(connect=answer.limit == "connect" and not over)
            if over or answer.limit is not None
            else None
        )

    def _resume(self, result: object = None, *, error: BaseException | None = None) -> None:
        """Go on until there is something that takes time, or the call is over."""
        try:
            while True:
                effect = self._flow.send(result) if error is None else self._flow.throw(error)
                result = error = None
                if isinstance(effect, Open):
                    self._send(effect)
                if self._waits(effect):
                    self.effect = effect
                    return
                result = self._perform(effect)
        except StopIteration as end:
            self.ended = end.value
        except CallFailed as failed:
            self.ended = failed
        except _Gone:
            assert self.cancelled
        self.crowd.reference.leave(self.visitor, (), self.crowd.clock.now)
        if self in self.crowd.open:
            self.crowd.open.remove(self)

    def _waits(self, effect: Effect) -> bool:
        if self.cancelled or self.run.call.state.final:
            return False  # what ends a call is not interleaved
        return isinstance(effect, Open | Close | Sleep)

    def _perform(self, effect: Effect) -> object:
        match effect:
            case Ask():
                answer = effect.session.answer(effect.question, effect.at)
                self._tell(effect.question, answer)
                return answer
            case Read():
                return self._body.pop(0)
            case Sleep() if isinstance(self.command, Wait):
                # It may have slept for a part while others went on.
                self.crowd.clock.advance(self.command.until - self.run.at)
                return None
            case _:
                return None

    def _tell(self, question: Question, answer: Any) -> None:
        """Tell the reference what the board was asked, and hold its answer against that."""
        reference, now = self.crowd.reference, self.crowd.clock.now
        match question:
            case TakeFirst():
                reference.start(self.visitor, answer[0], now)
                reference.check_standby(self.visitor, answer[1], now, self.started)
            case Take(targets, used):
                reference.take(self.visitor, targets, frozenset(used), answer[0], now)
                reference.check_standby(self.visitor, answer[1], now, self.started)
            case Report():
                reference.report(self.visitor, question.error, now)
                reference.check_standby(self.visitor, answer, now, self.started)
            case Succeed():
                reference.succeed(self.visitor, now)
            case _:
                pass

    # What a call leaves behind.

    @property
    def moments(self) -> list[Moment]:
        """Every step, made again from the recorded events."""
        moments: list[Moment] = []
        call = self.begun
        for entry in self.run.recorder.ledger.transitions:
            after = step(call, entry.facts)
            assert (after.row, after.command) == (entry.row, entry.command)
            moments.append(Moment(call, entry.facts, after))
            call = after.call
        assert call == self.run.call
        return moments
