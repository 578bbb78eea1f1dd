"""What fails, fails alone: load beside failures (incident B1), threads and tasks together."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from orchestrator import BillingExhausted, CallFailed, Orchestrator
from orchestrator.clock import VirtualClock
from orchestrator.health import MemoryStore
from orchestrator.sim import Ending, Script, replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.world import HI, Outcome, canary, counts, failure, outcome, run, world
from tests.waiting import AMPLE, eventually

PENDING = (
    "Insufficient available balance: the remaining balance is in use by pending requests. "
    "Please wait for ongoing requests to complete."
)

BAD: dict[str, AnyScript] = {
    "pending": replies.openai_error(402, PENDING, code="insufficient_balance"),
    "busy": replies.openai_error(402, "daily limit reached", code="daily_limit_busy"),
    "broke": replies.billing_402(),
    "garbled": [
        replies.malformed(),
        replies.error(200, b"\xff\xfe{"),
        replies.html_page(200, "Sign in"),
        replies.cut_after(10),
        replies.error(200, b'{"choices": [{}]}'),
        replies.error(500, b"[" * 5000),
    ],
    "resetting": [replies.reset(), replies.closed(), replies.cut_after(30, ending=Ending.RESET)],
    "hanging": replies.hang(),
}
# Hundreds of connections begun at once are all slow where the machine is busy with others: as
# long as the deadline (300 s) leaves beside the total (120 s).
PATIENT = '[timeouts]\nconnect = "180s"\n'
LIMITS = f"""
    {PATIENT}
    [policy]
    attempts_per_target = 1
    [targets."hanging/m"]
    timeouts = {{ total = "0.2s" }}
"""


def healthy(number: int) -> bool:
    return number % 3 == 0


def timeout(number: int) -> float:
    """Ample for a healthy call; else shorter than any circuit, so nobody waits for one to close."""
    return 3 * AMPLE if healthy(number) else 4.0


def target(number: int) -> str:
    names = list(BAD)
    return "good/m" if healthy(number) else f"{names[number % len(names)]}/m"


def judge(found: list[Outcome]) -> None:
    """Not one healthy call was lost, and each failed one ended as its own failure."""
    for number, one in enumerate(found):
        if healthy(number):
            assert not isinstance(one, CallFailed), one
            assert (one.text, len(one.attempts)) == ("fine", 1)
        else:
            assert isinstance(one, CallFailed)
            assert one.hint
            assert one.target == target(number)


def test_no_healthy_request_is_lost_beside_failing_ones_in_threads() -> None:
    # Two providers in three are hit from all sides, so marks are made and met at once.
    with world({"good": replies.ok("fine"), **BAD}, extra=LIMITS) as (providers, orchestrator):
        with ThreadPoolExecutor(64) as pool:
            found = list(
                pool.map(
                    lambda n: outcome(run, orchestrator, HI, route=target(n), timeout=timeout(n)),
                    range(300),
                )
            )
        judge(found)

        assert counts(providers, "good") == (100,)
        assert run(orchestrator, route="good/m").text == "fine"
        for name in ("pending", "broke"):
            told = failure(run, orchestrator, route=f"{name}/another")
            assert isinstance(told, BillingExhausted)
            assert "402" in str(told)


def test_no_healthy_request_is_lost_beside_failing_ones_in_tasks() -> None:
    with world({"good": replies.ok("fine"), **BAD}, extra=LIMITS) as (providers, orchestrator):

        async def one(number: int) -> Outcome:
            try:
                return await orchestrator.arun(HI, route=target(number), timeout=timeout(number))
            except CallFailed as failed:
                return failed

        async def main() -> list[Outcome]:
            return await asyncio.gather(*(one(number) for number in range(300)))

        judge(asyncio.run(main()))

        assert counts(providers, "good") == (100,)
        assert run(orchestrator, route="good/m").text == "fine"


def test_64_threads_and_500_tasks_share_one_orchestrator() -> None:
    scripts: dict[str, AnyScript] = {
        "broke": replies.billing_402(),
        "flaky": [replies.rate_limited(0), replies.ok("fine")] * 400,
        "good": replies.ok("fine"),
    }
    # Without retries nobody sleeps, so all of it happens at once.
    extra = PATIENT + '[policy.on]\nrate_limit = ["rotate", "fallback"]'
    with world(scripts, keys={"flaky": 2}, extra=extra) as (providers, orchestrator):
        numbers: list[int] = []
        together = threading.Barrier(64)

        def thread(_: int) -> None:
            together.wait()
            numbers.extend(len(run(orchestrator).attempts) for _ in range(3))

        async def task() -> None:
            numbers.append(len((await orchestrator.arun(HI)).attempts))

        async def tasks() -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(500):
                    group.create_task(task())

        loop = threading.Thread(target=asyncio.run, args=(tasks(),))
        loop.start()
        with ThreadPoolExecutor(64) as pool:
            list(pool.map(thread, range(64)))
        loop.join()

        assert len(numbers) == 64 * 3 + 500
        received = counts(providers, "broke", "flaky", "good")
        assert sum(numbers) == sum(received)
        # Those that were under way before the first 402 came back; then nobody.
        assert received[0] <= 64 + 500
        before = counts(providers, "broke")
        run(orchestrator)
        assert counts(providers, "broke") == before


# The list "seen working" that needs no command line.


def ten_keys() -> Script:
    limited = Script((replies.rate_limited(60),))
    return Script(by_credential={canary("a", number): limited for number in range(1, 11)})


def test_ten_throttled_keys_are_all_tried_before_the_fallback_and_nothing_sleeps() -> None:
    clock = VirtualClock()
    with world({"a": ten_keys(), "b": replies.ok("rescued")}, keys={"a": 10}, clock=clock) as (
        providers,
        orchestrator,
    ):
        response = run(orchestrator)

        assert clock.slept == []
        assert response.text == "rescued"
        assert [each.number for each in response.attempts] == [*range(1, 12)]
        assert {each.credential for each in providers.received("a")} == {
            canary("a", number) for number in range(1, 11)
        }
        assert counts(providers, "a", "b") == (10, 1)
        assert {each.retry_after for each in response.attempts[:10]} == {60}


def test_twenty_throttled_keys_leave_an_attempt_for_each_fallback() -> None:
    scripts = {"a": replies.rate_limited(60), "b": replies.bad_key(), "c": replies.ok("rescued")}
    with world(scripts, keys={"a": 20}) as (providers, orchestrator):
        response = run(orchestrator)

        assert response.text == "rescued"
        assert len(response.attempts) == 16
        assert counts(providers, "a", "b", "c") == (14, 1, 1)


def test_throttled_primary_and_broke_fallback_end_on_the_way_back() -> None:
    clock = VirtualClock()
    scripts: dict[str, AnyScript] = {
        "a": [replies.rate_limited(20), replies.ok("later")],
        "b": replies.billing_402(),
    }
    with world(scripts, clock=clock) as (providers, orchestrator):
        response = run(orchestrator)

        assert response.text == "later"
        assert counts(providers, "a", "b") == (2, 1)
        assert sum(clock.slept) >= 20
        assert [each.number for each in response.attempts] == [1, 2, 3]


def test_a_second_entry_of_a_broke_provider_is_not_taken_for_a_fallback() -> None:
    route = ["a/one", "a/two", "b/m"]
    scripts = {"a": replies.billing_402(), "b": replies.ok("rescued")}
    with world(scripts, route=route) as (providers, orchestrator):
        assert run(orchestrator).text == "rescued"
        assert counts(providers, "a", "b") == (1, 1)


def test_a_shared_store_spreads_the_news_between_orchestrators() -> None:
    store = MemoryStore()
    scripts = {"a": replies.billing_402(), "b": replies.ok()}
    with world(scripts, store=store) as (providers, first):
        run(first)
        with Orchestrator(first.config, store=store) as second:
            assert [each.reason for each in run(second).skipped] == ["billing"]
        assert counts(providers, "a") == (1,)


def test_a_hanging_provider_holds_up_nobody_else() -> None:
    scripts: dict[str, AnyScript] = {"hanging": replies.hang(), "b": replies.ok()}
    with world(scripts, route=["b/m"], extra=PATIENT) as (providers, orchestrator):

        async def main() -> None:
            held = [
                asyncio.create_task(orchestrator.arun(HI, route="hanging/m")) for _ in range(150)
            ]
            assert await asyncio.to_thread(
                eventually, lambda: counts(providers, "hanging") == (150,)
            )
            await asyncio.gather(*(orchestrator.arun(HI) for _ in range(20)))
            assert not any(task.done() for task in held)
            for task in held:
                task.cancel()
            await asyncio.wait(held)

        asyncio.run(main())
        assert counts(providers, "b") == (20,)
