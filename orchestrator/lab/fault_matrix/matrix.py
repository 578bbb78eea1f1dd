"""The fault matrix of a route: who answers under each fault and each two, and after how long.

Every call is run, but for those whose outcome is determined: a fault that no request of a run
would have met changes nothing of that run, whatever else is wrong.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations
from math import inf

import attrs

from orchestrator.config.config import Config
from orchestrator.lab.fault_matrix.faults import KINDS, FaultKind, FaultScope, SiteFault, are_two
from orchestrator.lab.fault_matrix.runner import CallResult, FaultRun, FaultRunner
from orchestrator.lab.fault_matrix.sites import single_faults
from orchestrator.states import OnInterrupted, StoppedBy, Target

FaultProgress = Callable[[str], None]
"""Told of what is being done, now and then."""

MODES = (False, True)
"""Whether the caller takes the answer in chunks."""


class FaultDepth(enum.StrEnum):
    """How many faults are tried at once."""

    NONE = "none"
    SINGLE = "single"
    DOUBLE = "double"


@attrs.frozen
class FaultCase:
    """Faults at once, in one mode, and what came of the call.

    Attributes:
        faults: One, or two.
        streamed: Whether the caller took the answer in chunks.
        result: The first call, on a board without marks.
        following: The next one, on the marks of the first; ``None`` where it was not made.
        by_policy: True where the call was lost after content because the policy says so.
        is_met: False where the call never comes to what fails.
    """

    faults: tuple[SiteFault, ...]
    streamed: bool
    result: CallResult
    following: CallResult | None
    by_policy: bool = False
    is_met: bool = True

    @property
    def is_lost(self) -> bool:
        """True where a call is lost that somebody could have answered, or nobody was left."""
        return self.result.is_lost and not self.by_policy

    @property
    def is_rescued(self) -> bool:
        """True where the caller got an answer with something in it."""
        return not (self.result.is_lost or self.result.empty)

    @property
    def name(self) -> str:
        """Its faults."""
        return " + ".join(fault.name for fault in self.faults)

    @property
    def words(self) -> str:
        """``acme silent and beta out of money, not streamed``."""
        faults = " and ".join(fault.words for fault in self.faults)
        return f"{faults}, {'streamed' if self.streamed else 'not streamed'}"


@attrs.frozen
class FaultPairs:
    """All pairs of faults, counted, and those that say something new.

    Attributes:
        tried: How many there are, in both modes.
        run: How many calls had to be run; the others are determined by single faults.
        lost: In how many a call is lost, where neither is by policy.
        minimal: Of those, the ones whose faults alone lose no call.
        worst: The one whose answer takes longest; ``None`` where none is answered.
        most: The one that takes most requests to its answer.
        stopped: Why it was left before all were tried; empty where it was not.
    """

    tried: int
    run: int
    lost: int
    minimal: tuple[FaultCase, ...]
    worst: FaultCase | None
    most: FaultCase | None
    stopped: str = ""


@attrs.frozen
class FaultMatrix:
    """What faults do to calls of one route.

    Attributes:
        route: The targets, in order.
        clean: The call that meets no fault, by mode.
        singles: Each fault by itself, in each mode.
        pairs: Two at once; ``None`` where they were not tried.
        stopped: Why it was left before its end; empty where it was not.
        seconds: How long it took.
        calls: How many calls were run.
    """

    route: tuple[Target, ...]
    clean: Mapping[bool, CallResult] = attrs.field(hash=False)
    singles: tuple[FaultCase, ...]
    pairs: FaultPairs | None
    stopped: str
    seconds: float
    calls: int

    @property
    def is_finished(self) -> bool:
        """True where all was tried that was to be."""
        return not self.stopped

    @property
    def lost(self) -> tuple[FaultCase, ...]:
        """The single faults that lose a call, those of the request itself apart."""
        return tuple(one for one in self.singles if one.is_lost and not is_of_request(one))

    @property
    def lost_by_policy(self) -> tuple[FaultCase, ...]:
        """Streams that broke after content, where the policy does not go on from there."""
        return tuple(one for one in self.singles if one.by_policy)

    @property
    def worst(self) -> FaultCase | None:
        """The single fault whose answer takes longest, of those that a call comes to."""
        return longest([one for one in self.singles if one.is_met])

    @property
    def most(self) -> FaultCase | None:
        """The single fault whose answer takes most requests, of those that a call comes to."""
        return most_requests([one for one in self.singles if one.is_met])


def is_of_request(case: FaultCase) -> bool:
    """Whether what fails is the request, which no other target can help."""
    return any(fault.site.scope is FaultScope.REQUEST for fault in case.faults)


def longest(cases: Sequence[FaultCase]) -> FaultCase | None:
    """Of those that are answered in words, the one that takes longest."""
    answered = (one for one in cases if one.is_rescued)
    return max(answered, key=lambda one: one.result.seconds, default=None)


def most_requests(cases: Sequence[FaultCase]) -> FaultCase | None:
    """Of those that are answered in words, the one that takes most requests."""
    answered = (one for one in cases if one.is_rescued)
    return max(answered, key=lambda one: (one.result.requests, one.result.seconds), default=None)


def fault_matrix(
    config: Config,
    route: Sequence[Target],
    *,
    depth: FaultDepth = FaultDepth.DOUBLE,
    kinds: Collection[FaultKind] = KINDS,
    seconds: float | None = None,
    progress: FaultProgress | None = None,
) -> FaultMatrix:
    """Run every fault, and every two, on ``route``.

    Args:
        config: The providers and the policy.
        route: The targets, in order.
        depth: How many faults at once.
        kinds: The ways to fail that are tried.
        seconds: How long it may take; without it, as long as it takes.
        progress: Told of what is being done, now and then.
    """
    faults = [each for each in single_faults(config, route) if each.kind in kinds]
    return _MatrixBuilder(config, route, faults, seconds, progress).build(depth)


INTERRUPTED = "interrupted"
"""Why a matrix was left that somebody did not wait for."""


class _OutOfTime(Exception):
    """The time that the matrix was given is over; its text says which."""


def _why_left(left: BaseException) -> str:
    return str(left) or INTERRUPTED


class _MatrixBuilder:
    def __init__(
        self,
        config: Config,
        route: Sequence[Target],
        faults: Sequence[SiteFault],
        seconds: float | None,
        progress: FaultProgress | None,
    ) -> None:
        self._config, self._route, self._faults = config, tuple(route), faults
        self._runner = FaultRunner(config, route)
        self._began = time.monotonic()
        self._ends = inf
        self._tell = progress or (lambda _: None)
        self._runs: dict[tuple[SiteFault, bool], FaultRun] = {}
        self._calls = 0
        # In any case: what a call does on a good day is known at once.
        self._clean = {mode: self._run((), streamed=mode) for mode in MODES}
        self._ends = inf if seconds is None else self._began + seconds

    def build(self, depth: FaultDepth) -> FaultMatrix:
        singles: list[FaultCase] = []
        pairs: FaultPairs | None = None
        stopped = ""
        try:
            if depth is not FaultDepth.NONE:
                for case in self._singles():
                    singles.append(case)  # noqa: PERF402 - what was tried stays if time ends
            if depth is FaultDepth.DOUBLE:
                pairs = self._pairs()
                stopped = pairs.stopped
        except (_OutOfTime, KeyboardInterrupt) as left:
            stopped = _why_left(left)
        took = time.monotonic() - self._began
        clean = {mode: run.first for mode, run in self._clean.items()}
        return FaultMatrix(self._route, clean, tuple(singles), pairs, stopped, took, self._calls)

    def _singles(self) -> Iterator[FaultCase]:
        for fault in self._faults:
            self._tell(fault.name)
            for mode in MODES:
                if _can_be(fault, self._route, streamed=mode):
                    clean = self._clean[mode]
                    # Who is not asked on a good day is not missed on one.
                    is_met = (clean.sent | clean.sent_next) & fault.site.hits
                    run = self._run((fault,), streamed=mode) if is_met else clean
                    self._runs[fault, mode] = run
                    yield self._case((fault,), mode, run)

    def _pairs(self) -> FaultPairs:
        tried = lost = ran = 0
        minimal: list[FaultCase] = []
        answered: list[FaultCase] = []
        stopped = ""
        try:
            twos = list(self._twos())
            for one, other, mode in twos:
                tried += 1
                alone = (self._runs[one, mode], self._runs[other, mode])
                known = self._determined(one, other, alone)
                if known is not None:
                    lost += self._case((one, other), mode, known).is_lost
                    continue
                self._tell(f"two at once, {tried:,} of {len(twos):,}")
                run = self._run((one, other), streamed=mode, following=False)
                ran += 1
                case = self._case((one, other), mode, run)
                lost += case.is_lost
                if case.is_lost and not any(each.first.is_lost for each in alone):
                    minimal.append(case)
                answered = _extremes([*answered, case])
        except (_OutOfTime, KeyboardInterrupt) as left:
            stopped = _why_left(left)
        worst, most = longest(answered), most_requests(answered)
        return FaultPairs(tried, ran, lost, tuple(minimal), worst, most, stopped)

    def _twos(self) -> Iterator[tuple[SiteFault, SiteFault, bool]]:
        for mode in MODES:
            faults = [fault for fault, its_mode in self._runs if its_mode is mode]
            for one, other in combinations(faults, 2):
                if are_two(one, other):
                    yield one, other, mode

    @staticmethod
    def _determined(
        one: SiteFault, other: SiteFault, alone: tuple[FaultRun, FaultRun]
    ) -> FaultRun | None:
        """What two faults come to where the call that meets one never comes to the other."""
        if not alone[0].sent & other.site.hits:
            return alone[0]
        if not alone[1].sent & one.site.hits:
            return alone[1]
        return None

    def _case(self, faults: tuple[SiteFault, ...], mode: bool, run: FaultRun) -> FaultCase:  # noqa: FBT001
        fails = self._config.policy.on_interrupted is OnInterrupted.FAIL
        by_policy = fails and run.first.stopped_by is StoppedBy.COMMITTED
        is_met = run is not self._clean[mode]
        return FaultCase(faults, mode, run.first, run.following, by_policy, is_met)

    def _run(
        self, faults: tuple[SiteFault, ...], *, streamed: bool, following: bool = True
    ) -> FaultRun:
        if time.monotonic() > self._ends:
            raise _OutOfTime(f"after {self._ends - self._began:.3g} s")
        self._calls += 1 + following
        return self._runner.run(faults, streamed=streamed, following=following)


def _can_be(fault: SiteFault, route: Sequence[Target], *, streamed: bool) -> bool:
    """Whether ``fault`` can be met: what comes in pieces can break between them."""
    if not fault.kind.streamed:
        return True
    names = {name for name, _ in fault.site.hits}
    asked = (target.stream for target in route if target.name in names)
    return any(streamed if stream is None else stream for stream in asked)


def _extremes(cases: Sequence[FaultCase]) -> list[FaultCase]:
    """Those that may be the worst in the end."""
    return [one for one in (longest(cases), most_requests(cases)) if one is not None]
