"""The budget of retries: what failed retries spend, answers bring back, and nobody else touches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health import records
from orchestrator.health.records import Record
from orchestrator.health.retry_budget import COST, FULL_AFTER, THROTTLED_COST
from orchestrator.health.session import Report, Take
from orchestrator.states.facts import Standby, Target
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.world import A2, A, B, Call, World, error, pool

SIZE = 500
TRANSIENT, THROTTLE = Reason.SERVER_ERROR, Reason.RATE_LIMIT


def bucket(world: World) -> Record | None:
    """The only bucket that is not full."""
    found = [record for name, record in world.store.read().items() if records.is_counter(name)]
    assert len(found) <= 1
    return found[0] if found else None


def buckets(world: World) -> dict[str, int]:
    """By provider, what retries have spent there."""
    marks = world.store.read().items()
    return {records.parts(name)[2][0]: one.spent for name, one in marks if records.is_counter(name)}


def spent(world: World) -> int:
    record = bucket(world)
    return 0 if record is None else record.spent


def started(world: World, *route: Target) -> Call:
    call = world.call(*(route or (A, B)))
    assert call.start() is not None
    return call


def report(call: Call, reason: Reason = TRANSIENT, *, may_retry: bool = True) -> Standby:
    taken = call.taken
    assert taken is not None
    asked = Report(taken.target, taken.credential, error(reason), may_retry=may_retry)
    call.standby = call.session.answer(asked, call.at)
    return call.standby


def retry(call: Call) -> None:
    assert call.taken is not None
    call.taken, call.standby = call.session.answer(Take((call.taken.target,), waited=True), call.at)


def emptied(world: World, *route: Target) -> None:
    """Calls that fail at one instant, twice each, until no further retry can be paid for."""
    calls = [started(world, *(route or (A,))) for _ in range(SIZE // COST + 1)]
    affordable = [report(call).retry_affordable for call in calls]
    assert affordable == [True] * (SIZE // COST) + [False]
    for call in calls[:-1]:
        retry(call)
        report(call, may_retry=False)
    for call in calls:
        call.close()


def test_a_retry_that_fails_has_spent_its_cost() -> None:
    world = World()
    call = started(world)

    assert report(call).retry_affordable
    retry(call)
    report(call, may_retry=False)
    call.close()

    assert spent(world) == COST


def test_a_retry_after_a_throttle_is_cheaper() -> None:
    world = World()
    call = started(world)

    report(call, THROTTLE)

    assert spent(world) == THROTTLED_COST


def test_a_retry_that_succeeds_costs_nothing() -> None:
    world = World()
    call = started(world)
    report(call)
    retry(call)

    call.succeed()
    call.close()

    assert bucket(world) is None


def test_each_retry_pays_and_only_the_last_one_is_given_back() -> None:
    world = World()
    call = started(world)
    report(call)
    retry(call)
    report(call)
    retry(call)

    call.succeed()

    assert spent(world) == COST


def test_of_calls_that_fail_at_one_instant_no_more_may_retry_than_can_be_paid_for() -> None:
    world = World()

    emptied(world)

    assert SIZE - spent(world) < COST


def test_what_is_not_enough_for_one_kind_is_for_the_other() -> None:
    world = World()
    emptied(world)
    world.later(10)

    call = started(world, B, A)
    standby = report(started(world, A), THROTTLE)

    assert spent(world) > SIZE - COST
    assert standby.retry_affordable
    assert report(call).retry_affordable  # of another provider


def test_targets_of_one_provider_spend_from_one_bucket() -> None:
    world = World()
    emptied(world, A)

    assert not report(started(world, A2)).retry_affordable


LEAVES: dict[str, Callable[[Call], object]] = {
    "a fallback": lambda call: call.take(B),
    "another key": lambda call: call.take(A, used=("k1",)),
    "a repair": lambda call: call.take(A),
    "a way back": lambda call: call.session.answer(Take((B,), waited=True), call.at),
    "the end": lambda call: call.close(),
}


@pytest.mark.parametrize("way", LEAVES)
@pytest.mark.parametrize("reason", [TRANSIENT, THROTTLE])
def test_a_retry_that_is_not_made_costs_nothing(reason: Reason, way: str) -> None:
    world = World()
    call = started(world)
    report(call, reason)
    held = spent(world)

    LEAVES[way](call)

    assert held > 0
    assert bucket(world) is None


def test_a_retry_that_has_to_wait_longer_is_still_the_one_that_was_paid_for() -> None:
    world = World(pool("acme", "k1"))
    call = started(world, A)
    report(call, THROTTLE)
    target = call.taken.target if call.taken is not None else B

    found = [call.session.answer(Take((target,), waited=True), call.at)[0]]
    held = spent(world)
    world.later(10)
    found.append(call.session.answer(Take((target,), waited=True), call.at)[0])
    call.close()

    assert [taken is not None for taken in found] == [False, True]  # it cooled
    assert held == spent(world) == THROTTLED_COST


def test_any_answer_brings_a_token_until_the_bucket_is_full() -> None:
    world = World(pool("acme", "k1"), pool("bolt", "k1"))
    call = started(world, A)
    report(call)
    retry(call)
    call.close()

    left = []
    for _ in range(COST + 2):
        answered = started(world, A)
        answered.succeed()
        answered.close()
        other = started(world, B)
        other.succeed()
        other.close()
        left.append(spent(world))

    assert left == [*reversed(range(COST)), 0, 0]
    assert not world.store.read()


def test_an_hour_after_the_last_retry_the_bucket_is_full() -> None:
    world = World()
    emptied(world)

    world.later(FULL_AFTER - 1)
    refused = report(started(world, A))
    world.later(FULL_AFTER - 1)
    refused_again = report(started(world, A))
    world.later(FULL_AFTER)
    paid = report(started(world, A))

    assert not refused.retry_affordable
    assert not refused_again.retry_affordable
    assert paid.retry_affordable
    assert spent(world) == COST


def test_without_a_budget_nothing_is_counted() -> None:
    world = World(attrs.evolve(pool("acme", "k1"), retry_budget=0))

    call = started(world, A)
    for _ in range(100):
        assert report(call).retry_affordable
        retry(call)
    call.close()

    assert bucket(world) is None


def test_a_reset_fills_the_bucket() -> None:
    world = World()
    emptied(world)

    world.board.reset("acme")

    assert bucket(world) is None


def test_a_reset_in_the_middle_of_a_retry_is_no_debt() -> None:
    world = World()
    call = started(world)
    report(call)
    world.board.reset()

    retry(call)
    call.succeed()
    call.close()

    assert bucket(world) is None


def test_while_nothing_but_a_bucket_is_known_calls_begin_as_on_a_clear_board() -> None:
    world = World()
    clear = started(world, A, B).standby
    report(started(world, A, B), Reason.CONTENT_POLICY)

    marks = world.store.read()

    assert spent(world) > 0
    assert marks.is_clear
    assert marks.has_spent
    assert started(world, A, B).standby == clear


@attrs.define
class Expectation:
    """The bucket of acme, in the words of the design."""

    call: Call
    spent: Counter[str]
    is_sent: bool = True
    held: int = 0
    is_retry: bool = False
    place: str = ""
    target: Target = A

    def go(self, move: str) -> None:
        match move:
            case "throttled" | "failed" if self.is_sent:
                self.fail(THROTTLE if move == "throttled" else TRANSIENT)
            case "retry" | "repair" if not self.is_sent:
                self.take(self.target, waited=move == "retry")
            case "leave" if not self.is_sent:
                self.take(B if self.target == A else A, waited=False)
            case "answered" if self.is_sent:
                self.succeed()
            case _ if move in ENDS:
                self.end()

    def fail(self, reason: Reason) -> None:
        assert self.call.taken is not None
        place, cost = self.call.taken.target.provider, THROTTLED_COST
        if reason is not THROTTLE:
            cost = COST
        fits = self.spent[place] + cost <= SIZE
        assert report(self.call, reason).retry_affordable == fits
        self.held = cost if fits else 0
        self.spent[place] += self.held
        self.is_sent = self.is_retry = False
        self.place, self.target = place, self.call.taken.target

    def take(self, target: Target, *, waited: bool) -> None:
        self.call.taken, self.call.standby = self.call.session.answer(
            Take((target,), waited=waited), self.call.at
        )
        self.is_sent = self.call.taken is not None
        if not (waited and target == self.target):
            self.give_back()
        self.is_retry = self.is_sent and self.held > 0

    def succeed(self) -> None:
        assert self.call.taken is not None
        place = self.call.taken.target.provider
        back = self.held if self.is_retry else 1
        self.spent[place] = max(0, self.spent[place] - back)
        self.held = 0
        self.call.succeed()
        self.end()

    def end(self) -> None:
        if not self.is_retry:
            self.give_back()
        self.call.close()

    def give_back(self) -> None:
        self.spent[self.place] = max(0, self.spent[self.place] - self.held)
        self.held = 0


ENDS = ("answered", "cancelled")
MOVES = st.sampled_from(["throttled", "failed", "retry", "retry", "repair", "leave", *ENDS])


@given(st.lists(st.tuples(st.integers(0, 3), MOVES), max_size=80))
def test_the_bucket_holds_what_retries_spent_and_answers_brought(
    moves: list[tuple[int, str]],
) -> None:
    world = World(pool("acme", "k1", "k2"), pool("bolt", "k1"))
    expected = Counter[str]()
    calls: dict[int, Expectation] = {}
    for number, move in moves:
        world.later(7)
        one = calls.get(number)
        if one is not None:
            one.go(move)
        elif (call := world.call(A, B)).start() is not None:
            calls[number] = Expectation(call, expected)
        if move in ENDS:
            calls.pop(number, None)
        assert buckets(world) == +expected
