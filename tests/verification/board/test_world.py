"""Processes over one board, in any order: the board that ships is always as its model says.

The model (`verification.board.facts`) is a dictionary of facts and knows nothing of the board's
code. It is compared after each rule; what a rule does is checked by the world itself.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from orchestrator.health import Store
from orchestrator.health.stores.file import FileStore
from orchestrator.lab.fleet import StoreServer
from orchestrator.lab.fleet.event_queue import HostClock
from tests.slow import nightly
from verification.board.world import WORDS, World

PROCESSES, CALLS = 3, 3

processes = st.integers(0, PROCESSES - 1)
lengths = st.sampled_from((0.3, 1.0, 4.9, 5.0, 10.0, 15.0, 20.0, 130.0, 300.0, 700.0, 4000.0))


class Processes(RuleBasedStateMachine):
    """Three processes, the last with another config: one key of two, for the first provider."""

    def __init__(self) -> None:
        super().__init__()
        self.world = self.made()

    def made(self) -> World:
        return World(PROCESSES, CALLS, own_keys={2: ("k2",)})

    def do(self, what: str, process: int = 0, amount: float = 0.0) -> None:
        self.world.do((what, process, amount))

    @rule(process=processes)
    def begin(self, process: int) -> None:
        if len(self.world.calls[process]) < CALLS:
            self.do("begin", process)

    @precondition(lambda self: any(self.world.calls))
    @rule(data=st.data(), word=st.sampled_from((*WORDS, "ok", "hold 503", "hold 429", "leave")))
    def end(self, data: st.DataObject, word: str) -> None:
        calls = self.world.calls
        there = [(place, slot) for place, each in enumerate(calls) for slot in range(len(each))]
        process, slot = data.draw(st.sampled_from(there))
        if calls[process][slot].sent.is_waiting and word != "leave":
            word = "again"
        self.do(word, process, slot)

    @rule(seconds=lengths)
    def time_passes(self, seconds: float) -> None:
        self.do("pass", 0, seconds)

    @precondition(lambda self: self.world.next_due() is not None)
    @rule(process=processes, word=st.sampled_from((None, *WORDS, "ok")))
    def something_is_due_and_calls_come(self, process: int, word: str | None) -> None:
        self.do("pass", 0, self.world.next_due() or 0.0)
        self.meet(process, word)
        self.begin((process + 1) % PROCESSES)

    @rule(process=processes, word=st.sampled_from((*WORDS, "hold 503")), times=st.integers(1, 3))
    def calls_meet_the_same(self, process: int, word: str, times: int) -> None:
        for _ in range(times):
            self.meet(process, word)

    def meet(self, process: int, word: str | None) -> None:
        """A call begins, and what it sends comes to ``word``."""
        before = len(self.world.calls[process])
        self.begin(process)
        if word is not None and len(self.world.calls[process]) > before:
            self.do(word, process, before)

    @precondition(lambda self: self.world.server.is_up)
    @rule(process=processes)
    def crash(self, process: int) -> None:
        self.do("crash", process)


class ProcessesOverServer(Processes):
    """Over a store on a server, which may be away or lose everything; each host has a clock."""

    @rule(process=processes, seconds=st.sampled_from((-3600.0, -5.0, 0.4, 86_400.0)))
    def step_a_clock(self, process: int, seconds: float) -> None:
        self.do("clock", process, seconds)

    @rule()
    def the_store_goes_or_returns(self) -> None:
        self.do("lose" if self.world.server.is_up else "find")

    @precondition(lambda self: self.world.server.is_up)
    @rule()
    def the_store_loses_everything(self) -> None:
        self.do("wipe")


class ProcessesOverFile(Processes):
    """Over a file, with stores of their own on it."""

    def made(self) -> World:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "health.sqlite3"

        def store(server: StoreServer, clock: HostClock, process: int, *, lag: float) -> Store:
            del server, clock, process, lag  # a file needs none of them
            return FileStore(path)

        return World(PROCESSES, CALLS, store, own_keys={2: ("k2",)})

    def teardown(self) -> None:
        for board in self.world.boards:
            board.close()
        self.folder.cleanup()


class ManyProcessesOverServer(ProcessesOverServer):
    """The same, many times."""


TestProcessesOverServer = ProcessesOverServer.TestCase
TestProcessesOverServer.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestProcessesOverFile = ProcessesOverFile.TestCase
TestProcessesOverFile.settings = settings(max_examples=8, stateful_step_count=30, deadline=None)
TestManyProcessesOverServer = nightly("five hundred examples; the test above takes 150")(
    ManyProcessesOverServer.TestCase
)
TestManyProcessesOverServer.settings = settings(
    max_examples=500, stateful_step_count=40, deadline=None
)
