"""What can happen to a call of a small setting, each event at each instant that counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, cast

import attrs

from orchestrator.lab.verify.moves import ARRIVALS
from orchestrator.lab.verify.small_settings import SmallSetting
from orchestrator.states.call import Call, State
from orchestrator.states.error import Error
from orchestrator.states.events import (
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Event,
    Failed,
    Rotated,
    Started,
    Streaming,
    Succeeded,
    Switched,
    Waited,
)
from orchestrator.states.facts import Standby, Taken, Target

GRID = 10.0
"""Seconds: whoever waits comes back at the next multiple of it, so that few instants come up."""

STRANGER = Target("nobody", "asked")
"""A target that is on no route."""


@attrs.frozen(eq=False)
class ClockedEvent:
    """One event but for what stands by.

    Attributes:
        event: Its class.
        at: When, seconds since ``Started``.
        error: What was diagnosed.
        taken: What was taken.
        tool_call, waited: Of a failed attempt.
        complete: Of a cancellation.
        jitter: What was drawn.
        possible: False where it cannot be true, so that the machine must refuse it.
    """

    event: type[Event]
    at: float
    error: Error | None = None
    taken: Taken | None = None
    tool_call: bool = False
    waited: float = 0.0
    complete: bool = False
    jitter: float = 0.0
    possible: bool = True

    def made(self, standby: Standby) -> Event:
        """The event, with what stands by."""
        kind = cast(Any, self.event)
        if self.event is Diagnosed and self.error is not None:
            return Diagnosed(self.at, self.error, standby, self.jitter)
        if self.event is Failed:
            return Failed(self.at, self.tool_call, self.waited)
        if self.event is Cancelled:
            return Cancelled(self.at, self.complete)
        if self.event in ARRIVALS.values():
            return cast(Event, kind(self.at, self.taken, standby))
        return cast(Event, kind(self.at))


class ClockedEvents:
    """The events of one small setting; an event of the same parts is the same object."""

    def __init__(self, setting: SmallSetting) -> None:
        self._setting = setting
        self._known: dict[tuple[Any, ...], ClockedEvent] = {}

    def _one(self, event: type[Event], at: float, **parts: Any) -> ClockedEvent:
        error, taken = parts.get("error"), parts.get("taken")
        words = tuple((name, parts[name]) for name in parts if name not in ("error", "taken"))
        key = (event, repr(at), id(error), taken, words)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = ClockedEvent(event, at, **parts)
        return known

    def of(self, call: Call, now: float) -> Iterator[ClockedEvent]:
        """Everything that can happen to ``call``, whose last event was at ``now``."""
        yield from self._led_to(call, now)
        if self._setting.cuts:
            yield self._one(Cancelled, now)
            yield self._one(DeadlineReached, max(now, call.ends_at))
        if self._setting.impossible:
            yield from self._never(call, now)

    def _led_to(self, call: Call, now: float) -> Iterator[ClockedEvent]:
        """What the state waits for."""
        state = call.state
        if state is State.ATTEMPT:
            yield from self._sent(call, now)
        elif state is State.STREAM:
            yield from self._streamed(now)
        elif state is State.CLASSIFY:
            for error in self._setting.errors:
                for jitter in self._setting.jitters:
                    yield self._one(Diagnosed, now, error=error, jitter=jitter)
        else:
            yield from self._arrivals(call, now)

    def _never(self, call: Call, now: float) -> Iterator[ClockedEvent]:
        """What cannot be, whatever was taken."""
        if call.state is not State.STREAM:
            yield self._one(Cancelled, now, complete=True, possible=False)
        yield self._one(DeadlineReached, math.nan, possible=False)

    def _later(self, now: float) -> list[float]:
        return [now, *(at for at in self._setting.instants if at > now)]

    def _sent(self, call: Call, now: float) -> Iterator[ClockedEvent]:
        yield self._one(Succeeded, now)
        for at in self._later(now):
            yield self._one(Failed, at, waited=at - now)
        if self._setting.streams:
            for at in self._later(now)[: 1 if call.committed else 2]:
                yield self._one(Streaming, at)
        if self._setting.impossible:
            yield self._one(Failed, now, waited=-1.0, possible=False)
            yield self._one(Failed, now, waited=now + 9.0, possible=False)

    def _streamed(self, now: float) -> Iterator[ClockedEvent]:
        yield self._one(Succeeded, now)
        for at in self._later(now):
            for waited in {0.0, at - now}:
                yield self._one(Failed, at, waited=waited)
        if self._setting.tool_calls:
            yield self._one(Failed, now, tool_call=True)
        yield self._one(Cancelled, now, complete=True)

    def _arrivals(self, call: Call, now: float) -> Iterator[ClockedEvent]:
        kind, at = ARRIVALS[call.state], now
        if kind is Waited and call.resume_at is not None:
            at = max(now, math.ceil(call.resume_at / GRID) * GRID)
        yield self._one(kind, at)
        if at < call.ends_at:
            yield self._one(kind, call.ends_at)
        for taken in self._takes(call, kind):
            yield self._one(kind, at, taken=taken)
        if at < call.ends_at:
            # Too late, though something was taken.
            yield from (
                self._one(kind, call.ends_at, taken=taken) for taken in self._first(call, kind)
            )
        if self._setting.impossible:
            for taken in self._impossible(call, kind):
                yield self._one(kind, at, taken=taken, possible=False)

    def _first(self, call: Call, kind: type[Event]) -> Iterator[Taken]:
        for taken in self._takes(call, kind):
            yield taken
            return

    def _takes(self, call: Call, kind: type[Event]) -> Iterator[Taken]:
        """What was asked for, with each key that may be had."""
        used, known = call.used, self._setting.known
        for target in self._setting.route:
            if target.provider in call.billed or not _asked_for(call, kind, target):
                continue
            labels = self._setting.labels(target)
            fresh = [label for label in labels if (target.name, label) not in used]
            if kind is not Rotated:
                fresh = [*[one for one in labels if one not in fresh][:1], *fresh[:1]]
            for label in fresh:
                yield Taken(target, label)
            if self._setting.probes and fresh:
                yield Taken(target, fresh[0], probe=True)
                yield Taken(target, fresh[0], probe=True, cut_first_token=25.0)
            for seconds in known[:1] if fresh else ():
                yield Taken(target, fresh[0], seen_first_token=seconds)
                yield Taken(target, fresh[0], stream=False)

    def _impossible(self, call: Call, kind: type[Event]) -> Iterator[Taken]:
        """What was not asked for: another target, who billed the call, a key that was used."""
        yield Taken(STRANGER, "key#1")
        for target in self._setting.route:
            billed, mine = target.provider in call.billed, _asked_for(call, kind, target)
            used = [label for name, label in sorted(call.used) if name == target.name]
            if billed or not mine:
                yield Taken(target, "key#1")
            elif kind is Rotated:
                yield from (Taken(target, label) for label in used[:1])


def _asked_for(call: Call, kind: type[Event], target: Target) -> bool:
    if kind is Started:
        return True
    if kind is Switched:
        return target.name in call.gone
    return call.target is not None and call.target.name == target.name
