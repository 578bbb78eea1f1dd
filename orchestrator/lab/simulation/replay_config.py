"""Recorded calls under another config: what would have been rescued, and what lost."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from random import Random

import attrs

from orchestrator.config.config import DEFAULT_ROUTE, Config, model_name
from orchestrator.dialects import Operation
from orchestrator.execution.recorder import pool_of
from orchestrator.execution.runtime import board_pool, operation_board
from orchestrator.health import HealthBoard, MemoryStore, Pool, PoolCredential
from orchestrator.health.penalties import CIRCUIT, FAILING_CALLS
from orchestrator.health.session import Release, Report, Take, TakeFirst
from orchestrator.lab.simulation.provider_model import Assume, RecordedProviders, usual_seconds
from orchestrator.lab.simulation.replay_call import CallReplay, Replay
from orchestrator.lab.simulation.workloads import CallFigures, Survey, figures_of
from orchestrator.ledger import Pools, RecordedPool, Recording
from orchestrator.provider import Provider
from orchestrator.states import (
    Arrival,
    Call,
    Clear,
    Diagnosed,
    Error,
    Mark,
    Policy,
    Reason,
    Rotate,
    Started,
    Target,
)


@attrs.frozen
class Comparison:
    """Recorded calls, before and after a change.

    Attributes:
        replays: The calls, in the order in which they began.
        before, after: The same calls in numbers, in the same order.
        routes: The route that each takes now.
    """

    replays: tuple[Replay, ...]
    before: Survey
    after: Survey
    routes: tuple[tuple[Target, ...], ...]

    @property
    def lost(self) -> tuple[Replay, ...]:
        """Calls that were answered, and would have been lost."""
        return tuple(each for each in self.replays if each.recording.answered > each.answered)

    @property
    def saved(self) -> tuple[Replay, ...]:
        """Calls that were lost, and would have been answered."""
        return tuple(each for each in self.replays if each.answered > each.recording.answered)

    @property
    def unchanged(self) -> int:
        """Calls that take the recorded rows to the end."""
        return sum(each.is_as_recorded for each in self.replays)

    @property
    def assumed(self) -> int:
        """Attempts whose answer no record tells."""
        return sum(each.assumed for each in self.replays)


def replay(
    recordings: Iterable[Recording],
    config: Config,
    *,
    route: str | None = None,
    assume: Assume = Assume.FAIL,
    follow: bool = True,
    progress: Callable[[], None] | None = None,
) -> Comparison:
    """Put recorded calls through ``config``.

    Args:
        recordings: The calls; they share one health board, as they did then.
        config: The routes, pools and policy to try.
        route: The route for every call. By default each call takes the one that has the most
            targets in common with its own, the first of them in the config; else ``default``.
        assume: What an attempt meets that the record cannot tell.
        follow: Take the recorded events as long as the machine does as it did. Without it a
            health board answers from the start: a check of that board against the record.
        progress: Called when a call has been replayed, to show how far it is.

    Raises:
        UnknownRoute: There is no such route or target.
    """
    calls = sorted(recordings, key=lambda each: each.opened.time)
    routes = [_route(config, each, route) for each in calls]
    board = _board(config)
    remember(board, calls, routes)
    usual = usual_seconds(calls)
    replays = _interleaved(
        [
            CallReplay(
                *(each, _call(each, targets, config.policy)),
                operation_board(board, each.opened.operation),
                RecordedProviders(each, assume, usual),
                follow=follow and _knows(config, each, targets),
            ).run()
            for each, targets in zip(calls, routes, strict=True)
        ],
        [each.opened.time for each in calls],
        progress,
    )
    began = calls[0].opened.time if calls else 0.0
    return Comparison(
        replays,
        Survey(tuple(_before(each, began) for each in calls)),
        Survey(tuple(_after(each, began) for each in replays)),
        tuple(routes),
    )


def _call(recording: Recording, route: tuple[Target, ...], policy: Policy) -> Call:
    """The recorded call on another route and policy."""
    return attrs.evolve(recording.opened, route=route, policy=policy).begin()


def _interleaved(
    plays: Sequence[Generator[float, None, Replay]],
    began: Sequence[float],
    progress: Callable[[], None] | None,
) -> tuple[Replay, ...]:
    """Let each call do its next deed in the order of the clock."""
    queue = [(at, number) for number, at in enumerate(began)]
    heapq.heapify(queue)
    ended: dict[int, Replay] = {}
    while queue:
        _, number = heapq.heappop(queue)
        try:
            heapq.heappush(queue, (next(plays[number]), number))
        except StopIteration as end:
            ended[number] = end.value
            if progress is not None:
                progress()
    return tuple(ended[number] for number in range(len(plays)))


def _board(config: Config) -> HealthBoard:
    pools = map(_pool, config.providers.values())
    return HealthBoard(pools, MemoryStore(), random=Random(0))


def _pool(provider: Provider) -> Pool:
    # By their labels: where a ledger is replayed, the secrets need not be known.
    labels = tuple(PoolCredential(each.label, each.label) for each in provider.credentials)
    return attrs.evolve(board_pool(provider), credentials=labels)


def _route(config: Config, recording: Recording, name: str | None) -> tuple[Target, ...]:
    """The route to try, without targets that could not express the request.

    One that had no credential then may have one now: that is the config's to say.
    """
    skipped = recording.closed.skipped if recording.closed is not None else ()
    unfit = {each.target for each in skipped if each.mark == "unfit" and each.reason != Reason.AUTH}
    chosen = config.route(name if name is not None else nearest(config, recording))
    if recording.opened.operation is not Operation.GENERATE:
        model = model_name(recording.opened.route[0].model)
        chosen = tuple(one for one in chosen if model_name(one.model) == model) or chosen
    return tuple(target for target in chosen if target.name not in unfit) or chosen


def nearest(config: Config, recording: Recording) -> str:
    """The name of the route that has the most targets in common with the call's own.

    The first of them in the config, unless one has just the same targets; ``default`` where
    none has any.
    """
    then = [target.name for target in recording.opened.route]

    def common(name: str) -> tuple[int, bool]:
        now = [target.name for target in config.routes[name]]
        return len(set(now) & set(then)), now == then

    best = max(config.routes, key=common, default=DEFAULT_ROUTE)
    return best if best in config.routes and common(best)[0] else DEFAULT_ROUTE


def _knows(config: Config, recording: Recording, route: Sequence[Target]) -> bool:
    """Whether what the record saw of the world would be seen under ``config`` too.

    What stands by, and what is taken, are facts of a route and of its pools: with one key more,
    the next move may be another.
    """
    same = [each.name for each in recording.opened.route] == [each.name for each in route]
    return same and all(
        _is_same(pool, config.providers[name]) for name, pool in pools(recording).items()
    )


def _is_same(then: RecordedPool, provider: Provider) -> bool:
    now = pool_of(provider)
    return (set(then.labels), then.strategy) == (set(now.labels), now.strategy)


def pools(recording: Recording) -> Pools:
    """The pools of the call's providers; of older ledgers, the keys that were seen."""
    if recording.opened.pools:
        return recording.opened.pools
    seen: dict[str, dict[str, None]] = {}
    for provider, label in keys(recording):
        seen.setdefault(provider, {})[label] = None
    return {name: RecordedPool(tuple(labels)) for name, labels in seen.items()}


def keys(recording: Recording) -> Iterable[tuple[str, str]]:
    """(provider, label) of every credential that the record names, in order."""
    here = ""
    for move in recording.transitions:
        event = move.facts
        if isinstance(event, Arrival) and event.taken is not None:
            here = event.taken.target.provider
            yield here, event.taken.credential
        if isinstance(event, Arrival | Diagnosed) and here:
            yield from ((here, label) for label in event.standby.credentials)
        if isinstance(move.command, Rotate):
            yield from ((here, label) for label in move.command.used)


def remember(
    board: HealthBoard, calls: Sequence[Recording], routes: Sequence[tuple[Target, ...]]
) -> None:
    """Put on the board what stood there before the first call, as its calls tell of it.

    Args:
        board: The board.
        calls: In the order in which they began.
        routes: The route that each takes now.
    """
    told: set[tuple[str, float]] = set()
    for recording, route in zip(calls, routes, strict=True):
        first = recording.transitions[0].facts if recording.transitions else None
        if not isinstance(first, Started):
            continue
        had = {name: set(pool.labels) for name, pool in pools(recording).items()}
        for clear in first.standby.clears:
            since = recording.opened.time + clear.since
            key = (clear.target.name, round(since, 3))
            if since < calls[0].opened.time - 0.001 and key not in told:
                told.add(key)
                keys_then = had.get(clear.target.provider)
                known = operation_board(board, recording.opened.operation)
                _remember(known, clear, recording.opened.time, route, keys_then)


def _remember(
    board: HealthBoard,
    clear: Clear,
    opened: float,
    route: tuple[Target, ...],
    had: Collection[str] | None,
) -> None:
    """Mark what stood in the way when the call was ``opened``, so that it ends when it did."""
    target = next((each for each in route if each.name == clear.target.name), None)
    if target is None or clear.error is None or not clear.since < clear.at < math.inf:
        return
    at, ends = opened + clear.since, opened + clear.at
    wait: float | None = (clear.at if clear.expected is None else clear.expected) - clear.since
    if clear.mark is Mark.CIRCUIT:
        at, wait = min(max(at, ends - CIRCUIT[0]), opened), None
    # A bench was due at growing intervals, and each probe failed: so it is as long as it is.
    while at <= opened:
        due = _fail(board, target, attrs.evolve(clear.error, retry_after=wait), at, had)
        if not at < due < ends - 0.001:
            return
        at, wait = due, None


def _fail(
    board: HealthBoard, target: Target, error: Error, at: float, had: Collection[str] | None
) -> float:
    """Calls that met ``error`` with every key of ``target`` that was to be had then.

    Gives the instant (epoch) when the target is looked at next.
    """
    due = math.inf
    for _ in range(FAILING_CALLS):  # a circuit opens after so many
        session, used = board.session((target,), at), set[str]()
        taken, standby = session.answer(TakeFirst(), 0.0)
        while taken is not None and taken.credential not in used:
            used.add(taken.credential)
            if had is None or taken.credential in had:
                session.answer(Report(target, taken.credential, error), 0.0)
            taken, standby = session.answer(Take((target,), used), 0.0)
        session.answer(Release(), 0.0)
        due = next((at + clear.at for clear in standby.clears), math.inf)
    return due


def _before(recording: Recording, began: float) -> CallFigures:
    return figures_of(
        recording.opened.time - began,
        recording.attempts,
        recording.opened.route[0].name,
        answered=recording.answered,
        seconds=recording.seconds,
    )


def _after(found: Replay, began: float) -> CallFigures:
    first = found.steps[0].call.route[0].name
    at = found.recording.opened.time - began
    return figures_of(at, found.sent, first, answered=found.answered, seconds=found.seconds)


def requests(comparison: Comparison) -> Mapping[str, tuple[int, int]]:
    """Requests to each provider, before and after."""
    before, after = comparison.before.requests, comparison.after.requests
    return {name: (before.get(name, 0), after.get(name, 0)) for name in sorted({*before, *after})}
