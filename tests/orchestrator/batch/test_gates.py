from __future__ import annotations

import asyncio

from orchestrator.batch.gates import Gates, LinePlace
from orchestrator.batch.pace import FIRST

OK, BUSY = {"status": 200, "headers": []}, {"status": 429, "headers": []}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def entered(gates: Gates, provider: str, count: int) -> list[asyncio.Task[LinePlace]]:
    """So many lines at the gate of ``provider``, each as far as it comes at once."""
    tasks = [asyncio.ensure_future(gates.enter(provider)) for _ in range(count)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def ended(tasks: list[asyncio.Task[LinePlace]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_as_many_enter_as_there_is_room_for_and_others_when_one_leaves() -> None:
    async def run() -> None:
        gates = Gates(Clock(), limit=2)
        tasks = await entered(gates, "a", 3)
        assert [task.done() for task in tasks] == [True, True, False]
        tasks[0].result().leave()
        await asyncio.sleep(0)
        assert tasks[2].done()

    asyncio.run(run())


def test_one_number_is_for_all_providers_together() -> None:
    async def run() -> None:
        gates = Gates(Clock(), limit=2)
        tasks = [*await entered(gates, "a", 1), *await entered(gates, "b", 2)]
        assert [task.done() for task in tasks] == [True, True, False]
        await ended(tasks)

    asyncio.run(run())


def test_each_provider_has_a_limit_of_its_own_that_refusals_cut() -> None:
    async def run() -> None:
        clock = Clock()
        gates = Gates(clock)
        first, second = await entered(gates, "a", FIRST), await entered(gates, "b", 1)
        place = first[0].result()
        place.sends_to("a")
        clock.now = 1.0
        place.got(BUSY)
        assert gates.limits == {"a": FIRST // 2, "b": FIRST}
        place.leave()
        more = await entered(gates, "a", 1)
        assert not more[0].done(), "more are under way than are taken now"
        await ended([*first, *second, *more])

    asyncio.run(run())


def test_a_line_that_goes_on_elsewhere_makes_room_and_is_not_made_to_wait() -> None:
    async def run() -> None:
        gates = Gates(Clock())
        tasks = await entered(gates, "a", FIRST + 1)
        assert not tasks[-1].done()
        place = tasks[0].result()
        place.sends_to("b")
        await asyncio.sleep(0)
        assert place.provider == "b"
        assert tasks[-1].done()
        place.got(OK)
        place.leave()
        await ended(tasks)

    asyncio.run(run())


def test_who_gives_up_at_the_gate_takes_no_room() -> None:
    async def run() -> None:
        gates = Gates(Clock(), limit=1)
        tasks = await entered(gates, "a", 3)
        tasks[1].cancel()
        await asyncio.sleep(0)
        tasks[0].result().leave()
        await asyncio.sleep(0)
        assert tasks[2].done()

    asyncio.run(run())


def test_a_window_that_is_used_up_is_waited_for() -> None:
    async def run() -> None:
        clock = Clock()
        gates = Gates(clock)
        (first,) = await entered(gates, "a", 1)
        headers = [("RateLimit-Remaining", "0"), ("RateLimit-Reset", "0.1"), ("x", "y")]
        first.result().sends_to("a")
        first.result().got({"status": 200, "headers": headers})
        (second,) = await entered(gates, "a", 1)
        assert not second.done()
        clock.now = 5.0
        await asyncio.wait_for(second, 45)

    asyncio.run(run())
