"""The incidents of streams (A4, C2) and the issue's promises, against real sockets."""

from __future__ import annotations

import pytest

from orchestrator import BillingExhausted, StreamInterrupted
from orchestrator.sim import ScriptedProviders, replies
from tests.acceptance.world import counts
from tests.orchestrator.execution.streamed import (
    ONCE,
    Read,
    Reader,
    aread,
    paced,
    raw,
    read,
    streams,
)
from tests.orchestrator.execution.wires import WIRES, Wire, chat, event
from tests.waiting import with_time_enough

both = pytest.mark.parametrize("reader", [read, aread], ids=["stream", "astream"])
each = pytest.mark.parametrize("wire", WIRES, ids=[wire.dialect for wire in WIRES])

ROLE = {"id": "x", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
BILLED = {
    "error": {"message": "Insufficient Balance", "type": "unknown_error", "code": 402},
}


def one_hop(got: Read, providers: ScriptedProviders) -> None:
    assert got.text == "hello"
    assert [(one.provider, one.reason) for one in got.attempts] == [("a", "billing"), ("b", None)]
    assert counts(providers, "a", "b") == (1, 1)


@both
def test_a4_a_402_at_the_first_streamed_token_is_one_hop(reader: Reader) -> None:
    """hermes-agent 23138: the loop that knew of fallbacks was not active while streaming."""
    for first in (
        replies.billing_402(),
        raw(event(ROLE) + event(BILLED)),
        paced(event(ROLE), event(BILLED)),
        raw(b": wait\n\n" + event(BILLED) + event("[DONE]")),
    ):
        with streams({"a": first, "b": replies.ok("hello")}) as (providers, orchestrator):
            one_hop(reader(orchestrator), providers)
            assert reader(orchestrator).text == "hello"
            # The next calls skip it until its bench ends.
            assert counts(providers, "a", "b") == (1, 2)


@both
def test_a4_a_402_after_the_first_words_is_told_as_what_it_is(reader: Reader) -> None:
    def ask(seconds: float) -> tuple[Read, str, tuple[int, ...]]:
        broke = paced(*chat().events[:3], event(BILLED), pace=seconds / 10)
        with streams({"a": broke, "b": replies.ok("hello")}) as (providers, orchestrator):
            got = reader(orchestrator)
            return got, reader(orchestrator).text, counts(providers, "a", "b")

    # Until the words are read before the error comes.
    got, then, asked = with_time_enough(ask, lambda found: found[0].targets == ["a"])
    assert isinstance(got.failure, StreamInterrupted)
    assert got.failure.reason == "billing"
    assert "billing exhausted on a" in str(got.failure)
    assert got.failure.partial_text == got.text
    # It was reported: whoever comes next does not ask there.
    assert (then, asked) == ("hello", (1, 1))


@both
def test_a4_no_stream_and_no_key_of_the_account_is_tried_after_a_402(reader: Reader) -> None:
    with streams({"a": raw(event(BILLED))}) as (providers, orchestrator):
        got = reader(orchestrator)

        assert isinstance(got.failure, BillingExhausted)
        assert counts(providers, "a") == (1,)


@both
def test_c2_an_endpoint_without_sse_still_streams_for_the_caller(reader: Reader) -> None:
    calls = [("search", '{"q":"a"}')]
    words = "All of it in one piece, and cut for whoever wants to watch. " * 4
    reply = replies.ok(words, finish_reason="tool_calls", tool_calls=calls)
    with streams({"a": reply}, fields={"a": "stream = false"}) as (providers, orchestrator):
        got = reader(orchestrator)

        assert (got.text, len(got.chunks) > 3) == (words, True)
        assert got.response is not None
        assert [(c.name, c.arguments) for c in got.response.tool_calls] == calls
        (received,) = providers.received("a")
        assert not received.streamed
        assert received.headers["accept"] == "application/json"


@both
def test_c2_a_fallback_that_cannot_stream_is_one_all_the_same(reader: Reader) -> None:
    scripts = {"a": replies.billing_402(), "b": replies.ok("hello")}
    with streams(scripts, fields={"b": "stream = false"}) as (providers, orchestrator):
        one_hop(reader(orchestrator), providers)


@each
@both
def test_a_chain_crosses_vendors_while_nothing_was_delivered(reader: Reader, wire: Wire) -> None:
    for other in WIRES:
        scripts = {"a": raw(wire.error), "b": raw(other.body)}
        dialects = {"a": wire.dialect, "b": other.dialect}
        with streams(scripts, dialects=dialects, extra=ONCE) as (_, orchestrator):
            got = reader(orchestrator)

            assert got.failure is None
            assert got.targets == ["a", "b"]
            assert got.response is not None
            assert got.response.text == got.text != ""
