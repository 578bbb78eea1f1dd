"""Faults planted in a fleet's store or board, modelled on public reports.

Each is an object of another kind, handed to the fleet in place of the one that ships: nothing
that ships is changed while it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, TypeVar

import attrs

from orchestrator.health import HealthBoard, MemoryStore, Pool, Store
from orchestrator.health.records import Changes, MarkKind, Marks, Record, is_counter, parts
from orchestrator.health.session import Arrival, Question, Session, Succeed
from orchestrator.health.stores.marks_view import MarksView
from orchestrator.health.stores.store import Changing
from orchestrator.health.stores.store_clock import StoreClock
from orchestrator.lab.fleet import ReplicaStore, StoreServer
from orchestrator.lab.fleet.event_queue import HostClock
from orchestrator.lab.fleet.fleet import MakeBoard, MakeJitter, MakeStore, drawn_jitter
from orchestrator.states import Mark, Standby, Target

C = TypeVar("C", bound=Changing)


@attrs.frozen
class PlantedFleetFault:
    """One fault.

    Attributes:
        name: What was done.
        after: The public report that it is modelled on, or why it is likely.
        make_store, make_board, make_jitter: What is handed to the fleet.
        route: The calls' route; with a second target where nothing is given.
        promise: The one whose breach is looked for; any, where none is named.
    """

    name: str
    after: str
    make_store: MakeStore = ReplicaStore
    make_board: MakeBoard = HealthBoard
    promise: str | None = None
    make_jitter: MakeJitter = drawn_jitter
    route: str | None = None


@attrs.frozen
class Altered:
    """A step's outcome with other changes; what else it holds is asked of the first."""

    outcome: Any
    changes: Mapping[str, Record | None]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.outcome, name)


class AlteringStore(ReplicaStore):
    """A store that shows other marks than it has, or stores others than it is given."""

    def shown(self, key: str, record: Record) -> Record:
        """What is shown of ``record``."""
        return record

    def kept(self, key: str, old: Record | None, new: Record) -> Record:
        """What is stored in place of ``new``."""
        return new

    def read(self) -> Marks:
        """See :class:`.Store`."""
        return self._shown(super().read())

    def update(self, step: Callable[[Marks], C]) -> C:
        """See :class:`.Store`."""
        if self.time.is_known:
            self._correct(step)

        def altered(marks: Marks) -> Any:
            outcome = step(self._shown(marks))
            changes = {
                key: None if new is None else self.kept(key, marks.get(key), new)
                for key, new in outcome.changes.items()
            }
            return Altered(outcome, changes)

        return super().update(altered).outcome  # type: ignore[no-any-return]

    def _shown(self, marks: Marks) -> Marks:
        return Marks({key: self.shown(key, record) for key, record in marks.items()})


def own_boards(server: StoreServer, clock: HostClock, process: int, *, lag: float) -> Store:
    """Each process keeps its marks for itself."""
    return MemoryStore()


def late_news(server: StoreServer, clock: HostClock, process: int, *, lag: float) -> Store:
    """A process hears of another one's mark ten seconds later."""
    return ReplicaStore(server, clock, process, lag=lag + 10)


class UncheckedClaims(AlteringStore):
    """Whose probe it is is not looked at: all callers pass once a bench is due."""

    def shown(self, key: str, record: Record) -> Record:
        """Without its claim."""
        return attrs.evolve(record, claim=None)


class EndlessClaims(AlteringStore):
    """A probe belongs to its call until that gives it back, which a dead process never does."""

    def kept(self, key: str, old: Record | None, new: Record) -> Record:
        """With a claim for ever."""
        claim = new.claim
        if claim is None:
            return new
        return attrs.evolve(
            new, claim=attrs.evolve(claim, expires=claim.expires + 1e6, seconds=1e6)
        )


class FirstDeadline(AlteringStore):
    """A cooldown keeps the end that it was given first, however long the next wait is."""

    def kept(self, key: str, old: Record | None, new: Record) -> Record:
        """With the first end."""
        if old is None or old.mark is not Mark.COOLDOWN or new.mark is not Mark.COOLDOWN:
            return new
        return attrs.evolve(new, until=old.until) if new.since == old.since else new


class NeverLonger(AlteringStore):
    """A probe that fails leaves the bench as short as the first one was."""

    def kept(self, key: str, old: Record | None, new: Record) -> Record:
        """At the first level again."""
        if new.mark is not Mark.BENCH or new.level == 0:
            return new
        return attrs.evolve(new, level=0, until=new.failed + 300.0, seconds=300.0)


class JitteredDue(AlteringStore):
    """Each process adds a jitter of its own to what is due, so that not all come at once."""

    def shown(self, key: str, record: Record) -> Record:
        """Due at another instant."""
        return attrs.evolve(record, until=record.until - 7.0 * (self.process % 5))


class LostUpdate(ReplicaStore):
    """The whole of the local copy is written back, over what others wrote meanwhile."""

    def update(self, step: Callable[[Marks], C]) -> C:
        """See :class:`.Store`."""
        marks = self.read()
        outcome = step(marks)
        if outcome.changes:
            whole = marks.changed(outcome.changes)
            gone = dict.fromkeys(self.server.marks.keys() - whole.keys())
            super().update(lambda _: Altered(outcome, {**whole, **gone}))
        return outcome


class HostTime(ReplicaStore):
    """Instants are stored as each host's own clock tells them."""

    def __init__(
        self, server: StoreServer, clock: HostClock, process: int, *, lag: float = 0.02
    ) -> None:
        super().__init__(server, clock, process, lag=lag)
        self.time = StoreClock(is_server=False)


class HostOffset(HostTime):
    """The store's time is the host's own, less what that was ahead by when the process began."""

    def __init__(
        self, server: StoreServer, clock: HostClock, process: int, *, lag: float = 0.02
    ) -> None:
        super().__init__(server, clock, process, lag=lag)
        self._ahead = clock.ahead

    def instant(self, now: float) -> float:
        """See :class:`.Store`."""
        return now - self._ahead


class BlindAlone(AlteringStore):
    """While the store is away a process goes by what that had, and not by its own marks."""

    def _shown(self, marks: Marks) -> Marks:
        return self.view.saved if self.trouble else marks


class OverwritingMerge(ReplicaStore):
    """After an outage the local copy is written back as it is."""

    def merge(self, view: MarksView, stored: Marks) -> Changes:
        """All of it, and nothing else."""
        return {**dict.fromkeys(stored), **view.marks}


class ForgottenMeanwhile(ReplicaStore):
    """What a process marked while the store was away is forgotten when it returns."""

    def merge(self, view: MarksView, stored: Marks) -> Changes:
        """Nothing of it."""
        return {}


class TimeLostOnRead(AlteringStore):
    """A process that starts anew counts what is left of each mark from its own start."""

    def __init__(
        self, server: StoreServer, clock: HostClock, process: int, *, lag: float = 0.02
    ) -> None:
        super().__init__(server, clock, process, lag=lag)
        self._found = dict(server.marks)
        self._started = self.instant(clock.time())

    def shown(self, key: str, record: Record) -> Record:
        """With its whole length again, where it was found at the start."""
        if self._found.get(key) != record:
            return record
        return attrs.evolve(record, until=self._started + 3600.0, seconds=3600.0)


class BoldSession(Session):
    """A session whose every success clears what is known of the provider."""

    __slots__ = ()

    def answer(self, question: Question, at: float) -> Any:
        """See :class:`.Session`."""
        found: Arrival | Standby | None = super().answer(question, at)
        if isinstance(question, Succeed):
            _clear(self._board.store, question.target)
        return found


def _clear(store: Store, target: Target) -> None:
    def cleared(marks: Marks) -> Altered:
        known = [key for key in marks if not is_counter(key)]
        gone = [key for key in known if parts(key)[2][0] == target.provider]
        return Altered(None, dict.fromkeys(gone))

    store.update(cleared)


class BoldBoard(HealthBoard):
    """A board of such sessions."""

    def session(self, route: Sequence[Target], started: float) -> Session:
        """See :class:`.HealthBoard`."""
        return BoldSession(self._state, self._state.prepared(route), started)


def free_retries(
    pools: Sequence[Pool], store: Store, clock: Callable[[], float], random: Random
) -> HealthBoard:
    """A board whose retries cost nothing."""
    return HealthBoard([attrs.evolve(pool, retry_budget=0) for pool in pools], store, clock, random)


class UnmarkedMoney(AlteringStore):
    """An account without money is marked like a server that is busy: for a few seconds."""

    def kept(self, key: str, old: Record | None, new: Record) -> Record:
        """For a few seconds."""
        if parts(key)[0] is not MarkKind.BILLING or new.mark is None:
            return new
        return attrs.evolve(new, until=new.failed + 5.0, seconds=5.0)


def no_jitter(_dice: Random) -> Callable[[], float]:
    """Nothing is drawn: who waits for a mark comes back when it ends."""
    return lambda: 0.0


def alike_jitter(_dice: Random) -> Callable[[], float]:
    """Each process draws the same for all of its calls, so that those who came together stay so."""
    return lambda: 0.5


PLANTED: tuple[PlantedFleetFault, ...] = (
    PlantedFleetFault(
        "marks are kept in each process alone",
        "BerriAI/litellm#871",
        make_store=own_boards,
        promise="no mark is lost",
    ),
    PlantedFleetFault(
        "siblings hear of a mark 10 s later", "BerriAI/litellm#40025", make_store=late_news
    ),
    PlantedFleetFault(
        "a second, longer wait keeps the first end", "BerriAI/litellm#40130", FirstDeadline
    ),
    PlantedFleetFault(
        "a mark that a new process reads begins anew", "BerriAI/litellm#35104", TimeLostOnRead
    ),
    PlantedFleetFault(
        "all callers probe what is due", "future-agi/future-agi#2693", UncheckedClaims
    ),
    PlantedFleetFault(
        "a probe's claim never expires", "ParentSquare/faulty#70, without its expiry", EndlessClaims
    ),
    PlantedFleetFault(
        "a failed probe does not lengthen the bench", "valkey-io/valkey-glide#5931", NeverLonger
    ),
    PlantedFleetFault(
        "a success lifts a bench that is newer", "a race of every breaker", make_board=BoldBoard
    ),
    PlantedFleetFault("the local copy is written back whole", "a lost update", LostUpdate),
    PlantedFleetFault("due dates are jittered by process", "a cure for herds", JitteredDue),
    PlantedFleetFault("instants are the host's own", "hosts an hour apart", HostTime),
    PlantedFleetFault("the store's time is learned once", "a clock that is set", HostOffset),
    PlantedFleetFault("alone, a process forgets its marks", "a cache that is shared", BlindAlone),
    PlantedFleetFault("retries cost nothing", "a client without a budget", make_board=free_retries),
    PlantedFleetFault(
        "after an outage one copy overwrites all", "a merge by the last writer", OverwritingMerge
    ),
    PlantedFleetFault(
        "marks of an outage are forgotten", "a cache that is dropped", ForgottenMeanwhile
    ),
    PlantedFleetFault(
        "no money is marked like a busy server", "NousResearch/hermes-agent#23138", UnmarkedMoney
    ),
    PlantedFleetFault(
        "all that wait come back at the end",
        "this project, before November 2026",
        make_jitter=no_jitter,
        promise="no herd",
        route="alone",
    ),
    PlantedFleetFault(
        "processes draw alike",
        "workers forked after the seed was set",
        make_jitter=alike_jitter,
        promise="no herd",
        route="alone",
    ),
)
"""Every fault, each to be found."""
