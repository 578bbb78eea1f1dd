"""Sessions of calls with the health board: each question is a value, and one atomic step."""

from __future__ import annotations

import difflib
import itertools
import math
import operator
import os
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar, assert_never, overload

import attrs

from orchestrator.health import steps
from orchestrator.health.availability import ANYBODY, Caller, MarksOverlay, Route, find_availability
from orchestrator.health.news import BoardNews, MarkNews
from orchestrator.health.pool import Choose, Pool, PoolTable
from orchestrator.health.records import Marks, TargetKeys
from orchestrator.health.steps import Candidates, StepOutcome
from orchestrator.health.store_step import PendingAnswer, StepAfter, StoreStep
from orchestrator.health.stores.store import Store
from orchestrator.pooling import Strategy
from orchestrator.states.error import Error
from orchestrator.states.facts import Standby, Taken, Target

PRUNE_SECONDS = 60.0
"""Stale records are looked for no more often: that reads them all, and they are a week old."""

T = TypeVar("T")


@attrs.frozen
class TakeFirst:
    """Take the first target of the route that can be sent to now, as the call begins.

    If none stands by, benches and open circuits count as due 15 s after the last request
    there, for this and all later takes of the session.
    """


@attrs.frozen
class Take:
    """Take the first of ``targets`` that can be had.

    Attributes:
        targets: In order of preference.
        used: Labels of credentials not to take.
        waited: True where the call has waited for it. A wait for the one target where the call
            has just failed makes it a retry, which costs (:mod:`.retry_budget`).
    """

    targets: Sequence[Target]
    used: Collection[str] = ()
    waited: bool = False


@attrs.frozen
class Report:
    """Mark what an error says; the answer tells what stands by after it.

    Attributes:
        target: Where the attempt was sent.
        credential: The label of the credential that was really sent.
        error: The classified failure, its message masked.
        cut_first_token: Where our own limit cut the wait for the first content: that limit, in
            seconds. The next probe of ``target`` is told of it, by any call, until a success
            there.
        may_retry: True where the call may try ``target`` again: then the board sets aside what
            that costs, or says that there is not as much.
    """

    target: Target
    credential: str
    error: Error
    cut_first_token: float | None = None
    may_retry: bool = False


@attrs.frozen
class Succeed:
    """Remove the marks that an answer from ``target`` disproves."""

    target: Target
    credential: str


@attrs.frozen
class NoteFirstToken:
    """Remember how long ``target`` was silent before its first content.

    Later takes of ``target``, by any call, carry the patience that it earned as
    ``seen_first_token``. Only silences that content ended are noted: one that a limit of
    ours ended says nothing about how long the target needs.

    Attributes:
        target: Where the attempt was sent.
        seconds: From the request to the first content.
    """

    target: Target
    seconds: float


@attrs.frozen
class Release:
    """Count what is pending and give back an unused probe. May be asked again."""


Question = TakeFirst | Take | Report | Succeed | NoteFirstToken | Release
"""What a call asks of the board. A take is answered with what was taken and the standby, a
report with the standby, anything else with ``None``."""


Arrival = tuple[Taken | None, Standby]
"""What a take is answered with."""

_FIRST: Choose = operator.itemgetter(0)

MOST_ROUTES = 256
"""Routes that are kept prepared; a config has a few, a caller who makes them anew has many."""


@attrs.frozen(eq=False)
class PreparedRoute:
    """A route, with all of it that a call asks the board for and that stays as it is.

    Attributes:
        targets: In order.
        places: The targets with their places.
        secrets: The board's :attr:`.PoolTable.secrets` of then: the places hold for them alone.
        standby: What stands by while nothing is marked; ``None`` where a pool has no credential,
            which stands in the way like a mark.
    """

    targets: tuple[Target, ...]
    places: Route
    secrets: object
    standby: Standby | None
    _arrivals: dict[str, Arrival] = attrs.field(factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, targets: tuple[Target, ...], places: Route, secrets: object) -> PreparedRoute:
        """The route of ``targets``, which lie at ``places``."""
        is_ready = bool(places) and all(place.labels for _, place in places)
        standby = Standby(places[0][1].labels, targets) if is_ready else None
        return cls(targets, places, secrets, standby)

    def arrive(self, label: str, standby: Standby) -> Arrival:
        """What a take of the first target with the credential ``label`` is answered with."""
        arrival = self._arrivals.get(label)
        if arrival is None:
            arrival = self._arrivals[label] = (Taken(self.targets[0], label), standby)
        return arrival


class BoardState:
    """What a board and its sessions share: pools, places, the store, the strategies' turns.

    Args:
        table: The pools.
        store: Keeps the marks.
        claim_seconds: How long a granted probe belongs to one call.
        operation: What its targets are asked for; they are marked under it. Empty for answers.
    """

    def __init__(
        self, table: PoolTable, store: Store, claim_seconds: float, operation: str = ""
    ) -> None:
        self.table, self.store, self.claim_seconds = table, store, claim_seconds
        self._operation = f" ({operation})" if operation else ""
        self._places: dict[tuple[str, str], TargetKeys] = {}
        self._routes: dict[int, PreparedRoute] = {}
        self._pruned_at = -math.inf
        self._numbers = itertools.count()
        self._token = ""

    @property
    def places(self) -> tuple[TargetKeys, ...]:
        """The places of all targets that were asked about."""
        return tuple(self.place(Target(*name)) for name in tuple(self._places))

    def providers(self) -> tuple[TargetKeys, ...]:
        """One place of every provider entry, whatever its model."""
        # Copied at once: another thread may add one meanwhile.
        return tuple(
            TargetKeys.of(pool, "", self.store.salt) for pool in [*self.table.pools.values()]
        )

    def route(self, targets: Iterable[Target]) -> Route:
        """The targets with their places.

        Raises:
            ValueError: A target's provider has no pool here.
        """
        return [(target, self.place(target)) for target in targets]

    def prepared(self, targets: Sequence[Target]) -> PreparedRoute:
        """The route ``targets``; the same one as long as it is the same tuple.

        Raises:
            ValueError: A target's provider has no pool here.
        """
        # By identity: to hash a target, its limits included, takes as long as to prepare it.
        known = self._routes.get(id(targets))
        if known is not None and known.targets is targets and known.secrets is self.table.secrets:
            return known
        secrets, route = self.table.secrets, tuple(targets)
        new = PreparedRoute.of(route, self.route(route), secrets)
        if len(self._routes) >= MOST_ROUTES:
            self._routes.clear()
        # A route of another type may change under our hands: its copy is found by nobody again.
        self._routes[id(route)] = new
        return new

    def holder(self) -> str:
        """A new id of a call, unique over all processes."""
        # Two threads may draw it at once: then their calls bear different tokens, and numbers.
        self._token = self._token or secrets.token_hex(8)
        # The process id keeps apart the calls of a process and of one forked from it.
        return f"{self._token}-{os.getpid()}-{next(self._numbers)}"

    def first_unmarked(self, route: PreparedRoute) -> Arrival | None:
        """What a call is given first where nothing is marked, as nearly always; no step is taken.

        ``None`` where a pool of the route has no credential.
        """
        standby = route.standby
        if standby is None:
            return None
        place = route.places[0][1]
        strategy = place.pool.strategy
        if strategy is Strategy.FILL_FIRST:
            return route.arrive(place.labels[0], standby)
        label = self.table.turns.draw(place.pool)(place.labels)
        if strategy is Strategy.LEAST_USED:
            self.table.turns.count(place.pool, label)
        return route.arrive(label, standby)

    def place(self, target: Target) -> TargetKeys:
        """The place of ``target``, by identity; another one once a secret of its pool changes.

        Raises:
            ValueError: Its provider has no pool here.
        """
        name, pool = (target.provider, target.model), self.table.pools.get(target.provider)
        place = self._places.get(name)
        # By identity: a pool whose secret was read again is another one, with other fingerprints.
        if place is not None and place.pool is pool:
            return place
        if pool is None:
            raise _no_pool(target, self.table.pools)
        new = TargetKeys.of(pool, target.model, self.store.salt, self._operation)
        if place is None:
            # Two threads may make it at once; setdefault lets the first one stay.
            return self._places.setdefault(name, new)
        self._places[name] = new
        return new

    def step(self, build: StepAfter[T], marks: Marks, now: float) -> StepOutcome[T] | StoreStep[T]:
        """Run a step of the instant ``now`` on ``marks``, which the store had just before.

        Returns:
            What it came to; where that is to be written, the step that the store must be asked.
        """
        # Marks that nobody has read say nothing: a step over them would come to nothing.
        if not marks.is_unread:
            outcome = build(0.0)(marks)
            if not outcome.changes:
                # Nothing to write, so nothing to lock: reading alone is atomic, marks are frozen.
                return outcome
        return StoreStep(self.store, build, now, self._is_pruning(now))

    def perform(self, build: StepAfter[T], now: float) -> StepOutcome[T]:
        """Run a step of the instant ``now``, and wait until it is stored."""
        done = self.step(build, self.store.read(), now)
        return done.perform() if isinstance(done, StoreStep) else done

    def candidates(
        self, route: Route, used: Collection[str], *, waited: bool = False
    ) -> Candidates:
        """What a take may give; a pool's turn is drawn once, though the step may run twice."""
        drawn: dict[str, Choose] = {}

        def choose(pool: Pool) -> Choose:
            if pool.strategy is Strategy.FILL_FIRST:
                return _FIRST
            if pool.provider not in drawn:
                drawn[pool.provider] = self.table.turns.draw(pool)
            return drawn[pool.provider]

        return Candidates(route, used, choose, self.claim_seconds, waited)

    def count(self, taken: Taken) -> None:
        """Count a take for the strategy that goes by it."""
        pool = self.table.pools[taken.target.provider]
        if pool.strategy is Strategy.LEAST_USED:
            self.table.turns.count(pool, taken.credential)

    def _is_pruning(self, now: float) -> bool:
        """Whether the step of ``now`` removes stale records besides."""
        # Also where the clock was set back: then "just before" lies ahead.
        if abs(now - self._pruned_at) < PRUNE_SECONDS:
            return False
        self._pruned_at = now
        return True


class Session:
    """One call's dealings with the board. Not to be shared between threads.

    Each question is one atomic step over the store, also across processes. ``at`` is
    seconds since the call's ``Started``, and so are the instants in the answers.
    A question is a value, and :meth:`begin` the one way in: who may not wait on the thread awaits
    what it gives where the store must be asked.

    Attributes:
        news: What the answers so far made of marks; whoever tells it takes it away.
    """

    __slots__ = ("_board", "_claims", "_route", "_started", "_stay", "news")

    def __init__(self, board: BoardState, route: PreparedRoute, started: float) -> None:
        self._board, self._route, self._started = board, route, started
        self.news: tuple[BoardNews, ...] = ()
        # Both are put together once something is marked: most calls end before that.
        self._claims: steps.CallClaims | None = None
        self._stay: tuple[Target, TargetKeys, str, float] | None = None

    @overload
    def answer(self, question: TakeFirst | Take, at: float) -> Arrival: ...
    @overload
    def answer(self, question: Report, at: float) -> Standby: ...
    @overload
    def answer(self, question: Succeed | NoteFirstToken | Release, at: float) -> None: ...
    @overload
    def answer(self, question: Question, at: float) -> Arrival | Standby | None: ...
    def answer(self, question: Question, at: float) -> Arrival | Standby | None:
        """What the board answers at the instant ``at``; see :data:`Question`.

        Raises:
            ValueError: A target's provider has no pool here, or no credential of that label.
        """
        found = self.begin(question, at)
        return found.wait() if isinstance(found, PendingAnswer) else found

    async def aanswer(self, question: Question, at: float) -> Arrival | Standby | None:
        """The same, for a task: where the store must be asked, the event loop goes on."""
        found = self.begin(question, at)
        return await found.wait_async() if isinstance(found, PendingAnswer) else found

    def begin(self, question: Question, at: float) -> Arrival | Standby | PendingAnswer | None:
        """The answer where it is known here, as nearly always; else what the store is asked.

        Raises:
            ValueError: As :meth:`answer`.
        """
        owes = self._claims is not None and self._claims.owes
        # Whatever is marked: there is nothing to count or to give back.
        if not owes and type(question) is Release:
            return None
        marks, now = self._board.store.read(), self._started + at
        if not owes and (not marks or marks.is_clear):
            # A board without marks costs no step: there is none that a success could lift.
            if type(question) is Succeed and not (marks and marks.has_spent):
                return None
            if type(question) is TakeFirst and (arrival := self._take_unmarked(now)) is not None:
                return arrival
        done = self._board.step(self._build(question, at), marks, now)
        return PendingAnswer(self, done) if isinstance(done, StoreStep) else self.finish(done, now)

    def finish(self, outcome: StepOutcome[Any], now: float) -> Any:
        """What ``outcome`` answers, once what the board knows of this call is kept."""
        self._claims, answer = outcome.state, outcome.answer
        if type(answer) is tuple and answer[0] is not None:
            # After the step, which may run twice and so must count nothing itself.
            self._board.count(answer[0])
        if outcome.news:
            self._note(outcome.news, now)
        return answer

    def learn(self, step: StoreStep[Any]) -> None:
        """Know what ``step`` came to, also where nobody waits for its answer any more."""
        # The host's clock and the server's may differ; what a call is told counts from its start.
        self._started += step.shift
        if step.outcome is not None:
            self._claims = step.outcome.state

    @property
    def _state(self) -> steps.CallClaims:
        """What the board knows of this call."""
        if self._claims is None:
            occupancy = None if self._stay is None else steps.Occupancy(*self._stay)
            self._claims = steps.CallClaims(Caller(self._board.holder()), occupancy)
        return self._claims

    def _take_unmarked(self, now: float) -> Arrival | None:
        """The first take of a call, where nothing is marked."""
        if self._claims is not None:
            return None
        route = self._current_route()
        arrival = self._board.first_unmarked(route)
        if arrival is not None and (taken := arrival[0]) is not None:
            self._stay = (taken.target, route.places[0][1], taken.credential, now)
        return arrival

    def _note(self, news: tuple[MarkNews, ...], now: float) -> None:
        """Keep ``news``, with where calls of this route go since."""
        overlay = MarksOverlay(self._board.store.read(), now)
        reachable = (
            (target, ready)
            for target, place in self._current_route().places
            if (ready := find_availability(overlay, place, now, ANYBODY).ready)
        )
        self.news = (*self.news, BoardNews(news, *next(reachable, (None, ()))))

    def _build(self, question: Question, at: float) -> StepAfter[Any]:
        """Makes the pure step that answers ``question``, with all but the marks filled in."""
        make, started = self._prepared(question), self._started

        def build(shift: float) -> Callable[[Marks], StepOutcome[Any]]:
            begun = started + shift
            return make(steps.Query(self._current_route().places, begun, begun + at))

        return build

    def _prepared(
        self, question: Question
    ) -> Callable[[steps.Query], Callable[[Marks], StepOutcome[Any]]]:
        state, board = self._state, self._board
        match question:
            case TakeFirst():
                first = board.candidates(self._current_route().places, ())
                return lambda on: partial(steps.start, state=state, query=on, candidates=first)
            case Take(targets, used, waited):
                some = board.candidates(board.route(targets), used, waited=waited)
                return lambda on: partial(steps.take, state=state, query=on, candidates=some)
            case Report(target, label, error, cut, may_retry):
                place, again = self._sent(target, label), target if may_retry else None
                return lambda on: (
                    lambda marks: steps.report(marks, state, on, place, label, error, cut, again)
                )
            case Succeed(target, label):
                place = self._sent(target, label)
                return lambda on: lambda m: steps.succeed(m, state, place, label, on.now)
            case NoteFirstToken(target, seconds):
                place = board.place(target)
                return lambda on: lambda m: steps.first_token(m, state, place, seconds, on.now)
            case Release():
                return lambda on: lambda m: steps.close(m, state, on.now)
            case _:
                assert_never(question)

    def _current_route(self) -> PreparedRoute:
        if self._route.secrets is not self._board.table.secrets:
            # A secret was read again meanwhile: its credential has another fingerprint now.
            self._route = self._board.prepared(self._route.targets)
        return self._route

    def _sent(self, target: Target, credential: str) -> TargetKeys:
        """The place where an attempt with ``credential`` was sent.

        Raises:
            ValueError: The pool has no credential of that label.
        """
        occupancy = self._state.occupancy
        if occupancy is not None and occupancy.target.name == target.name:
            # As it was taken: what a provider says of an old secret is not about a new one.
            place = occupancy.place
        else:
            place = self._board.place(target)
        if credential not in place.fingerprints:
            known = ", ".join(map(repr, place.labels)) or "none"
            raise ValueError(
                f"provider {target.provider!r} has no credential {credential!r}; it has: {known}"
            )
        return place


def _no_pool(target: Target, pools: Collection[str]) -> ValueError:
    near = difflib.get_close_matches(target.provider, pools, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    known = ", ".join(sorted(pools)) or "none"
    return ValueError(
        f"target {target.name!r}: no pool for provider {target.provider!r}; "
        f"known providers: {known}{meant}"
    )
