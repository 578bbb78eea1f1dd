"""What a call's events and commands prove, folded without a look inside the call.

The reference of the properties: it reads the design, not `states`, so that a fault in
the machine's own bookkeeping cannot hide itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from orchestrator.states import (
    Call,
    Diagnosed,
    Error,
    Event,
    Failed,
    Mark,
    Move,
    OnInterrupted,
    Policy,
    Reason,
    Repair,
    Repaired,
    Rotated,
    Send,
    Standby,
    Started,
    Streaming,
    Switch,
    Switched,
    Target,
    Wait,
    Waited,
)
from tests.states.world import Moment

ARRIVALS = (Started, Rotated, Switched, Waited, Repaired)
TOO_LARGE = (Reason.CONTEXT_OVERFLOW, Reason.PAYLOAD_TOO_LARGE)


@attrs.define
class Facts:
    """Everything that counts at one moment."""

    route: tuple[Target, ...]
    policy: Policy
    streamed: bool = False
    here: Target | None = None
    credential: str = ""
    probe: bool = False
    sends: int = 0
    tries: int = 0
    waits: int = 0
    asked: tuple[str, ...] = ()
    used: frozenset[tuple[str, str]] = frozenset()
    billed: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    repaired: frozenset[tuple[str, str]] = frozenset()
    left_open: dict[str, float] = attrs.field(factory=dict)
    kept_waiting: bool = False
    others_came: bool = False
    went_back: bool = False
    too_small: int = 0
    ends_at: float = 0.0
    committed: bool = False
    tool_call: bool = False
    error: Error | None = None
    not_before: float = 0.0

    # What happens.

    def hear(self, event: Event) -> None:
        """Take in what an event says."""
        if isinstance(event, Streaming) and not self.committed and self.here is not None:
            self.committed = True
            self.ends_at = event.at + self.here.timeouts.stream_total
        if isinstance(event, Failed):
            self.tool_call = self.tool_call or event.tool_call
            self.kept_waiting = event.waited > self.policy.patience
        if isinstance(event, Diagnosed) and self.here is not None:
            self.error = event.error
            self.others_came = self.others_came or not event.error.empty
            self.not_before = event.at + (event.error.retry_after or 0.0)
            if event.error.reason is Reason.BILLING:
                self.billed |= {self.here.provider}
            if event.error.reason in TOO_LARGE:
                self.too_small = max(self.too_small, self.here.context or 0)

    def see(self, moment: Moment) -> None:
        """Take in what was asked of the driver."""
        match moment.after.command:
            case Send() as send:
                self._send(send, moment.event)
            case Switch(targets):
                self._leave()
                self.gone |= {target.name for target in targets}
                self.here = None
            case Wait(_, target):
                self.waits += 1
                self._wait(target, moment.event)
            case Repair(name, target):
                self.repaired |= {(target.name, name)}
            case _:
                pass

    def _send(self, send: Send, event: Event) -> None:
        stays = self.here is not None and self.here.name == send.target.name
        first = 0 if not stays else self.tries
        self.tries = first + (0 if isinstance(event, Rotated | Repaired) else 1)
        self.sends += 1
        self.here, self.credential, self.probe = send.target, send.credential, send.probe
        self.used |= {(send.target.name, send.credential)}
        if send.target.name not in self.asked:
            self.asked += (send.target.name,)
        self.gone = frozenset()

    def _wait(self, target: Target, event: Event) -> None:
        if self.here is not None and self.here.name == target.name:
            return
        self._leave()
        if target.name in self.asked or isinstance(event, Diagnosed):
            self.went_back = True
        self.here, self.tries = target, 0

    def _leave(self) -> None:
        if self.here is not None and self.here.name in self.asked and self.error is not None:
            if self.error.reason is Reason.RATE_LIMIT:
                self.left_open[self.here.name] = 0.0
            elif self.error.reason is Reason.OVERLOADED or self._left_in_haste():
                self.left_open[self.here.name] = self.not_before

    def _left_in_haste(self) -> bool:
        """It would have been tried again, had it not been slow or only probed."""
        hasty = self.slow or self.probe
        return hasty and self.allows(Move.RETRY) and self.tries < self.most_tries

    # What follows from it.

    @property
    def slow(self) -> bool:
        timed_out = self.error is not None and self.error.reason is Reason.TIMEOUT
        return timed_out or self.kept_waiting

    @property
    def most_tries(self) -> int:
        limit, error = self.policy.attempts_per_target, self.error
        if error is not None and (error.reason is Reason.UNKNOWN or error.empty):
            return min(limit, 2)
        return limit

    def kept(self, standby: Standby, now: float) -> float:
        """Seconds that the targets which stand by may count on, where a silence may fall back."""
        others = self.unasked(standby)
        leaves = Move.FALLBACK in self.policy.on.get(Reason.TIMEOUT, ())
        if self.committed or not leaves:
            return 0.0
        held = self.policy.on_interrupted is OnInterrupted.HOLD
        known = dict(standby.seen)
        needs = [
            max(15 if self.streams(target) and not held else 60, known.get(target.name, 0))
            for target in others
        ]
        return float(min(sum(needs), max(0, self.ends_at - now) / 2))

    def streams(self, target: Target) -> bool:
        return self.streamed if target.stream is None else target.stream

    @property
    def attempts_left(self) -> int:
        return self.policy.max_attempts - self.sends

    @property
    def goes_on(self) -> bool:
        """False once what was delivered forbids another attempt."""
        may = self.policy.on_interrupted is OnInterrupted.CONTINUE and not self.tool_call
        return may or not self.committed

    def allows(self, move: Move) -> bool:
        if self.error is None:
            return True
        if move is Move.ROTATE and self.error.quoted:
            return False
        later = len(self.asked) > 1
        if move is Move.FALLBACK and self.error.reason is Reason.BAD_REQUEST and later:
            return True
        return move in self.policy.on.get(self.error.reason, ())

    def open(self, target: Target) -> bool:
        """False where the call may not send any more: billed, or known to be too small."""
        fits = target.context is None or self.too_small < target.context or not self.too_small
        return target.provider not in self.billed and fits

    def unasked(self, standby: Standby) -> list[Target]:
        out = {*self.asked, *self.gone}
        return [
            target for target in standby.targets if target.name not in out and self.open(target)
        ]

    def unused(self, standby: Standby) -> list[str]:
        assert self.here is not None
        return [key for key in standby.credentials if (self.here.name, key) not in self.used]


def sendable(standby: Standby, target: Target, now: float) -> float | None:
    """When `target` may be sent to, by waiting alone."""
    if any(other.name == target.name for other in standby.targets):
        return now
    clear = standby.clear(target)
    if clear is None:
        return None
    if clear.probed:
        return max(now, min(now + 10, clear.at))
    if clear.mark in (Mark.COOLDOWN, Mark.CIRCUIT):
        return max(now, clear.at)
    limited = clear.error is not None and clear.error.reason is Reason.RATE_LIMIT
    if clear.mark is Mark.BENCH and limited and clear.expected is not None:
        return max(now, clear.expected)
    return None


def facts(call: Call, moments: Sequence[Moment]) -> Iterator[tuple[Facts, Moment]]:
    """The facts at each moment: after its event was heard, before its command is seen.

    The facts are one object that goes on changing: use them before the next.
    """
    known = Facts(call.route, call.policy, call.streamed, ends_at=call.policy.deadline)
    for moment in moments:
        known.hear(moment.event)
        yield known, moment
        known.see(moment)
