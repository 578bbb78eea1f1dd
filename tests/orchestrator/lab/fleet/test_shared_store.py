"""The virtual store: one truth, copies that follow, outages, clocks of hosts."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

import attrs
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health.records import MarkKind, Marks, MarkScope, Record, key
from orchestrator.health.stores.redis_script import TOLERATED
from orchestrator.lab.fleet import ReplicaStore, StoreServer
from orchestrator.lab.fleet.event_queue import EPOCH, EventQueue, HostClock
from orchestrator.states import Mark

KEY = key(MarkKind.BILLING, MarkScope.PROVIDER, "first", "endpoint")
BUCKET = key(MarkKind.RETRY_BUDGET, MarkScope.PROVIDER, "first", "endpoint")
OTHER = key(MarkKind.BILLING, MarkScope.PROVIDER, "second", "endpoint")


@attrs.define
class Put:
    """A step that puts records, whatever is there."""

    changes: Mapping[str, Record | None]

    def __call__(self, _marks: Marks) -> Put:
        return self


def bench(until: float) -> Record:
    return Record(Mark.BENCH, EPOCH, EPOCH + until, EPOCH, EPOCH)


def spent(tokens: int) -> Record:
    return Record(None, EPOCH, EPOCH, EPOCH, EPOCH, failures=0, spent=tokens)


class Hosts:
    """A store and two processes on hosts of their own."""

    def __init__(self, ahead: float = 0.0, lag: float = 1.0) -> None:
        self.queue = EventQueue()
        self.server = StoreServer(self.queue, count().__next__)
        clocks = HostClock(self.queue), HostClock(self.queue, ahead)
        self.one, self.two = (
            ReplicaStore(self.server, clock, number, lag=lag) for number, clock in enumerate(clocks)
        )


def test_who_marks_sees_it_at_once_and_others_after_the_lag() -> None:
    hosts = Hosts()

    hosts.one.update(Put({KEY: bench(300)}))

    assert hosts.one.read() == {KEY: bench(300)}
    assert hosts.two.read() == {}
    hosts.queue.now = 0.9
    assert hosts.two.read() == {}
    hosts.queue.now = 1.1
    assert hosts.two.read() == {KEY: bench(300)}


def test_a_step_that_others_overtook_is_decided_anew_on_the_truth() -> None:
    hosts = Hosts()
    hosts.one.update(Put({KEY: bench(300)}))
    seen: list[Marks] = []

    def step(marks: Marks) -> Put:
        seen.append(marks)
        return Put({KEY: bench(600)})

    hosts.two.update(step)

    assert seen == [{}, {KEY: bench(300)}]
    assert hosts.server.marks == hosts.two.read() == {KEY: bench(600)}


@attrs.define
class TimedPut(Put):
    """The same, at an instant that the store may correct."""

    now: float = 0.0

    def move(self, seconds: float) -> None:
        self.now += seconds


@given(st.floats(-86400, 86400))
def test_no_clock_of_a_host_has_a_say_once_the_store_was_heard(ahead: float) -> None:
    hosts = Hosts(ahead, lag=0.0)
    hosts.one.update(Put({KEY: bench(300)}))
    hosts.two.clock.ahead -= 7.0
    hosts.queue.now = 5.0
    step = TimedPut({}, hosts.two.clock.time())

    hosts.two.update(step)

    assert hosts.two.read() == {KEY: bench(300)}
    assert hosts.two.instant(hosts.two.clock.time()) == EPOCH + 5
    assert abs(step.now - (EPOCH + 5)) <= TOLERATED / 2


def test_who_never_heard_the_store_goes_by_its_own_clock() -> None:
    hosts = Hosts()
    hosts.server.is_up = False
    late = ReplicaStore(hosts.server, HostClock(hosts.queue, 60.0), 2)

    assert late.trouble
    assert late.instant(late.clock.time()) == EPOCH + 60


def test_what_counters_gain_and_give_back_adds_up() -> None:
    hosts = Hosts(lag=100.0)
    hosts.one.update(Put({BUCKET: spent(14)}))

    hosts.two.update(Put({BUCKET: spent(5)}))

    assert hosts.server.marks == {BUCKET: spent(19)}


def test_while_it_is_away_each_goes_on_alone_and_the_latest_due_is_kept() -> None:
    hosts = Hosts()
    hosts.server.is_up = False
    hosts.one.update(Put({KEY: bench(300), OTHER: bench(20)}))
    hosts.two.update(Put({KEY: bench(600)}))

    assert hosts.one.read()[KEY].until == EPOCH + 300
    assert hosts.server.marks == {}

    hosts.server.is_up = True
    for now in (2.0, 4.0, 6.0):
        hosts.queue.now = now
        hosts.one.read()
        hosts.two.read()

    assert hosts.server.marks == {KEY: bench(600), OTHER: bench(20)}
    assert hosts.one.read() == hosts.two.read() == hosts.server.marks


def test_a_process_that_is_gone_says_nothing_any_more() -> None:
    hosts = Hosts()
    hosts.one.kill()

    hosts.one.update(Put({KEY: bench(300)}))

    assert hosts.server.marks == {}
    assert hosts.server.changes == []
