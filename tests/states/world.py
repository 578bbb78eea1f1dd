"""A world for one call, in plain code: providers, a health board, a virtual clock.

The board follows the table of marks in the design: billing benches a provider, a rate
limit cools a credential, a bad credential goes out, a failing target's circuit opens.
Whatever is due (a bench or circuit that has ended) is probed by whoever takes it first.
Races are drawn: a take may come back empty because another call was faster.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from math import inf

import attrs

from orchestrator.states import (
    Call,
    Cancelled,
    Clear,
    Command,
    DeadlineReached,
    Diagnose,
    Diagnosed,
    Error,
    Event,
    Failed,
    Finish,
    Mark,
    Reason,
    Relay,
    Repair,
    Repaired,
    Rotate,
    Rotated,
    Scope,
    Send,
    Standby,
    Started,
    Step,
    Streaming,
    Succeeded,
    Switch,
    Switched,
    Taken,
    Target,
    Wait,
    Waited,
    step,
)
from orchestrator.states.machine import Stepper

BENCH, CIRCUIT, COOLDOWN = 300.0, 5.0, 2.0
"""Seconds that a mark lasts where the error does not say."""

LONGEST_COOLDOWN, DUE = 300.0, 60.0
"""A longer wait is a bench that expects its end, and may be probed this soon."""

STEPS = 2_000
"""More steps than any call of these tests may need; a call that takes more does not end."""


_ARRIVALS: Mapping[type[Command], Callable[[float, Taken | None, Standby, float], Event]] = {
    Rotate: Rotated,
    Switch: Switched,
    Wait: Waited,
    Repair: Repaired,
}


@attrs.frozen
class Answer:
    """What one attempt brings: an error, or success where there is none.

    Attributes:
        seconds: From the send to the answer.
        content: True where content reaches the caller first (a stream).
        tool_call: True where a part of a tool call is delivered.
        stall: Seconds from the content to the error.
    """

    error: Error | None = None
    seconds: float = 0.1
    content: bool = False
    tool_call: bool = False
    stall: float = 0.0


@attrs.frozen
class Block:
    """A mark on the board."""

    mark: Mark
    until: float
    error: Error | None = None
    since: float = 0.0
    expected: float | None = None


@attrs.frozen
class Moment:
    """One step of a call: what it was, what happened, what came of it."""

    before: Call
    event: Event
    after: Step


@attrs.define
class Board:
    """What is known of providers, targets and credentials. Keys: a provider's or target's name,
    or `provider#label`."""

    route: tuple[Target, ...]
    pools: Mapping[str, tuple[str, ...]]
    blocks: dict[str, Block] = attrs.field(factory=dict)
    claims: dict[str, float] = attrs.field(factory=dict)

    def places(self, target: Target) -> tuple[str, str]:
        return target.provider, target.name

    def ready(self, target: Target, now: float) -> tuple[str, ...]:
        if self.clear(target, now) is not None:
            return ()
        return self._healthy(target, now)

    def clear(self, target: Target, now: float) -> Clear | None:
        blocks = [self.blocks[place] for place in self.places(target) if place in self.blocks]
        closed = [block for block in blocks if block.until > now]
        if not self._healthy(target, now):
            pool = (self.blocks[f"{target.provider}#{key}"] for key in self.pools[target.provider])
            closed.append(min(pool, key=lambda block: block.until))
        if closed:
            last = max(closed, key=lambda block: block.until)
            return Clear(
                target, last.mark, last.until, last.error, last.since, expected=last.expected
            )
        claim = self.claims.get(target.name, -inf)
        if blocks and claim > now:
            due = blocks[-1]
            return Clear(target, due.mark, claim, due.error, due.since, probed=True)
        return None

    def due(self, target: Target) -> bool:
        """True where a bench or circuit has ended and nobody has tested it yet."""
        return any(place in self.blocks for place in self.places(target))

    def look(self, here: Target | None, now: float) -> Standby:
        clears = {target.name: self.clear(target, now) for target in self.route}
        return Standby(
            credentials=self.ready(here, now) if here is not None else (),
            targets=tuple(target for target in self.route if clears[target.name] is None),
            clears=tuple(clear for clear in clears.values() if clear is not None),
        )

    def report(self, target: Target, key: str, error: Error, now: float) -> None:
        credential = f"{target.provider}#{key}"
        if error.reason is Reason.AUTH and error.revoked:
            self.blocks[credential] = Block(Mark.DEAD, inf, error, now)
            return
        narrow = {Scope.KEY: credential, Scope.MODEL: target.name}
        places = {
            Reason.BILLING: narrow.get(error.scope or Scope.ACCOUNT, target.provider),
            Reason.RATE_LIMIT: credential,
            Reason.AUTH: credential,
            Reason.FORBIDDEN: target.name,
            Reason.MODEL_NOT_FOUND: target.name,
        }
        if error.reason in places:
            throttled, named = error.reason is Reason.RATE_LIMIT, error.retry_after
            mark, seconds = (Mark.COOLDOWN, COOLDOWN) if throttled else (Mark.BENCH, BENCH)
            until, expected = now + (seconds if named is None else named), None
            if throttled and named is not None and named > LONGEST_COOLDOWN:
                mark, until, expected = Mark.BENCH, now + DUE, until
            self.blocks[places[error.reason]] = Block(mark, until, error, now, expected)

    def cured(self, target: Target) -> None:
        for place in self.places(target):
            self.blocks.pop(place, None)

    def due_early(self) -> None:
        """Nothing stood by: benches and circuits count as due 15 s after the last request."""
        for place, block in self.blocks.items():
            if block.mark in (Mark.BENCH, Mark.CIRCUIT) and "#" not in place:
                early = min(block.until, block.since + 15.0)
                self.blocks[place] = attrs.evolve(block, until=early)

    def _healthy(self, target: Target, now: float) -> tuple[str, ...]:
        def is_ready(key: str) -> bool:
            block = self.blocks.get(f"{target.provider}#{key}")
            return block is None or block.until <= now

        return tuple(key for key in self.pools[target.provider] if is_ready(key))


@attrs.define
class World:
    """One call among these providers. Without `luck` nothing is drawn: a script.

    Attributes:
        answers: What the sends bring, in order; success after the last.
        luck: Draws jitter, latencies, races, circuits and what other calls do.
        cancelled_at: When the caller goes away.
        late: Seconds that every wait takes longer than asked.
        stepper: The machine at work.
    """

    board: Board
    answers: Iterator[Answer]
    luck: random.Random | None = None
    cancelled_at: float = inf
    late: float = 0.0
    clock: float = 0.0
    stepper: Stepper = step

    def run(self, call: Call) -> list[Moment]:
        """Drive `call` until it finishes."""
        moments: list[Moment] = []
        event: Event = self._start()
        for _ in range(STEPS):
            after = self.stepper(call, event)
            moments.append(Moment(call, event, after))
            call = after.call
            if isinstance(after.command, Finish):
                return moments
            event = self._perform(after.command, call)
        raise AssertionError(f"no end after {STEPS} steps: {call}")

    def _start(self) -> Event:
        taken = self._take(self.board.route)
        if taken is None and not self.board.look(None, self.clock).targets:
            self.board.due_early()
            taken = self._take(self.board.route)
        return Started(self.clock, taken, self._look(taken, None), self._jitter())

    def _perform(self, command: Command, call: Call) -> Event:
        if isinstance(command, Wait):
            self.clock = max(self.clock, command.until) + self.late
        if self.clock >= self.cancelled_at:
            whole = isinstance(command, Relay) and self._chance(0.5)
            return Cancelled(self.clock, complete=whole)
        match command:
            case Send() | Relay():
                return self._answer(command, call)
            case Diagnose():
                return self._diagnose(call)
            case Wait() if self.clock >= call.ends_at and not self._chance(0.5):
                return DeadlineReached(self.clock)
            case Finish():
                raise AssertionError("nothing follows the end")
            case _:
                return self._arrive(command)

    def _arrive(self, command: Rotate | Switch | Wait | Repair) -> Event:
        kind = _ARRIVALS[type(command)]
        if isinstance(command, Switch):
            taken = self._take(command.targets)
            return kind(self.clock, taken, self._look(taken, None), self._jitter())
        used = command.used if isinstance(command, Rotate) else frozenset()
        taken = self._take((command.target,), used)
        return kind(self.clock, taken, self._look(taken, command.target), self._jitter())

    _answered: Answer = Answer()

    def _answer(self, command: Send | Relay, call: Call) -> Event:
        if isinstance(command, Send):
            self._answered = next(self.answers, Answer())
            waited = min(self._answered.seconds, command.until - self.clock)
            self.clock += waited
            if self.clock >= command.ends_at:
                return DeadlineReached(self.clock)
            if waited < self._answered.seconds:
                hurried = Error(Reason.TIMEOUT, "timeout.total", scope=Scope.REQUEST)
                self._answered = Answer(hurried)
            elif self._answered.content:
                return Streaming(self.clock)
        else:
            waited = self._answered.stall
            self.clock += waited
        if self._answered.error is not None:
            return Failed(self.clock, tool_call=self._answered.tool_call, waited=waited)
        assert call.target is not None
        self.board.cured(call.target)
        return Succeeded(self.clock)

    def _diagnose(self, call: Call) -> Event:
        error = self._answered.error
        assert error is not None
        assert call.target is not None
        assert call.credential is not None
        self.board.report(call.target, call.credential, error, self.clock)
        if self._chance(0.15):
            until = self.clock + CIRCUIT
            self.board.blocks[call.target.name] = Block(Mark.CIRCUIT, until, error, self.clock)
        jitter = self._jitter()
        standby = self.board.look(call.target, self.clock)
        if self._chance(0.1):  # other calls have spent what is meant for retries
            standby = attrs.evolve(standby, retry_affordable=False)
        return Diagnosed(self.clock, error, standby, jitter, self._jitter())

    def _take(
        self, targets: tuple[Target, ...], used: frozenset[str] = frozenset()
    ) -> Taken | None:
        for target in targets:
            labels = [key for key in self.board.ready(target, self.clock) if key not in used]
            if labels and not self._raced(target):
                key = labels[0] if self.luck is None else self.luck.choice(labels)
                return Taken(target, key, probe=self.board.due(target))
        return None

    def _raced(self, target: Target) -> bool:
        """Whether another call was faster: it took the probe, or the last ready credential."""
        if self.luck is None or not self._chance(0.2):
            return False
        until = self.clock + self.luck.choice((0.5, 4.0, 60.0))
        if self.board.due(target):
            self.board.claims[target.name] = until
        elif self._chance(0.7):
            for key in self.board.ready(target, self.clock):
                block = Block(Mark.COOLDOWN, until, None, self.clock)
                self.board.blocks[f"{target.provider}#{key}"] = block
        return True

    def _look(self, taken: Taken | None, here: Target | None) -> Standby:
        return self.board.look(taken.target if taken is not None else here, self.clock)

    def _jitter(self) -> float:
        return self.luck.random() if self.luck is not None else 0.0

    def _chance(self, share: float) -> bool:
        return self.luck is not None and self.luck.random() < share
