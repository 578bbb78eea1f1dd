"""Time limits: of an attempt, of a connection, of a call; against servers that stall."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from orchestrator import CallFailed, Orchestrator, Response, TimedOut
from orchestrator.clock import VirtualClock
from orchestrator.config.loading import loads
from orchestrator.sim import Ending, replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.talking import Talk, full_backlog, listening
from tests.acceptance.world import HI, Call, arun, counts, failure, run, world
from tests.waiting import AMPLE, with_time_enough

both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DRIP = 0.05  # seconds between two bytes


def dripped(connection: socket.socket, over: threading.Event, content: bytes) -> None:
    for number in range(len(content)):
        if over.wait(DRIP):
            return
        connection.sendall(content[number : number + 1])


def drip_the_head(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    dripped(connection, over, HEAD * 100)


def drip_the_body(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    dripped(connection, over, b"{" * 1000)


def drip_chunks(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    dripped(connection, over, b"1\r\n{\r\n" * 1000)


def sip(connection: socket.socket, over: threading.Event) -> None:
    while not over.wait(DRIP) and connection.recv(300_000):
        pass


def say_nothing(_: socket.socket, over: threading.Event) -> None:
    over.wait(3 * AMPLE)


@contextmanager
def orchestrator_at(port: int, extra: str = "", scheme: str = "http") -> Iterator[Orchestrator]:
    text = f"""
        health = "memory"
        {extra}
        [routes]
        default = ["slow/m"]
        [providers.slow]
        base_url = "{scheme}://127.0.0.1:{port}/v1"
        credentials = ["env:KEY"]
    """
    with Orchestrator(loads(text, {"KEY": "canary.slow.1"})) as orchestrator:
        yield orchestrator


def timed(
    call: Call, orchestrator: Orchestrator, request: Any = HI, **options: float
) -> tuple[CallFailed, float]:
    began = time.monotonic()
    failed = failure(call, orchestrator, request, **options)
    return failed, time.monotonic() - began


def total_of_a(seconds: float) -> str:
    return f'[targets."a/model-of-a"]\ntimeouts = {{ total = "{seconds}s" }}'


def failed_with_time(
    call: Call, scripts: Mapping[str, AnyScript], came: Callable[[CallFailed], bool]
) -> tuple[CallFailed, tuple[float, float]]:
    """How a call fails by a deadline before which all came that was to come; both in seconds."""

    def ask(limit: float) -> tuple[CallFailed, tuple[float, float]]:
        with world(scripts) as (_, orchestrator):
            failed, seconds = timed(call, orchestrator, timeout=limit)
            return failed, (limit, seconds)

    return with_time_enough(ask, lambda found: came(found[0]))


def has_head(failed: CallFailed) -> bool:
    return any(attempt.status is not None for attempt in failed.attempts)


@pytest.mark.parametrize("talk", [say_nothing, drip_the_head, drip_the_body, drip_chunks])
@both
def test_the_deadline_ends_an_attempt_however_the_server_stalls(call: Call, talk: Talk) -> None:
    with listening(talk) as port, orchestrator_at(port) as orchestrator:
        failed, seconds = timed(call, orchestrator, timeout=0.3)

    assert isinstance(failed, TimedOut)
    assert (failed.reason, failed.stopped_by) == ("deadline", "deadline")
    assert 0.29 <= seconds < AMPLE
    assert "slow/m" in str(failed)
    assert "deadline" in failed.hint
    (attempt,) = failed.attempts
    assert (attempt.reason, attempt.next) == ("deadline", "fail_terminal")
    assert attempt.hint == failed.hint


@pytest.mark.parametrize("talk", [say_nothing, drip_the_head, drip_the_body])
@both
def test_the_total_of_an_attempt_ends_it_however_the_server_stalls(call: Call, talk: Talk) -> None:
    extra = '[policy]\nattempts_per_target = 1\n[timeouts]\ntotal = "0.2s"'
    with listening(talk) as port, orchestrator_at(port, extra) as orchestrator:
        failed, seconds = timed(call, orchestrator)

    assert isinstance(failed, TimedOut)
    assert (failed.reason, failed.stopped_by) == ("timeout", "exhausted")
    assert failed.error.rule == "timeout.total"
    assert 0.19 <= seconds < AMPLE


@both
def test_a_connection_that_hangs_meets_its_own_limit(call: Call) -> None:
    extra = '[policy]\nattempts_per_target = 1\n[timeouts]\nconnect = "0.2s"'
    with full_backlog() as port, orchestrator_at(port, extra) as orchestrator:
        failed, seconds = timed(call, orchestrator)

    assert failed.error.rule == "timeout.connect"
    assert 0.19 <= seconds < AMPLE


@both
def test_a_connection_that_hangs_meets_the_deadline(call: Call) -> None:
    with full_backlog() as port, orchestrator_at(port) as orchestrator:
        failed, seconds = timed(call, orchestrator, timeout=0.3)

    assert failed.stopped_by == "deadline"
    assert 0.29 <= seconds < AMPLE


@both
def test_a_deadline_that_is_over_before_anything_was_sent_is_no_broken_connection(
    call: Call,
) -> None:
    with world({"a": replies.ok()}) as (providers, orchestrator):
        failed = failure(call, orchestrator, timeout=1e-6)

        assert (failed.reason, failed.stopped_by) == ("deadline", "deadline")
        # Nobody was asked, so nothing is on a bill.
        assert counts(providers, "a") == (0,)
        assert {each.billed for each in failed.attempts} <= {"none"}


@both
def test_a_tls_handshake_that_hangs_meets_the_limits(call: Call) -> None:
    extra = '[policy]\nattempts_per_target = 1\n[timeouts]\nconnect = "0.2s"'
    with listening(say_nothing) as port, orchestrator_at(port, extra, "https") as orchestrator:
        failed, seconds = timed(call, orchestrator)
        late, seconds_late = timed(call, orchestrator, timeout=0.1)

    assert failed.error.rule == "timeout.connect"
    assert 0.19 <= seconds < AMPLE
    assert late.stopped_by == "deadline"
    assert 0.09 <= seconds_late < AMPLE


@both
def test_a_server_that_reads_slowly_meets_the_deadline(call: Call) -> None:
    large = {"messages": [{"role": "user", "content": "x" * 30_000_000}]}
    with listening(sip) as port, orchestrator_at(port) as orchestrator:
        failed, seconds = timed(call, orchestrator, large, timeout=0.5)

    assert failed.stopped_by == "deadline"
    assert 0.49 <= seconds < AMPLE


@both
def test_a_slow_target_is_left_for_the_next(call: Call) -> None:
    scripts = {"a": replies.hang(), "b": replies.ok("rescued")}

    def ask(limit: float) -> tuple[float, Response, int]:
        with world(scripts, extra=total_of_a(limit)) as (providers, orchestrator):
            return limit, call(orchestrator), len(providers.received("a"))

    # Until the request arrives, which is counted.
    limit, response, asked = with_time_enough(ask, lambda found: found[2] > 0)

    assert response.text == "rescued"
    assert [attempt.rule for attempt in response.attempts] == ["timeout.total", None]
    assert limit - 0.01 <= response.attempts[0].seconds < limit + AMPLE
    assert asked == 1


@pytest.mark.parametrize("sent", [0, 20], ids=["no-body", "half-a-body"])
@pytest.mark.parametrize("ending", list(Ending))
@both
def test_a_status_that_says_it_all_is_heard_though_the_body_stays_away(
    call: Call, ending: Ending, sent: int
) -> None:
    scripts = {"a": replies.cut_after(sent, replies.billing_402(), ending), "b": replies.ok("b")}

    def ask(limit: float) -> tuple[Response, Response]:
        with world(scripts, extra=total_of_a(limit)) as (_, orchestrator):
            return call(orchestrator), call(orchestrator)

    # Until the head of the answer arrives.
    one, next_one = with_time_enough(ask, lambda found: found[0].attempts[0].status is not None)

    first, second = one.attempts
    assert (first.status, first.reason) == (402, "billing")
    assert (first.next, second.reason) == ("eager_fallback", None)
    # The board has learned it too.
    assert [each.reason for each in next_one.skipped] == ["billing"]


@both
def test_a_wait_that_came_in_a_header_is_kept_though_the_body_stays_away(call: Call) -> None:
    scripts = {"a": replies.cut_after(5, replies.rate_limited(40), Ending.HANG)}
    failed, _ = failed_with_time(call, scripts, has_head)

    assert (failed.reason, failed.stopped_by) == ("rate_limit", "deadline")
    assert failed.attempts[0].retry_after == 40


@both
def test_half_an_answer_keeps_its_status(call: Call) -> None:
    scripts = {"a": replies.cut_after(20, ending=Ending.HANG)}
    failed, _ = failed_with_time(call, scripts, has_head)

    assert (failed.reason, failed.attempts[0].status) == ("deadline", 200)


@both
def test_a_deadline_at_a_fallback_keeps_the_cause(call: Call) -> None:
    scripts = {"a": replies.billing_402(), "b": replies.hang()}
    failed, (limit, seconds) = failed_with_time(
        call, scripts, lambda failed: len(failed.rejected) > 0
    )

    assert (failed.reason, failed.stopped_by) == ("billing", "deadline")
    assert [(each.target, each.reason) for each in failed.rejected] == [
        ("b/model-of-b", "deadline")
    ]
    assert failed.rejected[0].hint
    assert limit - 0.01 <= seconds < limit + AMPLE


@both
def test_no_wait_is_begun_that_the_deadline_would_cut(call: Call) -> None:
    clock = VirtualClock()
    with world({"a": replies.rate_limited(60)}, clock=clock) as (_, orchestrator):
        failed = failure(call, orchestrator, timeout=50)
        later = failure(call, orchestrator, timeout=30)
        assert clock.slept == []
        waited = failure(call, orchestrator, timeout=300)

    assert failed.reason == "rate_limit"
    assert "; not waited for: due in 60 s, later than the 50 s that were left; 1" in str(failed)
    assert "; not waited for: due in 60 s, later than the 30 s that were left; 0" in str(later)
    assert "not waited for" not in str(waited)


@both
def test_limits_hold_whatever_instant_the_given_clock_begins_at(call: Call) -> None:
    for start in (0.0, 1e12):
        with world({"a": replies.ok()}, clock=VirtualClock(start)) as (_, orchestrator):
            assert call(orchestrator).text == "ok"


def test_a_deadline_of_the_callers_own_stays_the_callers() -> None:
    with world({"a": replies.hang()}) as (_, orchestrator):

        async def main() -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await orchestrator.arun(HI)

        asyncio.run(main())
