"""A few processes over one store, in virtual time: the board that ships beside its model.

Boards, sessions, steps, local copies and merges are those that ship; the way to the store is the
fleet's model (:mod:`orchestrator.lab.fleet.shared_store`). All that a world is can be kept and come
back to, so that a search can go from one state every way that there is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import attrs

from orchestrator.health import HealthBoard, Pool, PoolCredential, Store
from orchestrator.health.portable_session import SessionState
from orchestrator.health.records import Claim, MarkKind, Marks, MarkScope, Record, parts
from orchestrator.health.session import Release, Report, Succeed, Take, TakeFirst
from orchestrator.health.stores.marks_view import MarksView
from orchestrator.lab.fleet.event_queue import EPOCH, EventQueue, HostClock
from orchestrator.lab.fleet.fleet import MakeStore
from orchestrator.lab.fleet.shared_store import FOUND_AFTER, ReplicaStore, StoreServer
from orchestrator.states import Error, Reason, Target
from verification.board import facts as model
from verification.board.facts import (
    CIRCUIT,
    GRAIN,
    LIMIT,
    LINE,
    MONEY,
    Fact,
    Facts,
    Name,
    Probe,
    Sent,
)

ROUTE = (Target("acme", "one"), Target("bolt", "one"))

BUDGET = 30
"""Tokens that retries at a provider may spend: two retries, so that it is soon empty."""

WORDS: Mapping[str, tuple[str, Error]] = {
    "402": (MONEY, Error(Reason.BILLING, "search", 402)),
    "429": (LIMIT, Error(Reason.RATE_LIMIT, "search", 429, retry_after=20.0)),
    "connect": (LINE, Error(Reason.CONNECTION, "search")),
    "503": (CIRCUIT, Error(Reason.OVERLOADED, "search", 503)),
}
"""What a request may fail of: the kind of fact, and the classified failure."""

Move = tuple[str, int, float]
"""What happens, to which process, and for how long or by how much."""


class BrokenBoard(AssertionError):
    """The board is not as its model says; the text begins with what does not hold."""


@attrs.frozen
class Call:
    """A call under way: what the board and what the model know of it."""

    session: SessionState
    sent: Sent


@attrs.frozen
class Process:
    """A process, but for its board.

    Attributes:
        view, version, is_connected, found_at, offset, ahead: Of its store and its clock.
        calls: Those under way.
        base, own: Facts as it left the others, and since; ``None`` while it can reach the store.
    """

    view: MarksView
    version: int
    is_connected: bool
    found_at: float
    offset: float | None
    ahead: float
    calls: tuple[Call, ...] = ()
    base: Facts | None = None
    own: Facts | None = None


@attrs.frozen
class Saved:
    """All that a world is."""

    now: float
    is_up: bool
    marks: Marks
    version: int
    number: int
    shared: Facts
    processes: tuple[Process, ...]


def pools(*acme: str) -> list[Pool]:
    """Two providers behind one host, with two keys each, or ``acme`` with others."""
    labels = {"acme": acme or ("k1", "k2"), "bolt": ("k1", "k2")}
    return [
        Pool(
            *(name, f"http://host.test/{name}"),
            tuple(PoolCredential(label, f"{name}-{label}") for label in all_),
            retry_budget=BUDGET,
        )
        for name, all_ in labels.items()
    ]


class World:
    """Processes over one store.

    Args:
        processes: Their number.
        calls: How many calls each may have under way.
        make_store: Makes the store of each process.
        own_keys: By process, the keys of its first provider, where its config is another one.
    """

    def __init__(
        self,
        processes: int = 2,
        calls: int = 1,
        make_store: MakeStore = ReplicaStore,
        own_keys: Mapping[int, Sequence[str]] = {},
    ) -> None:
        self.most = calls
        self.queue = EventQueue()
        self.server = StoreServer(self.queue, lambda: 0)
        self._make_store = make_store
        self.clocks = [HostClock(self.queue) for _ in range(processes)]
        self.stores = [self._store(number) for number in range(processes)]
        self._pools = [pools(*own_keys.get(number, ())) for number in range(processes)]
        self.boards = [self._board(number) for number in range(processes)]
        self.routes = [
            [(pool.provider, [key.label for key in pool.credentials]) for pool in each]
            for each in self._pools
        ]
        self.calls: list[tuple[Call, ...]] = [()] * processes
        self.alone: list[tuple[Facts, Facts] | None] = [None] * processes
        self.shared: Facts = {}
        self.number = 0
        self.was_away = False

    def _store(self, process: int) -> Store:
        return self._make_store(self.server, self.clocks[process], process, lag=0.0)

    def _board(self, process: int) -> HealthBoard:
        clock = self.clocks[process].time
        return HealthBoard(self._pools[process], self.stores[process], clock, Random(0))

    # What may happen.

    def moves(self) -> Iterator[Move]:
        """Everything that may happen next."""
        for process, calls in enumerate(self.calls):
            if len(calls) < self.most:
                yield "begin", process, 0.0
            for slot, call in enumerate(calls):
                words = ("again", "leave") if call.sent.is_waiting else (*WORDS, "ok", "leave")
                yield from ((word, process, slot) for word in words)
            if calls and self.server.is_up:
                yield "crash", process, 0.0
            yield from (("clock", process, step) for step in (-3600.0, 3600.0))
        yield "lose" if self.server.is_up else "find", 0, 0.0
        if (seconds := self.next_due()) is not None:
            yield "pass", 0, seconds

    def next_due(self) -> float | None:
        """Seconds until the next of what is due or expires; ``None`` where nothing is."""
        now, found = self.queue.now, set[float]()
        for view in (self.facts(number) for number in range(len(self.calls))):
            for fact in view.values():
                ends = [fact.until, fact.requested + model.EARLY] if fact.marked else []
                ends += [fact.probe.expires] if fact.probe is not None else []
                found |= {round(end - now, 6) for end in ends if end > now + GRAIN}
        return min(found, default=None)

    def do(self, move: Move) -> None:
        """Let it happen, to the board and to the model.

        Raises:
            BrokenBoard: They disagree, during it or after.
        """
        what, process, amount = move
        if what in _ALL:
            _ALL[what](self, amount)
        elif what in _OF_A_PROCESS:
            _OF_A_PROCESS[what](self, process, amount)
        elif what.startswith("hold "):
            self._hold(process, what.removeprefix("hold "), int(amount))
        else:
            self._end(process, what, int(amount))
        self.check()

    def _pass(self, seconds: float) -> None:
        self.queue.now += seconds

    def _set_clock(self, process: int, seconds: float) -> None:
        self.clocks[process].ahead += seconds

    def _wipe(self, _: float) -> None:
        """The store loses everything."""
        self.server.apply(dict.fromkeys(self.server.marks), -1)
        self.shared.clear()

    def facts(self, process: int) -> Facts:
        """The facts as this process knows them."""
        alone = self.alone[process]
        return self.shared if alone is None else alone[1]

    def _ask(self, process: int, call: str, state: SessionState | None, question: Any) -> Any:
        started = self.clocks[process].time()
        session = self.boards[process].resume(ROUTE, started, call, state)
        found = session.answer(question, 0.0)
        return found, session.state

    def _begin(self, process: int, _: float) -> None:
        self.number += 1
        now, call = self.queue.now, f"call {self.number}"
        facts, route = self.facts(process), self.routes[process]
        may, early = model.choose(facts, route, now, early=False), False
        if may is None:
            may, early = model.choose(facts, route, now, early=True), True
        (taken, _), state = self._ask(process, call, None, TakeFirst())
        got = taken and (taken.target.provider, taken.credential)
        if got != (may and may[:2]):
            raise BrokenBoard(_wrong_take(facts, self.routes[process], got, may, now))
        if may is None or taken is None:
            return
        if taken.probe != bool(may[2]):
            raise BrokenBoard(f"only what is due is probed: {got} is taken, probe: {taken.probe}")
        sent = Sent(call, may[0], may[1], now, may[2], early, bool(may[2]))
        model.take(facts, sent)
        self.calls[process] = (*self.calls[process], Call(state, sent))

    def _end(self, process: int, what: str, slot: int) -> None:
        calls = list(self.calls[process])
        call = calls.pop(slot)
        self.calls[process] = tuple(calls)
        sent, state, now = call.sent, call.session, self.queue.now
        facts, target = self.facts(process), Target(sent.provider, "one")
        labels = dict(self.routes[process])[sent.provider]
        if what == "ok":
            _, state = self._ask(process, sent.call, state, Succeed(target, sent.label))
            model.answer(facts, sent, labels, now)
            sent = attrs.evolve(sent, pending=frozenset(), probes=())
        elif what in WORDS:
            kind, error = WORDS[what]
            _, state = self._ask(process, sent.call, state, Report(target, sent.label, error))
            sent = model.fail(facts, sent, kind, labels, now)
        model.leave(facts, sent, now)
        self._ask(process, sent.call, state, Release())

    def _hold(self, process: int, word: str, slot: int) -> None:
        """A request fails, and its call means to try again."""
        calls, (kind, error), now = list(self.calls[process]), WORDS[word], self.queue.now
        sent, target = calls[slot].sent, Target(calls[slot].sent.provider, "one")
        question = Report(target, sent.label, error, may_retry=True)
        _, state = self._ask(process, sent.call, calls[slot].session, question)
        labels = dict(self.routes[process])[sent.provider]
        sent = model.fail(self.facts(process), sent, kind, labels, now)
        calls[slot] = Call(state, attrs.evolve(sent, is_waiting=True))
        self.calls[process] = tuple(calls)

    def _again(self, process: int, place: float) -> None:
        """A call that has waited takes again where it failed."""
        slot = int(place)
        calls, facts, now = list(self.calls[process]), self.facts(process), self.queue.now
        sent = calls[slot].sent
        here = [one for one in self.routes[process] if one[0] == sent.provider]
        may = model.choose(facts, here, now, early=sent.early, has_probed=sent.has_probed)
        question = Take((Target(sent.provider, "one"),), (), waited=True)
        (taken, _), state = self._ask(process, sent.call, calls[slot].session, question)
        got = taken and (taken.target.provider, taken.credential)
        if got != (may and may[:2]):
            raise BrokenBoard(_wrong_take(facts, here, got, may, now))
        if may is not None:
            has_probed = sent.has_probed or bool(may[2])
            sent = attrs.evolve(
                sent, label=may[1], at=now, probes=may[2], has_probed=has_probed, is_waiting=False
            )
            model.take(facts, sent)
        calls[slot] = Call(state, sent)
        self.calls[process] = tuple(calls)

    def _lose(self, _: float) -> None:
        self.server.is_up, self.was_away = False, True
        for process, store in enumerate(self.stores):
            store.read()
            self.alone[process] = dict(self.shared), dict(self.shared)

    def _find(self, _: float) -> None:
        self.server.is_up = True
        self.queue.now += FOUND_AFTER
        for process, store in enumerate(self.stores):
            store.read()
            alone, self.alone[process] = self.alone[process], None
            if alone is not None:
                self.shared = model.merged(*alone, self.shared)
        for store in self.stores:
            store.read()

    def _crash(self, process: int, _: float) -> None:
        store = self.stores[process]
        if isinstance(store, ReplicaStore):
            store.kill()
        self.calls[process] = ()
        self.stores[process] = self._store(process)
        self.boards[process] = self._board(process)

    # What must hold.

    def check(self) -> None:
        """Hold what each process shows against the facts.

        Raises:
            BrokenBoard: They differ.
        """
        for process, store in enumerate(self.stores):
            # As it is, whatever a planted store shows of it: that is judged by what calls do.
            marks = ReplicaStore.read(store) if isinstance(store, ReplicaStore) else store.read()
            shown = {_name(key): record for key, record in marks.items() if _name(key)}
            facts = self.facts(process)
            self._check_tokens(process, marks)
            for name in {*facts, *shown}:
                self._compare(process, name, facts.get(name), shown.get(name))

    def _check_tokens(self, process: int, marks: Marks) -> None:
        # What each spent alone is added up once they hear of one another.
        most = BUDGET * (len(self.stores) if self.was_away else 1)
        for key, record in marks.items():
            if parts(key)[0] is MarkKind.RETRY_BUDGET and not 0 < record.spent <= most:
                spent = f"{record.spent} of {most} tokens are spent"
                raise BrokenBoard(f"retries are paid for: process {process}, {spent}")

    def _compare(self, process: int, name: Name, fact: Fact | None, record: Record | None) -> None:
        who, now = f"process {process}, {' '.join(name)}", self.queue.now
        if record is None or (fact is not None and fact.marked and record.mark is None):
            if fact is not None and (not fact.marked or fact.until > now or name[0] != LIMIT):
                raise BrokenBoard(f"no mark is lost: {who}: there is none")
            return
        if fact is None or (record.mark is not None and not fact.marked):
            raise BrokenBoard(f"nothing is marked that nobody reported: {who}: {record.mark}")
        until = record.until - EPOCH
        if fact.marked and abs(until - fact.until) > GRAIN:
            ends = f"it ends in {until - now:g} s and not in {fact.until - now:g} s"
            raise BrokenBoard(f"a mark ends when it says: {who}: {ends}")
        self._compare_claim(who, fact.probe, record.claim)

    def _compare_claim(self, who: str, probe: Probe | None, claim: Claim | None) -> None:
        now = self.queue.now
        if probe is not None and (claim is None or claim.holder != probe.call):
            raise BrokenBoard(f"one probe a due date: {who}: {probe.call} probes, and has no claim")
        if claim is not None and claim.expires - EPOCH > now + GRAIN:
            if probe is None or claim.holder != probe.call:
                raise BrokenBoard(f"claims expire: {who}: {claim.holder} has one, and probes not")
            if abs(claim.expires - EPOCH - probe.expires) > GRAIN:
                lasts = claim.expires - EPOCH - now
                raise BrokenBoard(f"claims expire: {who}: that of {probe.call} lasts {lasts:g} s")

    # To keep, and to come back to.

    def save(self) -> Saved:
        """All that there is, as a value."""
        return Saved(
            self.queue.now,
            self.server.is_up,
            self.server.marks,
            self.server.version,
            self.number,
            dict(self.shared),
            tuple(self._saved(number) for number in range(len(self.calls))),
        )

    def _saved(self, number: int) -> Process:
        store, alone = self.stores[number], self.alone[number]
        assert isinstance(store, ReplicaStore)
        held = (store.view, store._version, store._is_connected, store._found_at)  # noqa: SLF001
        base, own = (None, None) if alone is None else map(dict, alone)
        return Process(
            *held,
            store.time._offset,  # noqa: SLF001 - all that it knows
            self.clocks[number].ahead,
            self.calls[number],
            base,
            own,
        )

    def restore(self, saved: Saved) -> None:
        """Be as it was then."""
        server = self.server
        self.queue.now, server.is_up, self.number = saved.now, saved.is_up, saved.number
        server.marks, server.version, server.changes = saved.marks, saved.version, []
        server._versions = deque([(0.0, saved.version, saved.marks)])  # noqa: SLF001 - no lag
        self.shared = dict(saved.shared)
        for number, one in enumerate(saved.processes):
            store = self.stores[number]
            assert isinstance(store, ReplicaStore)
            store.view, store._version, store._is_gone = one.view, one.version, False  # noqa: SLF001
            store._is_connected, store._found_at = one.is_connected, one.found_at  # noqa: SLF001
            store.time._offset = one.offset  # noqa: SLF001
            self.clocks[number].ahead, self.calls[number] = one.ahead, one.calls
            known = one.base is not None and one.own is not None
            self.alone[number] = (dict(one.base or {}), dict(one.own or {})) if known else None


_ALL: Mapping[str, Callable[[World, float], None]] = {
    "pass": World._pass,  # noqa: SLF001
    "lose": World._lose,  # noqa: SLF001
    "find": World._find,  # noqa: SLF001
    "wipe": World._wipe,  # noqa: SLF001
}
"""What happens to all processes."""

_OF_A_PROCESS: Mapping[str, Callable[[World, int, float], None]] = {
    "begin": World._begin,  # noqa: SLF001
    "clock": World._set_clock,  # noqa: SLF001
    "again": World._again,  # noqa: SLF001
    "crash": World._crash,  # noqa: SLF001
}

_KINDS = {
    (MarkKind.BILLING, MarkScope.PROVIDER): MONEY,
    (MarkKind.RATE_LIMIT, MarkScope.CREDENTIAL): LIMIT,
    (MarkKind.CIRCUIT, MarkScope.PROVIDER): LINE,
    (MarkKind.CIRCUIT, MarkScope.TARGET): CIRCUIT,
}


def _name(key: str) -> Name:
    """What the record of ``key`` is about, as the model names it; empty where it knows it not."""
    kind, scope, identity = parts(key)
    if (kind, scope) not in _KINDS:
        return ()
    label = (identity[2],) if scope.names_credential else ()
    return (_KINDS[kind, scope], identity[0], *label)


def _wrong_take(facts: Facts, route: Any, got: Any, may: Any, now: float) -> str:
    if got is None:
        return f"what is due is probed: nothing is taken, and {' '.join(may[:2])} can be had"
    labels = dict(route)[got[0]]
    for name in model.names(*got):
        fact = facts.get(name)
        if fact is None or not fact.marked or not model.holds(fact, labels):
            continue
        if fact.probe is not None and fact.probe.expires > now + GRAIN:
            return f"one probe a due date: {' '.join(got)} is taken while {fact.probe.call} probes"
        if fact.until > now + GRAIN:
            left = f"{fact.until - now:g} s before {' '.join(name)} is due"
            return f"nothing is sent to the dead: {' '.join(got)} is taken {left}"
    expected = "nothing" if may is None else " ".join(may[:2])
    return f"what can be had first is taken: {' '.join(got)} in place of {expected}"


MakeWorld = Callable[[], World]
