"""The facts of a call are those of its entries, whichever way it went and was ended."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import CallFailed, Orchestrator, Request
from orchestrator.execution.call_facts import CallFacts, call_facts, release_heads
from orchestrator.execution.call_run import CallRun
from orchestrator.ledger import Closed, Ledger, Opened, line, recorded_call
from orchestrator.sim import replies
from orchestrator.states import Streaming, Wait
from tests.acceptance.world import HI, world
from tests.orchestrator.gateway.played import Asked, Player, asked_calls


def waited(ledger: Ledger) -> float:
    """The seconds of a call's waits, by its entries."""
    pairs = itertools.pairwise(ledger.transitions)
    return sum(two.facts.at - one.facts.at for one, two in pairs if isinstance(one.command, Wait))


def held(facts: CallFacts, run: CallRun) -> None:
    """The facts are what the entries say."""
    ledger = run.recorder.ledger
    opened, closed = ledger[0], ledger[-1]
    assert isinstance(opened, Opened)
    assert isinstance(closed, Closed)

    assert (facts.call, facts.time, facts.seconds) == (ledger.call, opened.time, closed.at)
    assert (facts.state, facts.reason) == (closed.outcome, closed.reason)
    assert (facts.stopped_by, facts.is_over) == (closed.stopped_by, True)
    assert tuple(facts.rows) == ledger.rows
    for counted, attempt in zip(facts.attempts, ledger.attempts, strict=True):
        for name in counted.__struct_fields__:
            assert getattr(counted, name) == getattr(attempt, name), name
    firsts = [move.facts.at for move in ledger.transitions if isinstance(move.facts, Streaming)]
    assert facts.first_content == (firsts[0] if firsts else None)
    ours = ledger.transitions[-1].facts.at - sum(each.seconds for each in ledger.attempts)
    assert facts.overhead == pytest.approx(max(0.0, ours - waited(ledger)), abs=1e-6)


@settings(max_examples=60)
@given(st.lists(asked_calls, min_size=1, max_size=4))
def test_they_are_what_the_entries_say(calls: list[Asked]) -> None:
    player = Player()
    for asked in calls:
        run = player.play(asked)
        facts = call_facts(run)

        held(facts, run)
        # Once more: the entries were put together meanwhile.
        assert call_facts(run) == facts


@settings(max_examples=30)
@given(st.lists(asked_calls, min_size=1, max_size=3))
def test_a_call_without_its_heads_has_the_same_record(calls: list[Asked]) -> None:
    one, other = Player(), Player()
    for asked in calls:
        whole, released = one.play(asked), other.play(asked)
        release_heads(released.recorder.ledger)
        # Two calls have two ids.
        lines = [
            [line(entry).replace(ledger.call.encode(), b"") for entry in ledger]
            for ledger in (whole.recorder.ledger, released.recorder.ledger)
        ]

        assert lines[0] == lines[1]


def test_a_call_is_a_rescue_where_the_first_choice_was_not_to_be_had() -> None:
    player = Player()
    first, second = (call_facts(player.play(Asked("402@deepseek, ok"))) for _ in range(2))

    assert (first.rescued, len(first.attempts)) == ("billing", 2)
    assert first.seconds_lost == first.attempts[1].started > 0
    # It is benched now, and passed over.
    assert (second.rescued, len(second.attempts), second.seconds_lost) == ("billing", 1, 0.0)


def test_what_was_lost_or_answered_at_once_is_none() -> None:
    player = Player()
    once, lost = player.play(Asked()), player.play(Asked("503*16"))
    left = player.play(Asked(steps=1))

    assert [call_facts(run).rescued for run in (once, lost, left)] == [None, None, None]
    assert call_facts(left).stopped_by == "cancelled"
    assert recorded_call(lost.recorder.ledger).answered is False


@settings(max_examples=30)
@given(asked_calls)
def test_a_call_under_way_has_no_more_overhead_than_at_its_end(asked: Asked) -> None:
    seen: list[CallFacts] = []
    run = Player().play(asked, lambda run: seen.append(call_facts(run)))
    facts = call_facts(run)

    # In virtual time nothing is ours, while the providers take theirs.
    assert all(each.overhead == pytest.approx(0.0, abs=1e-6) for each in (*seen, facts))
    for before, after in itertools.pairwise((*seen, facts)):
        assert before.seconds <= after.seconds
        assert after.rows[: len(before.rows)] == before.rows
        assert after.attempts[: len(before.attempts)] == before.attempts


def test_a_long_name_is_cut() -> None:
    facts = call_facts(Player().play(Asked(route=f"deepseek/{'x' * 1_000}")))

    assert len(facts.route) == 256
    assert facts.route.endswith("…")


@settings(max_examples=30)
@given(asked_calls)
def test_in_virtual_time_there_is_no_overhead(asked: Asked) -> None:
    seen: list[float] = []
    run = Player().play(asked, lambda run: seen.append(call_facts(run).overhead))

    assert [*seen, call_facts(run).overhead] == pytest.approx([0.0] * (len(seen) + 1), abs=1e-6)


def ended(orchestrator: Orchestrator) -> CallRun:
    run, events = orchestrator.stream_events(Request(HI, stream=True))
    with contextlib.suppress(CallFailed):
        for event in events:
            list(event)
    return run


def test_in_real_time_the_overhead_is_what_the_record_leaves() -> None:
    with world({"a": replies.billing_402(), "b": replies.ok()}) as (_, orchestrator):
        run = ended(orchestrator)
    ledger, overhead = run.recorder.ledger, call_facts(run).overhead
    spent = sum(attempt.seconds for attempt in ledger.attempts)

    assert overhead > 0
    assert overhead == pytest.approx(ledger.transitions[-1].facts.at - spent)
