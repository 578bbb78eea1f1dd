"""The virtual store: one truth, copies that follow, outages, clocks of hosts."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

import attrs
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health.records import Claim, MarkKind, Marks, MarkScope, Record, key
from orchestrator.lab.fleet import ReplicaStore, StoreServer
from orchestrator.lab.fleet.event_queue import EPOCH, EventQueue, HostClock
from orchestrator.states import Mark

KEY = key(MarkKind.BILLING, MarkScope.PROVIDER, "first", "endpoint")
OTHER = key(MarkKind.BILLING, MarkScope.PROVIDER, "second", "endpoint")


@attrs.frozen
class Put:
    """A step that puts records, whatever is there."""

    changes: Mapping[str, Record | None]

    def __call__(self, _marks: Marks) -> Put:
        return self


def bench(until: float, **more: object) -> Record:
    now = EPOCH
    record = Record(Mark.BENCH, now, now + until, now, now)
    return attrs.evolve(record, **more)  # type: ignore[arg-type]


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


def test_a_step_is_decided_on_the_truth_however_old_the_copy_is() -> None:
    hosts = Hosts()
    hosts.one.update(Put({KEY: bench(300)}))
    seen: list[Marks] = []

    def step(marks: Marks) -> Put:
        seen.append(marks)
        return Put({})

    hosts.two.update(step)

    assert seen == [{KEY: bench(300)}]


@given(st.floats(-86400, 86400))
def test_each_host_is_told_by_its_own_clock(ahead: float) -> None:
    hosts = Hosts(ahead, lag=0.0)
    claim = Claim("somebody", EPOCH + 130)
    hosts.one.update(Put({KEY: bench(300, claim=claim, expected=EPOCH + 900)}))

    seen = hosts.two.read()[KEY]
    hosts.two.update(Put({OTHER: seen}))

    assert abs(seen.until - (EPOCH + 300 + ahead)) < 1e-3
    assert seen.claim is not None
    assert abs(seen.claim.expires - (EPOCH + 130 + ahead)) < 1e-3
    stored = hosts.server.marks[OTHER]
    assert abs(stored.until - (EPOCH + 300)) < 1e-3


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
