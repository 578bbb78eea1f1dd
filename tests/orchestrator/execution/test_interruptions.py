"""Callers that go away: cancelled tasks, and a real SIGINT to a process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from orchestrator import Orchestrator
from orchestrator.api.request import request_of
from orchestrator.clock import VirtualClock
from orchestrator.config.loading import loads
from orchestrator.execution.effects import Ask, Open
from orchestrator.execution.flow import flow
from orchestrator.health import MemoryStore
from orchestrator.health.records import Marks
from orchestrator.ledger import Attempt, Closed, Entry, Observer, Transition
from orchestrator.sim import Ending, Reply, ScriptedProviders, SimProcess, replies
from orchestrator.states import Mark
from tests.acceptance.world import HI, environment, failure, run, text_of, world
from tests.waiting import AMPLE, eventually

ROOT = Path(__file__).parents[3]


async def cancelled(
    orchestrator: Orchestrator, when: Callable[[list[Entry]], bool]
) -> tuple[list[Entry], asyncio.CancelledError | None]:
    """The ledger of a call that is cancelled once ``when`` holds of it, and its end."""
    entries: list[Entry] = []
    task = asyncio.create_task(orchestrator.arun(HI, observe=entries.append))
    await asyncio.to_thread(eventually, lambda: when(entries))
    task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError as ended:
        return entries, ended
    return entries, None


def ended_as_cancelled(entries: list[Entry], row: str) -> bool:
    *_, last = entries
    return (
        isinstance(last, Closed)
        and (last.outcome, last.stopped_by) == ("fail_terminal", "cancelled")
        and [entry.row for entry in entries if isinstance(entry, Transition)][-1] == row
    )


@pytest.mark.parametrize(
    "reply",
    [replies.hang(), replies.cut_after(20, ending=Ending.HANG)],
    ids=["before-the-head", "in-the-body"],
)
def test_a_task_cancelled_in_a_request_closes_the_connection(reply: Reply) -> None:
    with world({"a": reply}) as (providers, orchestrator):

        async def main() -> None:
            entries, ended = await cancelled(
                orchestrator, lambda _: len(providers.received("a")) == 1
            )

            assert ended is not None
            assert ended.args == ("enough",)
            assert ended_as_cancelled(entries, "attempt_cancelled")
            (attempt,) = [entry for entry in entries if isinstance(entry, Attempt)]
            assert (attempt.reason, attempt.next) == ("cancelled", "fail_terminal")
            # The loop still runs: it is the call that closed the connection.
            assert await asyncio.to_thread(eventually, lambda: providers.connections == 0)

        asyncio.run(main())


class Stalling(httpx.AsyncBaseTransport, httpx.AsyncByteStream):
    """A 402 whose body stalls in its middle."""

    def __init__(self) -> None:
        self.stalled = asyncio.Event()

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(402, stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"error": {"message":'
        self.stalled.set()
        await asyncio.Event().wait()


def test_a_task_cancelled_in_the_body_of_a_failure_keeps_what_came() -> None:
    async def main() -> None:
        entries: list[Entry] = []
        transport = Stalling()
        with world({"a": replies.ok()}, async_transport=transport) as (_, orchestrator):
            task = asyncio.create_task(orchestrator.arun(HI, observe=entries.append))
            await transport.stalled.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

            # The machine was told, and had nobody else to ask: the record replays.
            rows = [entry.row for entry in entries if isinstance(entry, Transition)]
            assert rows == ["started_send", "failed", "billing_terminal"]
            assert isinstance(entries[-1], Closed)
            (attempt,) = [entry for entry in entries if isinstance(entry, Attempt)]
            assert (attempt.status, attempt.reason) == (402, "billing")
            # What the account answered is known to the next call.
            assert any(entry.mark is Mark.BENCH for entry in orchestrator.board.snapshot())

    asyncio.run(main())


def streamed(orchestrator: Orchestrator, observe: Observer) -> None:
    list(orchestrator.stream(HI, observe=observe))


def whole(orchestrator: Orchestrator, observe: Observer) -> None:
    orchestrator.run(HI, observe=observe)


@pytest.mark.parametrize("ask", [whole, streamed])
def test_an_interruption_after_a_failure_came_keeps_what_came(
    ask: Callable[[Orchestrator, Observer], None],
) -> None:
    class Stop(BaseException):
        pass

    entries: list[Entry] = []

    def observe(entry: Entry) -> None:
        entries.append(entry)
        if isinstance(entry, Transition) and entry.row == "failed":
            raise Stop

    with world({"a": replies.billing_402(), "b": replies.ok("b")}) as (_, orchestrator):
        with pytest.raises(Stop):
            ask(orchestrator, observe)

        assert ended_as_cancelled(entries, "eager_fallback_cancelled")
        (attempt,) = [entry for entry in entries if isinstance(entry, Attempt)]
        assert (attempt.status, attempt.reason, attempt.next) == (402, "billing", "eager_fallback")
        assert attempt.message == "Insufficient Balance"
        assert [each.reason for each in run(orchestrator).skipped] == ["billing"]


def test_a_task_cancelled_in_a_wait_ends_as_cancelled() -> None:
    with world({"a": replies.rate_limited(30)}) as (providers, orchestrator):

        async def main() -> None:
            entries, ended = await cancelled(
                orchestrator, lambda entries: any(entry.kind == "attempt" for entry in entries)
            )

            assert ended is not None
            assert ended_as_cancelled(entries, "retry_cancelled")

        asyncio.run(main())
        assert len(providers.received("a")) == 1


def test_a_cancelled_call_says_so_in_its_ledger_alone_and_marks_nothing() -> None:
    with world({"a": replies.hang()}) as (providers, orchestrator):
        for number in range(1, 5):

            def arrived(_: list[Entry], number: int = number) -> bool:
                return len(providers.received("a")) == number

            asyncio.run(cancelled(orchestrator, arrived))
        providers.set("a", replies.ok())

        response = run(orchestrator)
        assert (response.text, response.skipped) == ("ok", ())


def test_a_cancelled_probe_is_given_back() -> None:
    clock = VirtualClock()
    with world({"a": replies.billing_402(), "b": replies.ok("b")}, clock=clock) as (
        providers,
        orchestrator,
    ):
        run(orchestrator)
        clock.advance(301)
        providers.set("a", [replies.hang(), replies.ok("a")])

        async def main() -> None:
            await cancelled(orchestrator, lambda _: len(providers.received("a")) == 2)
            assert (await orchestrator.arun(HI)).text == "a"

        asyncio.run(main())


PROGRAM = """
import sys
from orchestrator import Orchestrator
from orchestrator.clock import SystemClock

class Telling(SystemClock):
    def sleep(self, seconds):
        print("waits", flush=True)
        super().sleep(seconds)

entries = []
orchestrator = Orchestrator.from_file(sys.argv[1], clock=Telling())
try:
    orchestrator.run({"messages": [{"role": "user", "content": "hi"}]}, observe=entries.append)
except KeyboardInterrupt as interrupt:
    print(type(interrupt).__name__, entries[-1].stopped_by, entries[-2].kind, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("reply", "row"),
    [(replies.hang(), "attempt"), (replies.rate_limited(30), "transition")],
    ids=["in-a-request", "in-a-wait"],
)
def test_control_c_ends_a_blocking_call_and_closes_the_connection(
    reply: Reply, row: str, tmp_path: Path
) -> None:
    with SimProcess({"a": reply}) as providers:
        config = tmp_path / "orchestrator.toml"
        config.write_text(text_of({"a": providers.url("a")}, ["a/m"]))
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(config)],
            env=os.environ | environment("a") | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert eventually(lambda: len(providers.received("a")) == 1)
            if row == "transition":
                assert process.stdout.readline() == "waits\n"
            process.send_signal(signal.SIGINT)

            assert process.stdout.readline() == f"KeyboardInterrupt cancelled {row}\n"
            # The process still runs, so it is the call that closed the connection.
            if row == "attempt":
                assert eventually(lambda: providers.connections == 0)
            process.stdin.close()
            assert process.wait(AMPLE) == 0


def test_what_an_observer_interrupts_with_is_raised_as_it_was() -> None:
    class Stop(BaseException):
        pass

    def observe(entry: Entry) -> None:
        if entry.kind == "attempt":
            raise Stop

    with world({"a": replies.server_error()}) as (_, orchestrator), pytest.raises(Stop):
        orchestrator.run(HI, observe=observe)


def test_a_failed_call_leaves_the_next_alone() -> None:
    scripts = {"a": [replies.server_error(), replies.ok()]}
    extra = "[policy]\nattempts_per_target = 1"
    with world(scripts, extra=extra) as (_, orchestrator):
        failure(run, orchestrator)

        assert run(orchestrator).text == "ok"


def test_providers_that_stop_in_the_middle_are_a_failed_call() -> None:
    providers = ScriptedProviders({"a": replies.ok()})
    with providers:
        url = providers.url("a")
    text = text_of({"a": url}, ["a/m"], extra="[policy]\nattempts_per_target = 1")
    with Orchestrator(loads(text, environment("a"))) as orchestrator:
        assert failure(run, orchestrator).reason == "connection"


# Given back in every ending.

TWO = """
health = "memory"
[providers.a]
base_url = "http://a.test/v1"
credentials = ["key-of-a-1"]
[routes]
default = ["a/m"]
"""
WHOLE = {"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}


class FailingStore(MemoryStore):
    """A store that fails once, when it is told to: no store of ours does, a user's may."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = False

    def read(self) -> Marks:
        if self.fails:
            self.fails = False
            raise OSError("disk full")
        return super().read()


def test_what_breaks_in_the_board_is_no_failure_of_the_attempt() -> None:
    store, sent = FailingStore(), []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        store.fails = True
        return httpx.Response(200, json=WHOLE)

    config = loads(TWO, {})
    with (
        Orchestrator(config, transport=httpx.MockTransport(answer), store=store) as orchestrator,
        pytest.raises(OSError, match="disk full"),
    ):
        orchestrator.run(HI)

    assert len(sent) == 1  # the answer that came is not bought again


class SlowToClose(httpx.AsyncBaseTransport, httpx.AsyncByteStream):
    """A body that hangs, and whose end takes its time."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async def aclose(self) -> None:
        self.closing.set()
        await asyncio.Event().wait()


def test_a_second_interrupt_while_the_first_is_dealt_with_ends_the_record() -> None:
    async def main() -> None:
        entries: list[Entry] = []
        transport = SlowToClose()
        with Orchestrator(loads(TWO, {}), async_transport=transport) as orchestrator:
            task = asyncio.create_task(orchestrator.arun(HI, observe=entries.append))
            await asyncio.sleep(0)
            await asyncio.to_thread(eventually, lambda: len(entries) > 1)
            task.cancel()
            await transport.closing.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        assert ended_as_cancelled(entries, "attempt_cancelled")

    asyncio.run(main())


def test_a_call_whose_pump_is_dropped_ends_its_record() -> None:
    entries: list[Entry] = []
    with Orchestrator(loads(TWO, {})) as orchestrator:
        call = orchestrator.begin_call(request_of(HI), entries.append)
        steps = flow(call)
        effect = next(steps)
        assert isinstance(effect, Ask)
        effect = steps.send(effect.session.answer(effect.question, effect.at))
        assert isinstance(effect, Open)
        steps.close()

    assert ended_as_cancelled(entries, "attempt_cancelled")


@pytest.mark.parametrize("last", [Transition, Attempt])
def test_an_interrupt_at_the_last_move_leaves_a_whole_record(last: type[Entry]) -> None:
    class Stop(BaseException):
        pass

    entries: list[Entry] = []

    def observe(entry: Entry) -> None:
        entries.append(entry)
        over = any(isinstance(one, Transition) and one.to == "succeed" for one in entries)
        if over and isinstance(entry, last):
            raise Stop

    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=WHOLE))
    with Orchestrator(loads(TWO, {}), transport=transport) as orchestrator, pytest.raises(Stop):
        orchestrator.run(HI, observe=observe)

    assert [type(one) for one in entries].count(Closed) == 1
