"""Many calls of one process in virtual time: the machine that ships, over a board that ships."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator, Sequence
from random import Random

import attrs

from orchestrator.health import Session
from orchestrator.health.session import Release, Report, Succeed, Take, TakeFirst
from orchestrator.states import (
    Call,
    Command,
    Diagnose,
    Diagnosed,
    Error,
    Event,
    Failed,
    Policy,
    Send,
    Started,
    State,
    Succeeded,
    Switch,
    Switched,
    Target,
    Wait,
    Waited,
    step,
)
from orchestrator.states.routing import may_retry
from tests.orchestrator.health.world import A, World, pool

Provider = Callable[["StormCall", float], Error | None]
"""What a request that is sent now (epoch) will bring: nothing, for an answer."""

LATENCY = 0.2
"""Seconds until an answer or a failure comes."""


@attrs.define
class StormCall:
    """One call, and what became of it."""

    number: int
    began: float
    machine: Call
    session: Session
    random: Random
    requests: int = 0
    refused: int = 0
    error: Error | None = None

    @property
    def is_answered(self) -> bool:
        return self.machine.state is State.SUCCEED

    def run(self, world: World, provider: Provider) -> Generator[float, None, None]:
        """The call to its end; yields the instants (epoch) until which it waits."""
        taken, standby = self.session.answer(TakeFirst(), 0.0)
        command = self._step(Started(0.0, taken, standby))
        while not self.machine.state.final:
            if isinstance(command, Send):
                self.requests += 1
                self.error = provider(self, world.now)
                yield world.now + LATENCY
            elif isinstance(command, Wait):
                yield self.began + command.until
            command = self._step(self._event(command, world.now - self.began))
        self.session.answer(Release(), world.now - self.began)

    def _step(self, event: Event) -> Command:
        moved = step(self.machine, event)
        self.machine = moved.call
        return moved.command

    def _event(self, command: Command, at: float) -> Event:
        session, machine, error = self.session, self.machine, self.error
        match command:
            case Send() if error is None:
                session.answer(Succeed(command.target, command.credential), at)
                return Succeeded(at)
            case Send():
                return Failed(at)
            case Diagnose():
                assert machine.target is not None
                assert machine.credential is not None
                assert error is not None
                again = may_retry(machine, error)
                report = Report(machine.target, machine.credential, error, may_retry=again)
                standby = session.answer(report, at)
                self.refused += not standby.retry_affordable
                return Diagnosed(at, error, standby, self.random.random())
            case Wait():
                return Waited(at, *session.answer(Take((command.target,), waited=True), at))
            case Switch():
                return Switched(at, *session.answer(Take(command.targets), at))
            case _:
                raise AssertionError(f"{command} is not for one target with one key")


def storm(
    arrivals: Sequence[float],
    provider: Provider,
    *,
    budget: int = 500,
    seed: int = 0,
    route: tuple[Target, ...] = (A,),
    policy: Policy | None = None,
) -> list[StormCall]:
    """Calls that begin at ``arrivals`` (seconds), in order, each run to its end."""
    pools = [attrs.evolve(pool(target.provider, "k1"), retry_budget=budget) for target in route]
    world, order = World(*pools), itertools.count()
    start, calls = world.now, list[StormCall]()
    due = [(start + at, next(order), None) for at in sorted(arrivals)]
    waiting: list[tuple[float, int, Generator[float, None, None] | None]] = [*due]
    while waiting:
        world.now, _, running = heapq.heappop(waiting)
        if running is None:
            session = world.board.session(route, world.now)
            dice = Random(f"{seed} {len(calls)}")  # the same for a call whatever others do
            call = StormCall(len(calls), world.now, Call(route, policy or Policy()), session, dice)
            calls.append(call)
            running = call.run(world, provider)
        if (until := next(running, None)) is not None:
            heapq.heappush(waiting, (max(until, world.now), next(order), running))
    return calls
