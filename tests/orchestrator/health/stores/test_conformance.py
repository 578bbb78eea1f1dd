"""What every store must do: in memory, in a file, and on a server that hosts share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.health.records import Marks
from orchestrator.health.session import Release, Report, TakeFirst
from orchestrator.health.store_step import PendingAnswer
from orchestrator.health.stores.store import Store
from orchestrator.states.facts import Mark, Taken, Target
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.stores.places import KINDS, SHARED, Place, place_of
from tests.orchestrator.health.stores.servers import running_server
from tests.orchestrator.health.world import NOON, A, B, World, benched, error
from tests.waiting import eventually

shared = pytest.mark.parametrize("place", SHARED, indirect=True)


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    place = place_of(request.param, tmp_path)
    yield place
    place.close()


def test_what_one_learned_another_knows(place: Place) -> None:
    place.world().failed_call(A, error(Reason.BILLING, message="Insufficient Balance"))

    call = place.world().call()

    assert call.start() == Taken(B, "k1")
    clear = call.clear(A)
    assert (clear.mark, clear.at) == (Mark.BENCH, NOON + 300)
    assert clear.error == error(Reason.BILLING, message="Insufficient Balance")


def test_a_change_reaches_who_has_looked_before(place: Place) -> None:
    world, other = place.world(), place.world()
    assert other.call().start() == Taken(A, "k1")

    benched(world)
    assert eventually(lambda: other.call().start() == Taken(B, "k1"))
    world.board.reset()
    assert eventually(lambda: other.call().start() == Taken(A, "k1"))


def test_a_store_that_was_closed_is_opened_by_its_next_use(place: Place) -> None:
    world = place.world()
    benched(world)
    world.board.close()

    benched(world, B)

    assert [row.provider for row in place.world().marked()] == ["acme", "bolt"]


def test_all_know_a_credential_by_the_same_fingerprint(place: Place) -> None:
    assert place.open().salt == place.open().salt != ""


def test_many_threads_lose_no_mark(place: Place) -> None:
    world = place.world()

    def work(worker: int) -> None:
        for number in range(5):
            world.failed_call(A, Reason.UNKNOWN)
            world.failed_call(Target("acme", f"{worker}-{number}"), Reason.FORBIDDEN)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))

    assert world.entry("acme", model="one").unknown == 40
    assert len(world.marked()) == 40


def test_of_many_tasks_one_probes(place: Place) -> None:
    world = place.world()
    benched(world)
    world.later(300)

    async def begin() -> bool:
        session = world.board.session([A, B], world.now)
        answer = await session.aanswer(TakeFirst(), 0.0)
        assert isinstance(answer, tuple)
        return answer[0] is not None and answer[0].probe

    async def all_begin() -> list[bool]:
        return await asyncio.gather(*(begin() for _ in range(20)))

    assert sum(asyncio.run(all_begin())) == 1


def test_tasks_and_threads_are_answered_alike(place: Place) -> None:
    world = place.world()

    async def fail() -> None:
        session = world.board.session([A, B], world.now)
        await session.aanswer(TakeFirst(), 0.0)
        await session.aanswer(Report(A, "k1", error(Reason.BILLING)), 0.0)
        await session.aanswer(Release(), 0.0)

    asyncio.run(fail())

    assert world.call().start() == Taken(B, "k1")


def test_on_an_event_loop_who_does_not_await_is_answered_all_the_same(place: Place) -> None:
    world = place.world()

    async def fail() -> None:
        benched(world)
        assert world.call().start() == Taken(B, "k1")

    asyncio.run(fail())

    assert eventually(lambda: len(place.world().marked()) == 1)


def test_a_task_that_is_cancelled_while_it_asks_gives_back_what_it_took(place: Place) -> None:
    world = place.world()
    benched(world)
    world.later(300)
    session = world.board.session([A, B], world.now)

    async def begin() -> None:
        task = asyncio.ensure_future(session.aanswer(TakeFirst(), 0.0))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(begin())
    session.answer(Release(), 0.0)

    assert eventually(lambda: _is_probe(place.world(), 300))


def _is_probe(world: World, later: float) -> bool:
    world.later(later)
    call = world.call(A, B)
    taken = call.start()
    call.close()
    return taken is not None and taken.probe


def test_a_step_that_raises_raises_and_changes_nothing(place: Place) -> None:
    world = place.world()
    benched(world)

    def broken(_: Marks) -> NoReturn:
        raise LookupError("ours")

    with pytest.raises(LookupError, match="ours"):
        world.store.update(broken)

    assert len(world.marked()) == 1


def test_a_board_without_marks_asks_the_store_for_nothing(place: Place) -> None:
    world = place.world()
    world.marked()  # it has been read
    session = world.board.session([A, B], world.now)

    answers = [session.begin(question, 0.0) for question in (TakeFirst(), Release())]

    assert not any(isinstance(answer, PendingAnswer) for answer in answers)


@shared
def test_neither_secret_nor_address_is_kept(place: Place) -> None:
    benched(place.world(), reason=Reason.AUTH)
    place.close()

    content = _content(place)

    assert b"acme" in content
    assert b"acme.test" not in content
    assert b"acme-k1" not in content  # the secret of its first credential


def _content(place: Place) -> bytes:
    if "://" not in place.where:
        return Path(place.where).read_bytes()
    told = running_server().ask("HGETALL", "{orchestrator:v1}:records")
    return repr(told).encode()


@shared
def test_many_processes_lose_no_mark(place: Place) -> None:
    assert place.run("mark_in_processes", 4, 10).communicate()[0].split() == ["0"] * 4
    world = place.world()
    assert world.entry("acme", model="one").unknown == 40
    assert len(world.marked()) == 40


@shared
def test_of_eight_processes_at_the_instant_that_a_bench_ends_one_probes(place: Place) -> None:
    benched(place.world())

    answers = place.run("probe_in_processes", 8).communicate()[0].split()

    assert sorted(answers) == ["other"] * 7 + ["probe"]


def test_a_fork_leaves_both_sides_working(place: Place) -> None:
    work, kept = ("fork_with_a_store", 10) if place.where else ("fork_with_memory", 0)

    output = place.run(work).communicate()[0]

    assert output.split() == ["0"] * 10 + [str(kept)]


@shared
def test_what_a_child_writes_after_its_parent_let_go_is_kept(place: Place) -> None:
    assert place.run("fork_then_close").communicate()[0].split() == ["acme", "bolt"]


def test_a_call_inside_a_signal_handler_ends_whatever_it_interrupts(place: Place) -> None:
    work = "signalled_with_a_store" if place.where else "signalled_with_memory"

    assert place.run(work).communicate()[0].split()[-1] == "True"


def test_the_protocol_is_kept(place: Place) -> None:
    store: Store = place.open()

    assert store.trouble == ""
    assert store.read() == {} or store.read().is_unread
