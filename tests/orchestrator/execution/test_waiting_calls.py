"""What a crowd of calls does to one provider that is down, without money or throttled."""

from __future__ import annotations

from itertools import pairwise

import pytest

from orchestrator import CallFailed, Response
from orchestrator.health import MemoryStore
from orchestrator.states import Policy, Send, Target, Wait
from tests.orchestrator.execution import verdict
from tests.orchestrator.execution.crowd import (
    BAD_KEY,
    BROKE,
    KEY_BROKE,
    OK,
    OVERLOADED,
    REFUSED,
    REVOKED,
    SERVER_ERROR,
    THROTTLED,
    THROTTLED_7,
    Answer,
    Crowd,
    OpenCall,
    provider,
    said,
)
from tests.slow import nightly

HERE = Target("acme", "one")
OTHER = Target("bolt", "one")
FORBIDDEN = said(403, "Access denied by the firewall")
GONE = said(404, "The model `one` does not exist", "model_not_found")


def ended(crowd: Crowd, answer: Answer, *route: Target, policy: Policy | None = None) -> OpenCall:
    """A call that is run to its end, whoever it asks answering alike."""
    call = crowd.begin(route or (HERE,), policy)
    crowd.run(lambda *_: answer)
    verdict.check(call)
    return call


def opened(answer: Answer) -> Crowd:
    """A crowd at whose first target the circuit has just opened."""
    crowd = Crowd()
    for _ in range(3):
        ended(crowd, answer, policy=Policy(attempts_per_target=1))
    crowd.sent.clear()
    return crowd


@pytest.mark.parametrize("failure", [OVERLOADED, REFUSED])
@pytest.mark.parametrize("recovers", [True, False])
def test_behind_an_open_circuit_one_call_probes_and_all_end_in_time(
    failure: Answer, *, recovers: bool
) -> None:
    crowd = opened(failure)
    calls = [crowd.begin((HERE,)) for _ in range(40)]
    crowd.run(lambda *_: OK if recovers else failure)

    for call in calls:
        verdict.check(call)
        assert isinstance(call.ended, Response if recovers else CallFailed)
        assert call.run.recorder.ledger[-1].at <= Policy().deadline
    # While it stays down only probes are sent, and a circuit lasts 5 s at least.
    probes = [sent.command.probe for sent in crowd.sent]
    assert all(probes[:1] if recovers else probes)
    assert len(probes) <= (40 if recovers else Policy().deadline / 5)
    assert crowd.claims == 0


def test_nobody_hangs_behind_a_probe_that_has_succeeded() -> None:
    crowd = opened(OVERLOADED)
    calls = [crowd.begin((HERE,)) for _ in range(40)]
    crowd.run(lambda *_: OK)

    # The circuit ends after 5 s; whoever found its probe under way looks again 10 s later.
    assert max(call.run.recorder.ledger[-1].at for call in calls) < 16.0


def test_no_request_goes_out_beside_a_probe() -> None:
    crowd = opened(OVERLOADED)
    for _ in range(40):
        crowd.begin((HERE,))
    under_way: list[int] = []

    def slowly(*_: object) -> Answer:
        under_way.append(sum(each.is_sent for each in crowd.open))
        return OVERLOADED

    crowd.run(slowly, latency=3.0)

    assert set(under_way) == {1}


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        pytest.param(failure, pause, marks=() if pause == 7.0 else nightly("six hundred calls"))
        for failure in (BROKE, BAD_KEY, FORBIDDEN, GONE)
        for pause in (7.0, 1.0)
    ],
)
def test_a_dead_account_is_asked_once_in_fifteen_seconds(failure: Answer, pause: float) -> None:
    crowd = Crowd(providers=(provider("acme", 1),), known=(HERE,))
    begun = crowd.clock.now
    while crowd.clock.now < begun + 600.0:
        ended(crowd, failure)
        crowd.clock.advance(pause)

    instants = [sent.at - begun for sent in crowd.sent]
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    assert len(instants) <= 600 / 15 + 1
    assert max(gaps) <= 15.0 + 2 * pause
    # Once a bench ends by itself, after 300 s, its probe is due whatever was asked before.
    assert sum(gap < 15.0 for gap in gaps) <= 1


def test_a_call_that_comes_back_counts_what_failed_there_once() -> None:
    crowd = Crowd()
    call = ended(crowd, OVERLOADED, HERE, OTHER, policy=Policy(attempts_per_target=1))
    asked = [each.target for each in call.run.recorder.ledger.attempts]
    failures = {
        entry.provider: entry.failures
        for entry in crowd.boards[0].snapshot()
        if entry.model == "one"
    }

    assert asked == ["acme/one", "bolt/one", "acme/one"]
    assert failures == {"acme": 1, "bolt": 1}


@pytest.mark.parametrize("failure", [BROKE, BAD_KEY, FORBIDDEN, GONE])
def test_an_answer_to_what_was_sent_before_a_bench_does_not_lift_it(failure: Answer) -> None:
    crowd = Crowd()
    early, late = crowd.begin((HERE,)), crowd.begin((HERE,))
    crowd.clock.advance(0.1)
    late.act(failure)
    late.act(failure)
    crowd.clock.advance(0.1)
    early.act(OK)
    early.act(OK)
    after = crowd.begin((HERE, OTHER))

    assert isinstance(early.ended, Response)
    assert isinstance(after.command, Send)
    assert (after.command.target, after.command.credential) != (HERE, "key#1")
    crowd.check()


@pytest.mark.parametrize("failure", [BROKE, BAD_KEY, FORBIDDEN, GONE])
def test_money_is_noticed_fifteen_seconds_after_the_last_request(failure: Answer) -> None:
    crowd = Crowd(providers=(provider("acme", 1),), known=(HERE,))
    ended(crowd, failure)
    crowd.clock.advance(14.5)
    before = ended(crowd, OK)
    crowd.clock.advance(0.5)
    after, next_one = ended(crowd, OK), ended(crowd, OK)

    assert isinstance(before.ended, CallFailed)
    assert [sent.command.probe for sent in crowd.sent] == [False, True, False]
    assert isinstance(after.ended, Response)
    assert isinstance(next_one.ended, Response)
    assert crowd.reference.known == {}
    crowd.check()


@pytest.mark.parametrize("probed", [BROKE, SERVER_ERROR, THROTTLED_7, REFUSED])
def test_a_probe_that_fails_keeps_the_others_away(probed: Answer) -> None:
    crowd = Crowd()
    only = Policy(attempts_per_target=1)
    ended(crowd, BROKE)
    crowd.clock.advance(300.0)
    answers = {HERE: probed, OTHER: OK}
    first = crowd.begin((HERE, OTHER), only)
    beside = crowd.begin((HERE, OTHER), only)
    crowd.run(lambda _, command: answers[command.target])
    crowd.clock.advance(100.0)
    later = crowd.begin((HERE, OTHER), only)
    crowd.run(lambda _, command: answers[command.target])

    asked = [
        [each.target for each in call.run.recorder.ledger.attempts]
        for call in (first, beside, later)
    ]
    assert asked == [["acme/one", "bolt/one"], ["bolt/one"], ["bolt/one"]]


def test_a_key_that_is_ready_again_is_not_rotated_to_before_one_that_was_not_used() -> None:
    crowd = Crowd(providers=(provider("acme", 3),), known=(HERE,))
    crowd.begin((HERE,), Policy(attempts_per_target=1))
    crowd.run(lambda *_: THROTTLED, latency=2.0)

    assert [sent.command.credential for sent in crowd.sent] == ["key#1", "key#2", "key#3"]


def test_a_probe_whose_call_is_gone_without_a_word_is_made_by_another_after_130_seconds() -> None:
    crowd = opened(OVERLOADED)
    crowd.clock.advance(5.0)
    lost = crowd.begin((HERE,))
    crowd.open.remove(lost)
    crowd.clock.advance(129.9)
    before = crowd.begin((HERE,))
    crowd.clock.advance(0.2)
    after = crowd.begin((HERE,))

    assert isinstance(before.command, Wait)
    assert isinstance(after.command, Send)
    assert after.command.probe


def test_a_probe_that_succeeds_restores_the_preferred_target_for_the_next_call() -> None:
    crowd = Crowd()
    ended(crowd, BROKE)
    crowd.clock.advance(300.0)
    for _ in range(3):
        ended(crowd, OK, HERE, OTHER)

    sent = [(each.command.target, each.command.probe) for each in crowd.sent]
    assert sent[1:] == [(HERE, True), (HERE, False), (HERE, False)]


@pytest.mark.parametrize("failure", [BAD_KEY, THROTTLED_7, KEY_BROKE, REVOKED])
def test_a_changed_key_starts_clean(failure: Answer) -> None:
    store = MemoryStore()
    old = Crowd(store, providers=(provider("acme", 1),), known=(HERE,))
    ended(old, failure, policy=Policy(attempts_per_target=1))
    same = Crowd(store, providers=(provider("acme", 1),), known=(HERE,))
    changed = Crowd(store, providers=(provider("acme", 1, first_key=9),), known=(HERE,))

    assert [entry.mark for entry in same.boards[0].snapshot() if entry.credential] != [None]
    changed.check()
    assert isinstance(ended(changed, OK).ended, Response)
    assert [sent.command.probe for sent in changed.sent] == [False]


@pytest.mark.parametrize("by_model", [True, False])
def test_a_key_throttled_for_one_model_serves_another_where_the_vendor_limits_by_model(
    *, by_model: bool
) -> None:
    two = Target("acme", "two")
    entry = provider("acme", 1, limits_by_model=by_model)
    crowd = Crowd(providers=(entry,), known=(HERE, two))
    ended(crowd, THROTTLED_7, policy=Policy(attempts_per_target=1))
    call = crowd.begin((HERE, two))

    assert isinstance(call.command, Send if by_model else Wait)
    assert call.command.target == (two if by_model else HERE)
    crowd.run(lambda *_: OK)
    verdict.check(call)
