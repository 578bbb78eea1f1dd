"""What a call's events and commands prove, folded without a look inside the call.

The reference of the properties: it reads the design, not `states`, so that a fault in
the machine's own bookkeeping cannot hide itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from states import (
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
    throttled: dict[str, float] = attrs.field(factory=dict)
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
        if isinstance(event, Diagnosed) and self.here is not None:
            self.error = event.error
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
            if self.error.reason is Reason.OVERLOADED:
                self.throttled[self.here.name] = self.not_before
            elif self.error.reason is Reason.RATE_LIMIT:
                self.throttled[self.here.name] = 0.0

    # What follows from it.

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
    if clear is None or (clear.mark in (Mark.BENCH, Mark.DEAD) and not clear.probed):
        return None
    return max(now, clear.at)


def facts(call: Call, moments: Sequence[Moment]) -> Iterator[tuple[Facts, Moment]]:
    """The facts at each moment: after its event was heard, before its command is seen.

    The facts are one object that goes on changing: use them before the next.
    """
    known = Facts(call.route, call.policy, ends_at=call.policy.deadline)
    for moment in moments:
        known.hear(moment.event)
        yield known, moment
        known.see(moment)
