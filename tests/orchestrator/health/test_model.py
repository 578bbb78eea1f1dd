"""Many calls over one board, in any order: what must hold whatever they meet.

Each step is made on two boards, one in memory and one in a file or on a server, which must
agree. The oracle is the snapshot before the step, with the claims counted here by hand.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)

from orchestrator.health import BoardRow, Store
from orchestrator.health.stores.file import FileStore
from orchestrator.health.stores.redis_store import RedisStore
from orchestrator.pooling import Accounts, Strategy
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark, Standby, Taken, Target
from orchestrator.states.reasons import Reason, Scope
from tests.orchestrator.health.processes import PATIENT
from tests.orchestrator.health.stores.servers import running_server
from tests.orchestrator.health.world import A2, A, B, Call, World, pool

ROUTE = (A, A2, B)
CLAIM = 40.0
LONGEST = 3600.0
"""No mark lasts longer, or is longer not looked at, but for a revoked key's."""

Key = tuple[str, str | None, str | None]

subsets = st.lists(st.sampled_from(ROUTE), min_size=1, max_size=3, unique=True).map(tuple)
errors = st.builds(
    Error,
    reason=st.one_of(
        st.sampled_from([Reason.BILLING, Reason.RATE_LIMIT, Reason.AUTH, Reason.OVERLOADED]),
        st.sampled_from(Reason),
    ),
    rule=st.just("test"),
    status=st.sampled_from([None, 400]),
    scope=st.sampled_from([None, None, *Scope]),
    retry_after=st.sampled_from([None, None, 0.0, 0.7, 20.0, 300.0, 301.0, 5000.0, 1e6]),
    revoked=st.sampled_from([False, False, False, True]),
    quoted=st.sampled_from([False, False, True]),
    empty=st.sampled_from([False, False, False, True]),
)
limits = st.sampled_from([None, None, 12.0, 24.0])


@attrs.define(eq=False)
class Pair:
    """One call, on both boards."""

    memory: Call
    shared: Call
    early: bool = False
    probing: frozenset[Key] = frozenset()
    probing_until: float = 0.0
    seen: tuple[int, Standby] | None = None
    sent: bool = False
    probed: bool = False


def key(entry: BoardRow) -> Key:
    return entry.provider, entry.credential, entry.model


class Calls(RuleBasedStateMachine):
    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        pools = (
            pool("acme", "k1", "k2", strategy=Strategy.ROUND_ROBIN),
            pool("bolt", "k1", "k2", strategy=Strategy.RANDOM, accounts=Accounts.ONE),
        )
        self.memory = World(*pools, random=Random(1), claim_seconds=CLAIM)
        self.shared = World(*pools, random=Random(1), claim_seconds=CLAIM, store=self.store())
        self.open: list[Pair] = []
        self.steps = 0

    def store(self) -> Store:
        return FileStore(Path(self.folder.name) / "health.sqlite3")

    def teardown(self) -> None:
        self.shared.board.close()
        self.folder.cleanup()

    @property
    def now(self) -> float:
        return self.memory.now

    def snapshot(self) -> dict[Key, BoardRow]:
        return {key(entry): entry for entry in self.memory.board.snapshot(ROUTE)}

    @rule(target=calls, route=subsets)
    def begin(self, route: tuple[Target, ...]) -> Pair:
        pair = Pair(self.memory.call(*route), self.shared.call(*route))
        before = self.snapshot()
        pair.early = not any(self.stands_by(before, target) for target in route)
        taken = pair.memory.start()
        assert pair.shared.start() == taken
        self.arrived(pair, taken, before)
        self.open.append(pair)
        return pair

    @rule(pair=calls, wanted=subsets, used=st.sampled_from([(), (), ("k1",), ("k1", "k2")]))
    def take(self, pair: Pair, wanted: tuple[Target, ...], used: tuple[str, ...]) -> None:
        before = self.snapshot()
        promised = pair.seen
        taken = pair.memory.take(*wanted, used=used)
        assert pair.shared.take(*wanted, used=used) == taken
        route = [target for target, _ in self.known(pair)]
        if promised is not None and promised[0] == self.steps and not used:
            offered = [target for target in wanted if target in promised[1].targets]
            if set(wanted) <= set(route):
                assert (taken is None) == (not offered)
                if taken is not None and not taken.probe and not pair.probed:
                    assert taken.target == offered[0]
        if pair.probed and taken is not None and taken.probe:
            # One probe a call, while anything else stands by.
            assert not any(self.is_had_at_once(before, target, used) for target in wanted)
        assert taken is None or taken.credential not in used
        self.arrived(pair, taken, before)

    @precondition(lambda self: any(pair.sent for pair in self.open))
    @rule(pair=calls, error=errors, cut=limits)
    def fail(self, pair: Pair, error: Error, cut: float | None) -> None:
        if not pair.sent:
            return
        pair.sent = False
        before = self.snapshot()
        standby = pair.memory.fail(error, cut)
        assert pair.shared.fail(error, cut) == standby
        if error.empty or error.scope is Scope.REQUEST:
            self.nothing_new(before)
        assert pair.memory.taken is not None
        assert bool(standby.credentials) == (pair.memory.taken.target in standby.targets) or (
            pair.memory.taken.target not in [target for target, _ in self.known(pair)]
        )
        self.released(pair)
        self.saw(pair, standby)

    @rule(pair=calls)
    def succeed(self, pair: Pair) -> None:
        if not pair.sent:
            return
        pair.sent = False
        pair.memory.succeed()
        pair.shared.succeed()
        after = self.snapshot()
        assert all(after[name].mark is not Mark.BENCH for name in pair.probing if name in after)
        self.released(pair)
        self.steps += 1

    @rule(pair=consumes(calls))
    def close(self, pair: Pair) -> None:
        for call in (pair.memory, pair.shared):
            call.close()
            call.close()
        mine = pair.probing
        self.open.remove(pair)
        self.released(pair)
        after = self.snapshot()
        assert all(self.is_claimed(name) for name in mine if name in after and after[name].probed)
        self.steps += 1

    @rule(seconds=st.sampled_from([0.3, 1.0, 5.0, 10.0, 15.0, 41.0, 60.0, 300.0, 4000.0]))
    def later(self, seconds: float) -> None:
        self.memory.later(seconds)
        self.shared.later(seconds)
        self.steps += 1

    @precondition(lambda self: not self.open)
    @rule(seconds=st.sampled_from([5.0, 86_400.0, 1e9]))
    def set_back(self, seconds: float) -> None:
        """The clock is set back; a call that looks then learns that nothing outlives its length."""
        self.later(-seconds)
        for world in (self.memory, self.shared):
            call = world.call(*ROUTE)
            call.take(*ROUTE)
            call.close()
        longest = self.now + LONGEST
        assert all(
            entry.until is None or entry.until <= longest or entry.mark is Mark.DEAD
            for entry in self.snapshot().values()
        )

    @rule(provider=st.sampled_from([None, "acme"]))
    def reset(self, provider: str | None) -> None:
        assert self.memory.board.reset(provider) == self.shared.board.reset(provider)
        for pair in self.open:
            pair.probing = frozenset(
                name for name in pair.probing if provider not in (None, name[0])
            )
        self.steps += 1

    @invariant()
    def the_stores_agree(self) -> None:
        assert self.memory.board.snapshot(ROUTE) == self.shared.board.snapshot(ROUTE)

    @invariant()
    def nothing_is_negative(self) -> None:
        for entry in self.snapshot().values():
            assert entry.failures >= 0
            assert entry.unknown >= 0
            assert (entry.mark is None) == (entry.since is None) == (entry.until is None)
            if entry.since is not None and entry.until is not None:
                assert entry.since <= entry.until
                assert entry.since <= self.now

    def nothing_new(self, before: dict[Key, BoardRow]) -> None:
        """What marks nothing at most leaves a probe's mark in force for as long as before."""
        for name, entry in self.snapshot().items():
            if name[1:] == (None, None) and before[name].mark is not Mark.BENCH:
                continue  # whoever answers can be reached, whatever he says
            assert (entry.mark, entry.since) == (before[name].mark, before[name].since)
            assert (entry.failures, entry.expected) == (
                before[name].failures,
                before[name].expected,
            )

    def is_had_at_once(
        self, before: dict[Key, BoardRow], target: Target, used: tuple[str, ...]
    ) -> bool:
        """Whether nothing at all is marked in the way of ``target``."""
        return any(
            all(name not in before or before[name].mark is None for name in names)
            for label in {"k1", "k2"} - set(used)
            for names in [self.names(target, label)]
        )

    def arrived(self, pair: Pair, taken: Taken | None, before: dict[Key, BoardRow]) -> None:
        assert pair.memory.standby == pair.shared.standby
        past: set[Key] = set()
        if taken is not None:
            past = self.sent_past(pair, taken, before)
            assert taken.probe == bool(past)
            assert taken.probe or taken.cut_first_token is None
            assert taken.credential in pair.memory.standby.credentials
        self.released(pair)
        pair.probing, pair.probing_until = frozenset(past), self.now + CLAIM
        pair.sent = taken is not None
        pair.probed = pair.probed or bool(past)
        self.saw(pair, pair.memory.standby)

    def sent_past(self, pair: Pair, taken: Taken, before: dict[Key, BoardRow]) -> set[Key]:
        """The marks that the take went past: ended or due, and claimed by nobody else."""
        past = set()
        for name in self.names(taken.target, taken.credential):
            entry = before.get(name)
            if entry is None or entry.mark is None:
                continue
            assert entry.mark in (Mark.BENCH, Mark.CIRCUIT)
            assert not self.is_claimed(name, besides=pair)
            assert entry.until is not None
            assert entry.until <= self.now + 1e-5 or pair.early or name in pair.probing
            past.add(name)
        return past

    def stands_by(self, before: dict[Key, BoardRow], target: Target) -> bool:
        """Whether the snapshot says that a call without claims can send to ``target``."""
        if any(self.blocks(before.get(name)) for name in self.names(target)):
            return False
        return any(
            not any(self.blocks(before.get(name)) for name in self.names(target, label)[2:])
            for label in ("k1", "k2")
        )

    def blocks(self, entry: BoardRow | None) -> bool:
        if entry is None or entry.mark is None or entry.until is None:
            return False
        return entry.probed or entry.until > self.now + 1e-5

    def names(self, target: Target, label: str | None = None) -> list[Key]:
        entry: list[Key] = [
            (target.provider, None, None),
            (target.provider, None, target.model),
        ]
        if label is None:
            return entry
        return [
            *entry,
            (target.provider, label, None),
            (target.provider, label, target.model),
        ]

    def is_claimed(self, name: Key, besides: Pair | None = None) -> bool:
        return any(
            name in pair.probing and self.now < pair.probing_until - 1e-5
            for pair in self.open
            if pair is not besides
        )

    def released(self, pair: Pair) -> None:
        pair.probing = frozenset()

    def known(self, pair: Pair) -> list[tuple[Target, None]]:
        standby = pair.memory.standby
        return [
            (target, None)
            for target in (*standby.targets, *(clear.target for clear in standby.clears))
        ]

    def saw(self, pair: Pair, standby: Standby) -> None:
        self.steps += 1
        pair.seen = (self.steps, standby)
        for clear in standby.clears:
            assert clear.at > pair.memory.at
            assert clear.since <= pair.memory.at
            assert not clear.probed or clear.mark in (Mark.BENCH, Mark.CIRCUIT)
            assert clear.expected is None or clear.mark is Mark.BENCH
            assert clear.expected is None or clear.expected > pair.memory.at
            assert clear.at <= pair.memory.at + LONGEST or clear.mark is Mark.DEAD


class CallsOverServer(Calls):
    """The same on a server, which each example finds empty."""

    def store(self) -> Store:
        server = running_server()
        server.ask("FLUSHALL")
        return RedisStore(server.url, server_time=False, wait_seconds=PATIENT)


CallsOverServer.TestCase.settings = settings(max_examples=8, stateful_step_count=30, deadline=None)
TestCallsOverServer = CallsOverServer.TestCase
Calls.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestCalls = Calls.TestCase
