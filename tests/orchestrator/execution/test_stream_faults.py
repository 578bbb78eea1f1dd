"""Faults at any byte and between any two events, over real sockets: no stream ever lies."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator import Orchestrator, StreamInterrupted
from orchestrator.clock import VirtualClock
from orchestrator.sim import Ending, Reply, ScriptedProviders, replies
from tests.orchestrator.execution.streamed import CONTINUE, Read, aread, cut, raw, read, streams
from tests.orchestrator.execution.wires import TEXT, WIRES, Wire

World = tuple[ScriptedProviders, Orchestrator]
BROKEN = b"data: {oh no\n\n"


@attrs.frozen
class Fault:
    """What a provider does, and in which dialect."""

    wire: Wire
    reply: Reply


@st.composite
def cuts(draw: st.DrawFn) -> Fault:
    wire = draw(st.sampled_from(WIRES))
    at = draw(st.integers(0, len(wire.body) - 1))
    return Fault(wire, cut(wire.body, at, draw(st.sampled_from([Ending.CLOSE, Ending.RESET]))))


@st.composite
def inserted(draw: st.DrawFn) -> Fault:
    wire = draw(st.sampled_from(WIRES))
    at = draw(st.integers(0, len(wire.events)))
    what = draw(st.sampled_from([wire.error, wire.quiet, BROKEN, b"\n", b": hm\r\n\r\n"]))
    return Fault(wire, raw(b"".join([*wire.events[:at], what, *wire.events[at:]])))


faults = st.one_of(cuts(), inserted())
few = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def alone() -> Iterator[World]:
    names = {wire.dialect: replies.ok() for wire in WIRES}
    with streams(
        names,
        dialects={name: name for name in names},
        extra="[policy]\nattempts_per_target = 1\nmax_attempts = 1",
    ) as made:
        yield made


def outcome(world: World, fault: Fault, reader: object) -> Read:
    providers, orchestrator = world
    name = fault.wire.dialect
    providers.set(name, fault.reply)
    # Each call at a world without marks: what this one leaves is no concern of the next.
    with Orchestrator(orchestrator.config, clock=VirtualClock()) as fresh:
        return reader(fresh, route=f"{name}/m")  # type: ignore[operator,no-any-return]  # a Reader


def is_true(got: Read) -> bool:
    if got.failure is None:
        return got.text == TEXT
    if isinstance(got.failure, StreamInterrupted) and got.failure.partial_text != got.text:
        return False
    return TEXT.startswith(got.text)


@few
@given(fault=faults)
def test_what_is_delivered_is_true_and_success_is_the_whole(alone: World, fault: Fault) -> None:
    sync, task = outcome(alone, fault, read), outcome(alone, fault, aread)

    assert is_true(sync), (sync.text, sync.failure)
    assert is_true(task), (task.text, task.failure)
    # How much arrives before a reset is the network's to say; all else is the same.
    if fault.reply.cut is None or fault.reply.cut.ending is not Ending.RESET:
        assert (sync.text, sync.rules) == (task.text, task.rules)


@settings(few, max_examples=15)
@given(fault=faults)
def test_who_goes_on_elsewhere_is_told_one_true_story(fault: Fault) -> None:
    """The next target says all of it again, so that what was shown has to be left out."""
    name = fault.wire.dialect
    scripts = {"a": fault.reply, "b": replies.ok(TEXT)}
    with streams(scripts, dialects={"a": name}, extra=CONTINUE) as (_, orchestrator):
        got = read(orchestrator)

        assert (got.text, got.failure) == (TEXT, None)
        assert got.response is not None
        assert got.response.text == TEXT
