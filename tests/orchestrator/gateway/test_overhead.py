"""The overhead of a call is what its attempts and its waits leave of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from orchestrator import CallFailed, Orchestrator, Request
from orchestrator.execution.call_run import CallRun
from orchestrator.gateway.overhead import overhead_seconds
from orchestrator.sim import replies
from tests.acceptance.world import HI, world
from tests.orchestrator.gateway.played import Asked, Player, asked_calls


@settings(max_examples=30)
@given(asked_calls)
def test_in_virtual_time_there_is_none(asked: Asked) -> None:
    seen: list[float] = []
    run = Player().play(asked, lambda run: seen.append(overhead_seconds(run)))

    assert [*seen, overhead_seconds(run)] == pytest.approx([0.0] * (len(seen) + 1), abs=1e-6)


def ended(orchestrator: Orchestrator) -> CallRun:
    run, events = orchestrator.stream_events(Request(HI, stream=True))
    try:
        for event in events:
            list(event)
    except CallFailed:
        pass
    return run


def test_in_real_time_it_is_what_the_record_leaves() -> None:
    with world({"a": replies.billing_402(), "b": replies.ok()}) as (_, orchestrator):
        run = ended(orchestrator)
    ledger = run.recorder.ledger
    spent = sum(attempt.seconds for attempt in ledger.attempts)

    assert overhead_seconds(run) > 0
    assert overhead_seconds(run) == pytest.approx(ledger.transitions[-1].facts.at - spent)
