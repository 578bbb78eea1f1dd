"""How long a stream may take, once content reached the caller."""

from __future__ import annotations

from orchestrator.states import (
    Call,
    Relay,
    Standby,
    Started,
    Streaming,
    Taken,
    Target,
    Timeouts,
    step,
)

HERE = Target("acme", "one", timeouts=Timeouts(stream_total=60.0))


def test_a_stream_is_relayed_until_its_own_limit() -> None:
    started = step(Call((HERE,)), Started(0.0, Taken(HERE, "key#1"), Standby()))

    assert step(started.call, Streaming(7.0)).command == Relay(67.0)
