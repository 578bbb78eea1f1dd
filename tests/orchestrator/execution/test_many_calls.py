"""Many calls in any order over one health board, through the real flow.

Each rule is something that can happen to one of the calls, or to the board. Whatever the
board grants, marks and shows is held against `reference_board`, which is the design's prose
written a second time; whatever a call did is held against the invariants when it ends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from math import inf
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orchestrator.health.stores.file import FileStore
from orchestrator.states import Policy, Send, Target, Wait
from tests.orchestrator.execution import verdict
from tests.orchestrator.execution.crowd import (
    BROKE,
    FAILURES,
    OK,
    OVERLOADED,
    REFUSED,
    ROUTE,
    SERVER_ERROR,
    Answer,
    Crowd,
    OpenCall,
)
from tests.orchestrator.execution.reference_board import EARLY
from tests.states_strategies import policies

routes = st.one_of(
    st.just(ROUTE),
    st.just(ROUTE[:1]),
    st.lists(st.sampled_from(ROUTE), min_size=1, max_size=5, unique=True).map(tuple),
)
answers = st.one_of(st.sampled_from(FAILURES), st.sampled_from((*FAILURES, *[OK] * 20)))
picks = st.integers(0, 5)
OUTAGES = (OVERLOADED, REFUSED, SERVER_ERROR, BROKE)
MOST_OPEN = 6
MOST_OUTAGES = 3


class ManyCalls(RuleBasedStateMachine):
    """One process."""

    def __init__(self) -> None:
        super().__init__()
        self.crowd = self.made()
        self.outages = 0

    def made(self) -> Crowd:
        return Crowd()

    def teardown(self) -> None:
        self.crowd.close()
        assert self.crowd.claims == 0

    def picked(self, pick: int) -> OpenCall:
        return self.crowd.open[pick % len(self.crowd.open)]

    @precondition(lambda self: len(self.crowd.open) < MOST_OPEN)
    @rule(route=routes, policy=st.one_of(st.just(Policy()), policies()), pick=picks)
    def begin(self, route: tuple[Target, ...], policy: Policy, pick: int) -> None:
        process = pick % len(self.crowd.stores)
        self.judge(self.crowd.begin(route, policy, process=process))

    @precondition(lambda self: self.crowd.open)
    @rule(pick=picks, answer=answers, patient=st.booleans())
    def go_on(self, pick: int, answer: Answer, *, patient: bool) -> None:
        """One command of one call; a wait that is not over may be left for others to end."""
        call = self.picked(pick)
        if patient and isinstance(call.command, Wait) and call.due(0.0) > self.crowd.clock.now:
            return
        self.act(call, answer)

    @precondition(lambda self: self.crowd.open)
    @rule(pick=picks, brought=st.lists(answers, min_size=1, max_size=8))
    def run_on(self, pick: int, brought: Sequence[Answer]) -> None:
        """One call goes on for some attempts while the others stand still."""
        call = self.picked(pick)
        for answer in brought:
            while call.ended is None and not (isinstance(call.command, Send) and call.is_sent):
                self.act(call, answer)
            if call.ended is None:
                self.act(call, answer)

    @precondition(lambda self: self.crowd.open)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        call = self.picked(pick)
        call.cancel()
        self.judge(call)

    @precondition(lambda self: self.outages < MOST_OUTAGES)
    @rule(where=st.sampled_from(ROUTE), answer=st.sampled_from(OUTAGES), pick=picks)
    def outage(self, where: Target, answer: Answer, pick: int) -> None:
        """So many calls fail at one target, one after the other, that its circuit opens."""
        self.outages += 1
        for _ in range(3):
            policy = Policy(attempts_per_target=1)
            call = self.crowd.begin((where,), policy, process=pick % len(self.crowd.stores))
            while call.ended is None and not isinstance(call.command, Wait):
                self.act(call, answer)
            if call.ended is None:
                call.cancel()
            self.judge(call)

    @rule(early=st.sampled_from((-1.0, -0.0005, 0.0, 0.0005, 1.0)))
    def until_something_ends(self, early: float) -> None:
        """Time passes until about the end of the next mark, circuit, bench or early bench."""
        now = self.crowd.clock.now
        known = self.crowd.reference.known.values()
        ends = [end for each in known for end in (each.until, each.requested + EARLY)]
        waits = [end - now for end in ends if now < end < inf]
        self.crowd.clock.advance(min(waits, default=0.0) + early)

    @rule(seconds=st.sampled_from((0.5, 1.0, 4.0, 4.0, 14.0, 16.0, 60.0, 131.0, 4000.0)))
    def later(self, seconds: float) -> None:
        self.crowd.clock.advance(seconds)

    @rule(provider=st.sampled_from((None, "acme", "bolt")), pick=picks)
    def reset(self, provider: str | None, pick: int) -> None:
        self.crowd.reset(provider, pick % len(self.crowd.stores))

    @invariant()
    def boards_show_what_is_known(self) -> None:
        self.crowd.check()

    @invariant()
    def only_open_calls_hold_claims(self) -> None:
        holding = [call for call in self.crowd.open if call.visitor.claims]
        assert holding or self.crowd.claims == 0

    def act(self, call: OpenCall, answer: Answer) -> None:
        self.crowd.clock.advance(0.001)
        call.act(answer)
        self.judge(call)

    def judge(self, call: OpenCall) -> None:
        if call not in self.crowd.open:
            verdict.check(call)


class ManyCallsOfTwoProcesses(ManyCalls):
    """Two boards, each with a store of its own over one file."""

    def made(self) -> Crowd:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "health.sqlite3"
        return Crowd(FileStore(path), FileStore(path))

    def teardown(self) -> None:
        super().teardown()
        self.crowd.close()
        self.folder.cleanup()


ManyCalls.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestManyCalls = ManyCalls.TestCase

ManyCallsOfTwoProcesses.TestCase.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None
)
TestManyCallsOfTwoProcesses = ManyCallsOfTwoProcesses.TestCase
