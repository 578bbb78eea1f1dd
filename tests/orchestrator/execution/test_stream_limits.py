"""Time limits of streams against servers that stall; each in the ledger when it fires."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import attrs
import pytest

from orchestrator import Orchestrator, StreamInterrupted
from orchestrator.clock import VirtualClock
from orchestrator.config.loading import loads
from orchestrator.sim import Ending, replies
from tests.acceptance.talking import Talk, full_backlog, listening
from tests.orchestrator.execution.streamed import (
    HOLD,
    ONCE,
    Read,
    Reader,
    aread,
    cut,
    paced,
    read,
    streams,
)
from tests.orchestrator.execution.wires import TEXT, WIRES, Wire, chat
from tests.waiting import AMPLE, eventually, with_time_enough

both = pytest.mark.parametrize("reader", [read, aread], ids=["stream", "astream"])
each = pytest.mark.parametrize("wire", WIRES, ids=[wire.dialect for wire in WIRES])

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def limits(policy: str = ONCE, **seconds: float) -> str:
    lines = (f'{name} = "{value}s"' for name, value in seconds.items())
    return "\n".join([policy, "[timeouts]", *lines])


def of_a(**seconds: float) -> str:
    """The same for the target that is to meet them; the next one has all the time it needs."""
    lines = ", ".join(f'{name} = "{value}s"' for name, value in seconds.items())
    return f'{ONCE}\n[targets."a/m"]\ntimeouts = {{ {lines} }}'


def letters() -> Wire:
    """A stream of many small pieces."""
    return chat(tuple(TEXT))


@both
def test_a_silent_provider_moves_the_call_on(reader: Reader) -> None:
    scripts = {"a": replies.hang(), "b": replies.ok()}
    with streams(scripts, extra=of_a(first_token=0.15)) as (_, orchestrator):
        began = time.monotonic()
        got = reader(orchestrator)

        assert (got.text, got.rules) == ("ok", ["timeout.first_token", None])
        assert got.attempts[0].status is None
        assert 0.15 <= got.attempts[0].seconds < AMPLE
        assert time.monotonic() - began < AMPLE


@each
def test_start_up_events_are_no_first_token(wire: Wire) -> None:
    begun = b"".join(wire.events[: {"openai-chat": 1, "gemini": 0}.get(wire.dialect, 3)])
    stalled = cut(wire.quiet + begun + b"x" * 9, len(wire.quiet + begun), Ending.HANG)
    scripts = {"a": stalled, "b": replies.ok()}

    def ask(limit: float) -> Read:
        extra = of_a(first_token=limit)
        with streams(scripts, dialects={"a": wire.dialect}, extra=extra) as (_, orchestrator):
            return read(orchestrator)

    # Until the head of the answer arrives, which the ledger tells.
    got = with_time_enough(ask, lambda got: got.attempts[0].status is not None)

    assert (got.text, got.rules) == ("ok", ["timeout.first_token", None])
    assert got.attempts[0].status == 200


def drip(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(HEAD)
    while not over.wait(0.02):
        connection.sendall(b":")


def ping(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(HEAD + chat().events[0])
    while not over.wait(0.02):
        connection.sendall(b": ping\n\n")


def chatter(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(HEAD + chat().events[1])
    while not over.wait(0.02):
        connection.sendall(b": ping\n\n")


def orchestrator_at(port: int, extra: str) -> Orchestrator:
    text = f"""
        health = "memory"
        {extra}
        [routes]
        default = ["slow/m"]
        [providers.slow]
        base_url = "http://127.0.0.1:{port}/v1"
        credentials = ["canary-slow"]
    """
    return Orchestrator(loads(text, {}))


@both
@pytest.mark.parametrize(
    ("talk", "limit"),
    [(drip, "first_token"), (ping, "first_token"), (chatter, "stream_total")],
)
def test_who_drips_is_not_listened_to_for_ever(reader: Reader, talk: Talk, limit: str) -> None:
    # What is sent meets the other limits, also where it is sent with long pauses.
    seconds = dict.fromkeys(("first_token", "idle", "stream_total"), AMPLE)
    extra = limits(ONCE, **{**seconds, limit: 0.3})
    rule = f"timeout.{limit}"
    with listening(talk) as port, orchestrator_at(port, extra) as orchestrator:
        began = time.monotonic()
        got = reader(orchestrator)

        assert got.rules == [rule]
        assert got.failure is not None
        assert got.failure.error.rule == rule
        assert time.monotonic() - began < AMPLE


@both
def test_a_stall_between_two_words_is_no_success(reader: Reader) -> None:
    body = b"".join(chat().events[:3])
    scripts = {"a": cut(body + b"x", len(body), Ending.HANG), "b": replies.ok()}
    with streams(scripts, extra=limits(idle=0.15)) as (_, orchestrator):
        got = reader(orchestrator)

        assert isinstance(got.failure, StreamInterrupted)
        assert (got.rules, got.failure.partial_text) == (["timeout.idle"], TEXT[:9])
        assert got.attempts[0].seconds >= 0.15


@both
def test_a_connection_that_stays_open_after_the_finish_reason_hurts_nobody(reader: Reader) -> None:
    wire = chat()
    body = b"".join(wire.events[:-1])
    stalled = cut(body + b"x", len(body), Ending.HANG)
    with streams({"a": stalled}, extra=limits(idle=0.15)) as (_, orchestrator):
        got = reader(orchestrator)

        assert (got.text, got.failure, got.rules) == (TEXT, None, [None])
        assert got.response is not None
        assert got.response.usage.total_tokens == 15


@both
@pytest.mark.parametrize("policy", [ONCE, HOLD])
def test_a_connection_that_breaks_after_the_finish_reason_hurts_nobody(
    reader: Reader, policy: str
) -> None:
    wire = chat()
    body = b"".join(wire.events[:-2])
    broken = cut(body + b"x", len(body), Ending.RESET)
    with streams({"a": broken}, extra=policy) as (_, orchestrator):
        got = reader(orchestrator)

        # A reset may overtake what was sent before it.
        assert (got.failure is None) == (got.text == TEXT)


@both
def test_while_the_stream_is_held_back_it_is_not_silent(reader: Reader) -> None:
    def ask(limit: float) -> tuple[float, Read]:
        slow = paced(*letters().events, pace=limit / 25)
        extra = limits(HOLD, first_token=limit, idle=limit)
        with streams({"a": slow, "b": replies.ok()}, extra=extra) as (_, orchestrator):
            return limit, reader(orchestrator)

    limit, got = with_time_enough(ask, lambda found: found[1].rules == [None])

    assert (got.text, got.rules) == (TEXT, [None])
    # It took longer than it may be silent.
    assert got.attempts[0].seconds > limit


@both
def test_who_answers_in_one_piece_has_the_time_of_an_answer(reader: Reader) -> None:
    slow = replies.ok("slow", delay=0.3)
    extra = limits(first_token=0.1, total=AMPLE)
    with streams({"a": slow}, extra=extra, fields={"a": "stream = false"}) as (_, orchestrator):
        assert reader(orchestrator).text == "slow"


@both
def test_the_total_of_an_answer_in_one_piece_is_kept_too(reader: Reader) -> None:
    scripts = {"a": replies.hang(), "b": replies.ok()}
    extra = of_a(first_token=AMPLE, total=0.2)
    with streams(scripts, extra=extra, fields={"a": "stream = false"}) as (_, orchestrator):
        assert reader(orchestrator).rules == ["timeout.total", None]


@both
def test_the_deadline_bounds_the_time_until_the_first_word(reader: Reader) -> None:
    with streams({"a": replies.hang()}) as (_, orchestrator):
        began = time.monotonic()
        got = reader(orchestrator, timeout=0.2)

        assert got.failure is not None
        assert (got.failure.stopped_by, got.rules) == ("deadline", ["deadline"])
        assert time.monotonic() - began < AMPLE


@both
def test_the_deadline_does_not_bound_a_stream_that_speaks(reader: Reader) -> None:
    def ask(limit: float) -> tuple[float, Read]:
        slow = paced(*letters().events, pace=limit / 25)
        with streams({"a": slow}) as (_, orchestrator):
            return limit, reader(orchestrator, timeout=limit)

    limit, got = with_time_enough(ask, lambda found: found[1].text != "")

    assert got.text == TEXT
    # The first word came within the deadline and the last one did not.
    assert got.attempts[0].seconds > limit


@both
def test_a_connection_that_nobody_takes_is_a_timeout_of_connecting(reader: Reader) -> None:
    with (
        full_backlog() as port,
        orchestrator_at(port, limits(connect=0.2, first_token=AMPLE)) as orchestrator,
    ):
        assert reader(orchestrator).rules == ["timeout.connect"]


@attrs.define
class Watching(VirtualClock):
    """A clock that looks around before it sleeps."""

    before: Callable[[], object] = attrs.field(default=lambda: None)

    def sleep(self, seconds: float) -> None:
        self.before()
        super().sleep(seconds)


@both
def test_a_silent_provider_is_let_go_before_the_wait_for_the_next_try(reader: Reader) -> None:
    begun = chat().events[0]
    scripts = {"a": [cut(begun + b"x", len(begun), Ending.HANG), replies.ok()]}

    def ask(limit: float) -> tuple[str, list[bool]]:
        let_go: list[bool] = []
        clock = Watching()
        extra = limits("[policy]\nattempts_per_target = 2", first_token=limit)
        with streams(scripts, extra=extra, clock=clock) as (providers, orchestrator):
            clock.before = lambda: let_go.append(eventually(lambda: not providers.connections))
            return reader(orchestrator).text, let_go

    # Until the second answer comes within the limit of the first.
    assert with_time_enough(ask, lambda found: found[0] != "") == ("ok", [True])


@both
def test_after_the_end_mark_the_connection_serves_the_next_call(reader: Reader) -> None:
    with streams({"a": replies.ok("hello")}) as (providers, orchestrator):
        for _ in range(3):
            assert reader(orchestrator).text == "hello"
        if reader is read:
            assert providers.connections == 1
