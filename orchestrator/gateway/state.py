"""What the requests of one gateway share, and what becomes of each of them."""

from __future__ import annotations

from typing import Self

import attrs

from orchestrator.api.client import Orchestrator
from orchestrator.api.request import Request
from orchestrator.clock import Clock, SystemClock
from orchestrator.config.config import Config, GatewaySettings
from orchestrator.config.errors import ConfigError, Problem
from orchestrator.execution.call_facts import CallFacts, call_facts
from orchestrator.execution.call_run import CallRun
from orchestrator.gateway.call_auditor import CallAuditor
from orchestrator.gateway.call_store import CallStore, has_begun
from orchestrator.gateway.client_request import ClientRequest
from orchestrator.gateway.daily_tokens import DailyTokens
from orchestrator.gateway.failed_calls import log_failed_call
from orchestrator.gateway.inspector.live_events import EventFeed, GatewaySign
from orchestrator.gateway.inspector.minute_figures import MinuteFigures
from orchestrator.gateway.instance import program_version
from orchestrator.gateway.key_limits import Admission, KeyLimits, reservation
from orchestrator.gateway.keys import GatewayKey, KeyRing, check_routes
from orchestrator.gateway.metrics import Metrics
from orchestrator.gateway.policy_check import PolicyCheck
from orchestrator.gateway.traced_calls import TracedCalls
from orchestrator.ledger import Billed
from orchestrator.serving.refusals import RequestRefused
from orchestrator.states import Reason, State

NO_KEYS = Problem(
    "gateway.keys",
    "is missing, and the gateway is reached from other machines, where anybody could spend your "
    'money: set [gateway] keys = "keys.json", then `orchestrator key new NAME`',
)
"""What is wrong with a gateway that anybody may use whom the network lets."""

_SUCCEED = State.SUCCEED.value


@attrs.define(eq=False)
class Handling:
    """One request while it is answered.

    Attributes:
        incoming: What the client sent.
        began: When it began (monotonic).
        key: Whose it is; ``None`` where the gateway takes no keys.
        origin: The web page whose script may read the answer.
        call: The call that it asked for, once there is one.
        facts: What that came to, once it is over.
        admission: What its key is charged for it.
        is_counted: True once it is one of those that are in flight.
        is_traced: True where its call is traced while it runs.
    """

    incoming: ClientRequest
    began: float
    key: GatewayKey | None = None
    origin: str | None = None
    call: CallRun | None = None
    facts: CallFacts | None = None
    admission: Admission | None = None
    is_counted: bool = False
    is_traced: bool = False

    def for_call(self) -> Handling:
        """The same for a call to which other requests may attach: it may outlive this one."""
        return Handling(self.incoming, self.began, self.key)

    @property
    def is_admin(self) -> bool:
        """True where it may see what others asked; without keys there are no others."""
        return self.key is None or self.key.admin

    @property
    def key_name(self) -> str | None:
        """The name of its key."""
        return None if self.key is None else self.key.name


@attrs.define(eq=False)
class CallerKeys:
    """The keys of a gateway's callers, and what they may use.

    Attributes:
        ring: Finds them.
        limits: Hold them to what they may use.
    """

    ring: KeyRing
    limits: KeyLimits

    @classmethod
    def of(cls, config: Config, *, is_loopback: bool) -> Self | None:
        """The keys that a config names; ``None`` where it names none.

        Raises:
            ConfigError: The file cannot be used, or there is none and others reach the gateway.
        """
        file = config.gateway.keys
        if file is None:
            if not is_loopback:
                raise ConfigError(str(config.path), [NO_KEYS])
            return None
        ring = KeyRing(file)
        ring.load()
        return cls(ring, KeyLimits(DailyTokens.of_keys(file)))


@attrs.define(eq=False)
class Gateway:
    """One gateway.

    Attributes:
        orchestrator: Whose routes are served; another one once the config was read again.
        instance: What tells one start from another.
        keys: Of its callers; ``None`` where it takes none.
        metrics: What its calls came to.
        calls: Those in flight, and the newest that are over.
        is_loopback: True where only this machine can reach it.
        clock: By which its own time is measured.
        started: The wall clock at its start, seconds since the epoch.
        in_flight: Calls that are under way, from the first byte of their request to the last of
            their answer.
        is_draining: True once it is to stop: a connection serves no further request.
        feed: Tells the inspector's pages what happens to calls.
        is_replaying: True while the inspector plays a call again, one at a time.
        figures: What calls of the last day came to, minute by minute.
        traced: Which of its calls are traced.
        policy_check: Searches a changed config before it is taken.
        auditor: Audits calls as they end; ``None`` where nobody asked for it.
    """

    orchestrator: Orchestrator
    instance: str
    keys: CallerKeys | None
    calls: CallStore
    is_loopback: bool = True
    clock: Clock = attrs.field(factory=SystemClock)
    metrics: Metrics = attrs.field(init=False)
    started: float = attrs.field(init=False)
    in_flight: int = attrs.field(default=0, init=False)
    is_draining: bool = attrs.field(default=False, init=False)
    feed: EventFeed = attrs.field(init=False)
    is_replaying: bool = attrs.field(default=False, init=False)
    figures: MinuteFigures = attrs.field(factory=MinuteFigures, init=False)
    traced: TracedCalls = attrs.field(factory=TracedCalls, init=False)
    policy_check: PolicyCheck = attrs.field(factory=PolicyCheck, init=False)
    auditor: CallAuditor | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.started = self.clock.time()
        board = self.orchestrator.board
        self.metrics = Metrics(self.config, board, lambda: self.in_flight)
        self.feed = EventFeed(self.calls, self._sign)

    @classmethod
    def over(cls, orchestrator: Orchestrator, instance: str, *, is_loopback: bool = True) -> Self:
        """A gateway over ``orchestrator``, as its config says.

        Raises:
            ConfigError: The file of the keys cannot be used, or there is none and others reach
                the gateway.
        """
        keys = CallerKeys.of(orchestrator.config, is_loopback=is_loopback)
        kept = CallStore(orchestrator.config.gateway.calls_kept)
        return cls(orchestrator, instance, keys, kept, is_loopback=is_loopback)

    @property
    def config(self) -> Config:
        """The config of calls that begin now."""
        return self.orchestrator.config

    @property
    def settings(self) -> GatewaySettings:
        """What of it is the gateway's."""
        return self.orchestrator.config.gateway

    def audit(self) -> None:
        """Have each call audited that ends from now on."""
        self.auditor = CallAuditor(self.metrics.note_audit, self.config.ledger)

    def use(self, orchestrator: Orchestrator, keys: CallerKeys | None) -> None:
        """Begin calls with another config from now on."""
        self.orchestrator, self.keys = orchestrator, keys
        self.metrics.use(orchestrator.config, orchestrator.board)
        self.calls.calls_kept = self.settings.calls_kept

    def _sign(self) -> GatewaySign:
        return GatewaySign(self.instance, self.config.digest, program_version(), self.clock.time())

    # The life of a request.

    def begin(self, handling: Handling) -> None:
        """Count a call that is to begin.

        Raises:
            RequestRefused: There are as many as there may be.
        """
        most = self.settings.max_in_flight
        if self.in_flight >= most:
            raise RequestRefused(
                503,
                Reason.OVERLOADED.value,
                f"{most} calls are in flight, and [gateway] max_in_flight allows no more",
                retry_after=1,
            )
        self.in_flight += 1
        handling.is_counted = True

    def admit(self, handling: Handling, request: Request) -> None:
        """Let a call in as far as its key allows.

        Raises:
            RequestRefused: It asks for what is not for this key, or a limit is reached.
        """
        if handling.key is not None and self.keys is not None:
            check_routes(handling.key, request.wants)
            tokens = reservation(handling.key, request)
            handling.admission = self.keys.limits.admit(handling.key, tokens)

    def run(self, handling: Handling, call: CallRun) -> None:
        """A call is about to run."""
        handling.call = call
        headers = handling.incoming.headers
        handling.is_traced = self.traced.begin(call, headers, self.config.otel)
        self.calls.begin(call, handling.key_name)

    def facts(self, handling: Handling) -> CallFacts | None:
        """What the call of a request came to, as far as it has; ``None`` without one."""
        if handling.facts is not None:
            return handling.facts
        if handling.call is None or not has_begun(handling.call):
            return None
        found = call_facts(handling.call)
        if found.is_over:
            handling.facts = found
        return found

    def end(self, handling: Handling) -> bool:
        """A request was answered, or its client has left; whether its call has succeeded."""
        facts = self.facts(handling)
        if handling.call is not None:
            self.calls.add(handling.call, facts)
        if facts is not None and handling.call is not None:
            self.metrics.finished(facts, handling.call.origin - handling.began)
            self.figures.add(facts)
            log_failed_call(facts)
            if self.auditor is not None and facts.is_over:
                self.auditor.put(handling.call.recorder.ledger)
            if facts.is_over and not handling.is_traced:
                self.traced.end(handling.call, handling.incoming.headers, self.config.otel)
        if handling.admission is not None:
            handling.admission.settle(0 if facts is None else _tokens_used(facts))
        if handling.is_counted:
            self.in_flight -= 1
        return facts is not None and facts.state == _SUCCEED


def _tokens_used(facts: CallFacts) -> int | None:
    """The tokens of all attempts; ``None`` where one may be on a bill, and nobody told of it."""
    used = 0
    for attempt in facts.attempts:
        if attempt.usage is not None:
            used += (attempt.usage.prompt_tokens or 0) + (attempt.usage.completion_tokens or 0)
        elif attempt.billed is not Billed.NONE:
            return None
    return used
