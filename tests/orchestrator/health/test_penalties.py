"""What each reason marks, for how long, and what a further failure makes of it."""

from __future__ import annotations

import math

import pytest

from orchestrator.health import penalties
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark
from orchestrator.states.reasons import Reason, Scope
from tests.orchestrator.health.world import A2, NOON, ROUTE, A, World, error, pool

PROVIDER, TARGET, KEY, KEY_MODEL = (
    ("acme", None, None),
    ("acme", None, "one"),
    ("acme", "k1", None),
    ("acme", "k1", "one"),
)
CIRCUITS = (
    Reason.OVERLOADED,
    Reason.SERVER_ERROR,
    Reason.TIMEOUT,
    Reason.STREAM_INTERRUPTED,
    Reason.INVALID_RESPONSE,
)
UNMARKED = (
    Reason.CONTEXT_OVERFLOW,
    Reason.PAYLOAD_TOO_LARGE,
    Reason.CONTENT_POLICY,
    Reason.BAD_REQUEST,
    Reason.OUTPUT_TRUNCATED,
    Reason.UNKNOWN,
    Reason.CANCELLED,
    Reason.DEADLINE,
)


def test_every_reason_marks_or_is_known_not_to() -> None:
    assert set(Reason) == set(penalties.PENALTIES) | set(UNMARKED)


@pytest.mark.parametrize(
    ("failure", "marked", "mark", "seconds"),
    [
        (error(Reason.BILLING), PROVIDER, Mark.BENCH, 300),
        (error(Reason.BILLING, scope=Scope.ACCOUNT), PROVIDER, Mark.BENCH, 300),
        (error(Reason.BILLING, retry_after=7200), PROVIDER, Mark.BENCH, 300),
        (error(Reason.BILLING, retry_after=20), PROVIDER, Mark.BENCH, 300),
        (error(Reason.BILLING, scope=Scope.KEY), KEY, Mark.BENCH, 300),
        (error(Reason.BILLING, scope=Scope.MODEL), TARGET, Mark.BENCH, 300),
        (error(Reason.RATE_LIMIT), KEY, Mark.COOLDOWN, 1),
        (error(Reason.RATE_LIMIT, retry_after=300), KEY, Mark.COOLDOWN, 300),
        (error(Reason.RATE_LIMIT, retry_after=301), KEY, Mark.BENCH, 60),
        (error(Reason.RATE_LIMIT, scope=Scope.MODEL), KEY_MODEL, Mark.COOLDOWN, 1),
        (error(Reason.RATE_LIMIT, scope=Scope.ACCOUNT), KEY, Mark.COOLDOWN, 1),
        (error(Reason.BILLING, quoted=True), TARGET, Mark.BENCH, 300),
        (error(Reason.AUTH, quoted=True, retry_after=7200), TARGET, Mark.BENCH, 60),
        (error(Reason.RATE_LIMIT, quoted=True, retry_after=7200), TARGET, Mark.BENCH, 60),
        (error(Reason.OVERLOADED, retry_after=7200), TARGET, Mark.BENCH, 60),
        (error(Reason.SERVER_ERROR, retry_after=301), TARGET, Mark.BENCH, 60),
        (error(Reason.AUTH), KEY, Mark.BENCH, 300),
        (error(Reason.AUTH, retry_after=5), KEY, Mark.BENCH, 300),
        (error(Reason.AUTH, revoked=True), KEY, Mark.DEAD, math.inf),
        (error(Reason.FORBIDDEN), TARGET, Mark.BENCH, 300),
        (error(Reason.MODEL_NOT_FOUND), TARGET, Mark.BENCH, 300),
    ],
    ids=str,
)
def test_one_failure_marks_exactly_one_thing(
    failure: Error, marked: tuple[str, str | None, str | None], mark: Mark, seconds: float
) -> None:
    world = World()

    world.failed_call(A, failure)

    (entry,) = world.marked()
    assert (entry.provider, entry.credential, entry.model) == marked
    assert (entry.mark, entry.since, entry.until) == (mark, NOON, NOON + seconds)
    assert entry.error == failure


@pytest.mark.parametrize("reason", UNMARKED)
def test_the_other_reasons_mark_nothing(reason: Reason) -> None:
    world = World()

    for _ in range(5):
        world.failed_call(A, reason)

    assert world.marked() == []
    assert world.entry("acme", model="one").unknown == (5 if reason is Reason.UNKNOWN else 0)


@pytest.mark.parametrize(
    ("reason", "marked"),
    [*((reason, TARGET) for reason in CIRCUITS), (Reason.CONNECTION, PROVIDER)],
)
def test_the_third_failing_call_in_a_row_opens_the_circuit(
    reason: Reason, marked: tuple[str, str | None, str | None]
) -> None:
    world = World()

    world.failed_call(A, reason)
    world.failed_call(A, reason)
    before = world.marked()
    world.failed_call(A, reason)

    (entry,) = world.marked()
    assert before == []
    assert (entry.provider, entry.credential, entry.model) == marked
    assert (entry.mark, entry.until, entry.failures) == (Mark.CIRCUIT, NOON + 5, 3)


def test_a_success_between_starts_the_count_again() -> None:
    world = World()
    for _ in range(2):
        world.failed_call(A, Reason.SERVER_ERROR)
        world.failed_call(A, Reason.CONNECTION)
    call = world.call(A)
    call.start()
    call.succeed()
    call.close()

    world.failed_call(A, Reason.SERVER_ERROR)
    world.failed_call(A, Reason.CONNECTION)

    assert world.marked() == []


def test_a_call_counts_once_however_often_it_fails() -> None:
    world = World()
    call = world.call(*ROUTE)
    call.start()
    for _ in range(5):
        call.fail(Reason.OVERLOADED)
        call.take(A)

    call.close()
    call.close()

    assert world.entry("acme", model="one").failures == 1


def test_the_count_waits_until_the_call_leaves() -> None:
    world = World()
    for _ in range(2):
        world.failed_call(A, Reason.TIMEOUT)
    call = world.call(A, A2)
    call.start()

    stays = call.fail(Reason.TIMEOUT)
    again = call.take(A)
    call.fail(Reason.TIMEOUT)
    call.take(A2)

    assert stays.targets == (A, A2)
    assert again is not None
    assert call.clear(A).mark is Mark.CIRCUIT


def test_a_call_leaves_also_by_a_take_that_gets_nothing() -> None:
    world = World()
    world.failed_call(A2, Reason.FORBIDDEN)
    call = world.call(A, A2)
    call.start()
    call.fail(Reason.TIMEOUT)

    taken = call.take(A2)

    assert taken is None
    assert world.entry("acme", model="one").failures == 1


def test_a_connection_failure_counts_when_the_call_leaves_the_provider_entry() -> None:
    world = World()
    for _ in range(2):
        world.failed_call(A, Reason.CONNECTION)
    call = world.call(*ROUTE)
    call.start()
    call.fail(Reason.CONNECTION)

    sibling = call.take(A2)
    call.fail(Reason.CONNECTION)
    call.take(ROUTE[2])

    assert sibling is not None
    assert sibling.target == A2
    assert call.clear(A).mark is Mark.CIRCUIT
    assert world.entry("acme").failures == 3


@pytest.mark.parametrize(
    ("reason", "lengths"),
    [
        (Reason.BILLING, [300, 600, 1200, 2400, 3600, 3600]),
        (Reason.AUTH, [300, 600, 1200, 2400, 3600, 3600]),
        (Reason.FORBIDDEN, [300, 600, 1200, 2400, 3600, 3600]),
        (Reason.RATE_LIMIT, [1, 2, 4, 8, 16, 30, 30]),
    ],
)
def test_marks_in_a_row_double_up_to_the_top(reason: Reason, lengths: list[float]) -> None:
    world = World()
    found = []

    for _ in lengths:
        world.failed_call(A, reason)
        (entry,) = world.marked()
        assert entry.until is not None
        found.append(entry.until - world.now)
        world.now = entry.until

    assert found == lengths


def test_a_circuit_doubles_to_its_top_by_failed_probes() -> None:
    world = World()
    for _ in range(3):
        world.failed_call(A, Reason.OVERLOADED)
    found = []

    for _ in range(4):
        (entry,) = world.marked()
        assert entry.until is not None
        found.append(entry.until - world.now)
        world.now = entry.until
        world.failed_call(A, Reason.OVERLOADED)

    assert found == [5, 10, 10, 10]


@pytest.mark.parametrize("reason", [Reason.BILLING, Reason.RATE_LIMIT, Reason.FORBIDDEN])
def test_calls_that_fail_together_do_not_lengthen_a_mark(reason: Reason) -> None:
    world = World()
    calls = [world.call(A) for _ in range(20)]
    for call in calls:
        call.start()

    for call in calls:
        call.fail(reason)
        call.close()

    (entry,) = world.marked()
    assert entry.until == NOON + (1 if reason is Reason.RATE_LIMIT else 300)


@pytest.mark.parametrize("reason", [Reason.BILLING, Reason.RATE_LIMIT, Reason.AUTH])
def test_a_success_starts_the_lengths_again(reason: Reason) -> None:
    world = World()
    for _ in range(3):
        world.failed_call(A, reason)
        world.later(4000)
    call = world.call(A)
    call.start()
    call.succeed()
    call.close()

    world.failed_call(A, reason)

    (entry,) = world.marked()
    assert entry.until == world.now + (1 if reason is Reason.RATE_LIMIT else 300)


def test_an_answer_to_an_older_request_says_nothing_about_a_bench() -> None:
    world = World()
    older = world.call(A)
    older.start()
    world.later(1)
    world.failed_call(A, Reason.BILLING)
    world.later(1)

    older.succeed()
    older.close()

    (entry,) = world.marked()
    assert entry.mark is Mark.BENCH


def test_an_answer_closes_a_circuit_at_once() -> None:
    world = World()
    older = world.call(A)
    older.start()
    for _ in range(3):
        world.failed_call(A, Reason.OVERLOADED)

    older.succeed()
    older.close()

    assert world.marked() == []


def test_only_the_credential_that_was_sent_is_marked() -> None:
    world = World()
    call = world.call(A)
    call.start()
    call.fail(error(Reason.RATE_LIMIT, retry_after=60))

    rotated = call.take(A, used={"k1"})
    standby = call.fail(error(Reason.AUTH))

    assert rotated is not None
    assert rotated.credential == "k2"
    assert standby.credentials == ()
    assert world.entry("acme", credential="k1").mark is Mark.COOLDOWN
    assert world.entry("acme", credential="k2").mark is Mark.BENCH


@pytest.mark.parametrize("retry_after", [1e12, math.inf, math.nan, -5.0, 0.0])
def test_absurd_waits_do_not_reach_the_clock(retry_after: float) -> None:
    world = World()

    world.failed_call(A, error(Reason.RATE_LIMIT, retry_after=retry_after))

    assert all(
        entry.until is not None and NOON < entry.until <= NOON + penalties.YEAR
        for entry in world.marked()
    )


def test_a_call_that_comes_back_counts_once() -> None:
    world = World()
    call = world.call(*ROUTE)
    call.start()
    for target in (A2, A, A2):
        call.fail(Reason.OVERLOADED)
        call.take(target)
    call.close()

    assert world.entry("acme", model="one").failures == 1


def test_a_call_that_succeeds_in_the_end_does_not_count() -> None:
    world = World()
    call = world.call(A)
    call.start()
    call.fail(Reason.OVERLOADED)
    call.take(A)
    call.succeed()
    call.close()

    assert world.entry("acme", model="one").failures == 0


def test_an_answer_does_not_end_a_cooldown() -> None:
    world = World()
    older = world.call(A)
    older.start()
    world.failed_call(A, error(Reason.RATE_LIMIT, retry_after=60))

    older.succeed()

    assert world.entry("acme", credential="k1").until == NOON + 60


def test_a_shorter_wait_does_not_cut_a_longer_one() -> None:
    world = World()
    calls = [world.call(A) for _ in range(2)]
    for call in calls:
        call.start()

    for call, wait in zip(calls, (60, 5), strict=True):
        call.fail(error(Reason.RATE_LIMIT, retry_after=wait))

    assert world.entry("acme", credential="k1").until == NOON + 60


def test_a_bench_began_with_its_first_failure_and_a_cooldown_with_its_last() -> None:
    world = World(pool("acme", "k1"))
    for reason in (Reason.RATE_LIMIT, Reason.BILLING):
        for _ in range(2):
            world.failed_call(A, reason)
            world.later(300)

    world.failed_call(A, Reason.RATE_LIMIT)

    assert world.entry("acme").since == NOON + 600
    assert world.entry("acme", credential="k1").since == world.now
