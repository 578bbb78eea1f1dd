"""A call on an empty board: it costs no step, and is answered as a step would answer it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import attrs
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health import HealthBoard, MemoryStore
from orchestrator.health.records import Marks, Record
from orchestrator.health.session import MOST_ROUTES, Take, TakeFirst
from orchestrator.health.stores.store import C
from orchestrator.pooling import Strategy
from orchestrator.secrets import Secret
from orchestrator.states.facts import Target
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.world import NOON, A, B, World, pool

FAR = Record(None, NOON, NOON, NOON, NOON)
ELSEWHERE = '["unknown","target","gone","0","model"]'


class MarkedElsewhere(MemoryStore):
    """A store that is never empty, by a record that no call of these tests is about."""

    def __init__(self) -> None:
        super().__init__()
        self.update(lambda _: Change())


@attrs.frozen
class Change:
    changes: dict[str, Record | None] = attrs.field(factory=lambda: {ELSEWHERE: FAR})


sizes = st.lists(st.integers(0, 3), min_size=1, max_size=4)
takes = st.lists(
    st.tuples(st.permutations([0, 1, 2, 3]), st.integers(1, 4), st.frozensets(st.integers(0, 2))),
    max_size=5,
)


@given(sizes=sizes, strategy=st.sampled_from(Strategy), takes=takes)
def test_a_take_is_answered_as_if_something_else_were_marked(
    sizes: list[int],
    strategy: Strategy,
    takes: list[tuple[list[int], int, frozenset[int]]],
) -> None:
    route = [Target(f"p{number}", "one") for number in range(len(sizes))]
    pools = [
        pool(f"p{number}", *(f"k{key}" for key in range(size)), strategy=strategy)
        for number, size in enumerate(sizes)
    ]
    sessions = [
        HealthBoard(pools, store, random=Random(7)).session(route, NOON)
        for store in (MemoryStore(), MarkedElsewhere())
    ]
    questions = [TakeFirst()] + [
        Take(
            [route[index] for index in order[:number] if index < len(route)] or route,
            [f"k{key}" for key in used],
        )
        for order, number, used in takes
    ]
    for at, question in enumerate(questions):
        empty, marked = (session.answer(question, float(at)) for session in sessions)
        assert empty == marked


class Closed(MemoryStore):
    """A store in which no step may run."""

    def update(self, step: Callable[[Marks], C]) -> C:
        raise AssertionError(f"an empty board costs no step: {step}")


def test_a_call_that_succeeds_writes_nothing_where_nothing_is_marked() -> None:
    call = World(store=Closed()).call()
    call.start()
    call.succeed()
    call.close()


def test_a_success_lifts_the_marks_of_others() -> None:
    world = World()
    call = world.call(A)
    call.start()
    world.later(1)
    for _ in range(3):
        world.failed_call(A, Reason.OVERLOADED)
    assert world.marked()

    call.succeed()

    assert not world.marked()


def test_a_probe_is_given_back_where_its_mark_is_gone() -> None:
    world = World()
    world.failed_call(B, Reason.BILLING)
    world.later(300)
    call = world.call(B)
    taken = call.start()
    assert taken is not None
    assert taken.probe
    world.board.reset()
    assert not world.store.read()
    call.succeed()
    call.close()

    world.failed_call(B, Reason.BILLING)
    call.close()

    assert [entry.probed for entry in world.marked()] == [False]


def test_what_is_pending_counts_although_nothing_is_marked() -> None:
    world = World()
    for _ in range(2):
        world.failed_call(A, Reason.OVERLOADED)
    world.board.reset()
    call = world.call(A)
    call.start()
    call.fail(Reason.OVERLOADED)
    call.close()

    assert world.entry("acme", model="one").failures == 1


class Unread(MemoryStore):
    """A store that nobody may look into any more."""

    def read(self) -> Marks:
        raise AssertionError("there is nothing to give back")


def test_a_release_of_nothing_does_not_even_look() -> None:
    call = World().call()
    call.start()
    call.session._board.store = Unread()  # noqa: SLF001 - the board's own, from here on

    call.close()


def test_a_route_is_prepared_once_until_a_secret_changes() -> None:
    board = World().board._state  # noqa: SLF001
    route = (A, B)
    first = board.prepared(route)
    again, equal, listed = (board.prepared(each) for each in (route, (A, B), [A, B]))

    assert again is first
    assert (equal.targets, listed.targets, listed.standby) == (route, route, first.standby)

    board.table.renew("acme", "k1", Secret("another"))

    assert board.prepared(route) is not first
    assert board.prepared(route).places[0][1] is board.place(A)


def test_routes_that_are_made_anew_for_each_call_are_not_kept_for_ever() -> None:
    board = World().board
    for _ in range(3 * MOST_ROUTES):
        board.session([A, B], NOON)

    assert len(board._state._routes) <= MOST_ROUTES  # noqa: SLF001


def test_a_secret_that_changes_before_the_first_take_is_the_one_that_is_taken() -> None:
    world = World()
    session = world.board.session((A, B), NOON)
    world.board.renew("acme", "k1", Secret("another"))
    session.answer(TakeFirst(), 0.0)

    assert session._stay is not None  # noqa: SLF001
    assert session._stay[1] is world.board._state.place(A)  # noqa: SLF001
